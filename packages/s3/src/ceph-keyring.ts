import { randomBytes } from 'node:crypto';

/** Who is known inside a cluster, and what each may do. The gateway is `client.admin`. */
const capabilities = {
  'mon.': { mon: 'allow *' },
  'osd.0': { mon: 'allow profile osd', osd: 'allow *' },
  'client.admin': { mon: 'allow *', osd: 'allow *' },
};

/** A keyring with new keys: whoever has none of them is let in by no process of the cluster. */
export function cephKeyring(): string {
  return Object.entries(capabilities)
    .map(([name, caps]) => {
      const rights = Object.entries(caps).map(([where, what]) => `caps ${where} = "${what}"`);
      return [`[${name}]`, `key = ${newKey()}`, ...rights, ''].join('\n');
    })
    .join('');
}

/** As Ceph writes it: kind (1 is AES), time (none: it is not looked at), length, bytes. */
function newKey(): string {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(1, 0);
  head.writeUInt16LE(16, 10);
  return Buffer.concat([head, randomBytes(16)]).toString('base64');
}
