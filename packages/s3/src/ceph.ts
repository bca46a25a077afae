import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, exchange, type ProcessContext, type Program } from '@seamkit/core';
import { writeUrl } from './access';
import { cephConfiguration, seedScript, startScript } from './ceph-cluster';
import { cephKeyring } from './ceph-keyring';

const region = 'us-east-1';

/** Ceph's object gateway: an S3 server that distributions package. */
export function findCeph(version: string | undefined, ctx: ProcessContext): Promise<Program> {
  return ctx.program({
    command: 'radosgw',
    version,
    debian: [{ packages: ['radosgw', 'ceph-mon', 'ceph-osd'], path: 'usr/bin/radosgw' }],
    install: { linux: 'install the packages radosgw, ceph-mon and ceph-osd' },
  });
}

/**
 * A cluster of one monitor, one store in memory and one gateway, from a folder that was made once:
 * making it takes a second, starting from a copy less than half. Its processes let in only whoever
 * has a key of this start.
 */
export async function startCeph(gateway: Program, ctx: ProcessContext): Promise<Endpoint> {
  const monitorPort = await ctx.port();
  const port = await ctx.port();
  /** What a cluster in `folder` reads: keys that no other has, and its settings. */
  const configure = async (folder: string) => {
    const keyring = await ctx.file('keyring', cephKeyring());
    const place = { folder, keyring, monitorPort, port };
    return { place, conf: await ctx.file('ceph.conf', cephConfiguration(gateway, place)) };
  };
  const seed = await ctx.cached(
    { ceph: gateway.version, path: gateway.path, recipe: 3 },
    'making a Ceph cluster to copy',
    async (cwd) => {
      const { conf, place } = await configure(cwd);
      await ctx.run(shell(gateway), ['-c', seedScript(gateway, conf, place)], { cwd });
    },
  );

  const cwd = await ctx.folder(seed);
  const { conf, place } = await configure(cwd);
  const [accessKey, secretKey] = [ctx.secret(), ctx.secret()];
  const user = await ctx.file('user.json', await userWithKeys(seed, accessKey, secretKey));
  const fsid = (await readFile(join(seed, 'fsid'), 'utf8')).trim();
  await ctx.run(shell(gateway), ['-c', startScript(gateway, conf, place, fsid)], { cwd });
  for (const args of [
    ['ceph-mon', '-i', 'a'],
    ['ceph-osd', '-i', '0'],
    ['radosgw', '-n', 'client.admin'],
  ]) {
    const [command, ...rest] = args as [string, ...string[]];
    await ctx.spawn(gateway.sibling(command), ['-c', conf, '-f', ...rest], { cwd });
  }
  const giveKeys = () =>
    ctx.run(
      gateway.sibling('radosgw-admin'),
      ['-c', conf, 'metadata', 'put', 'user:seamkit', '--infile', user],
      { cwd },
    );
  // Ceph 16's tool now and then aborts while it ends, its work done ("corrupted unsorted chunks").
  await giveKeys().catch(giveKeys);
  await ctx.ready(async () => {
    const head = await exchange(port, `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    return head.toString().startsWith('HTTP/1.1 200');
  });
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    url: writeUrl({ endpoint, accessKey, secretKey, region }),
    kind: 'ceph',
    version: gateway.version,
  };
}

/** The seed's only user, with the keys of this start: in a file, so that no list of processes shows them. */
async function userWithKeys(seed: string, accessKey: string, secretKey: string): Promise<string> {
  const user = JSON.parse(await readFile(join(seed, 'user.json'), 'utf8'));
  user.data.keys = [{ user: 'seamkit', access_key: accessKey, secret_key: secretKey }];
  return JSON.stringify(user);
}

function shell(gateway: Program): Program {
  const program: Program = {
    path: '/bin/sh',
    version: '',
    source: 'system',
    env: gateway.env,
    sibling: () => program,
  };
  return program;
}
