import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';

/** A process and all that it started, as far as they run. Linux only. */
export function family(pid: number): number[] {
  const parents = new Map(processIds().map((id) => [id, parentOf(id)]));
  const members = [pid];
  for (const member of members) {
    for (const [id, parent] of parents) if (parent === member) members.push(id);
  }
  return members;
}

/** Every process that can be seen. */
export function processIds(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** Where these processes wait for others, as `tcp 127.0.0.1:5432`; unix sockets left out. */
export function listening(pids: readonly number[]): string[] {
  const inodes = new Set(pids.flatMap(socketsOf));
  const found = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) =>
    read(`/proc/net/${protocol}`)
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
        if (!inodes.has(inode!)) return [];
        const waits = protocol.startsWith('tcp') ? state === '0A' : /^0+:0+$/.test(remote!);
        return waits ? [`${protocol} ${address(local!)}`] : [];
      }),
  );
  return [...new Set(found)].sort();
}

/** The unix sockets where these processes wait for others: their paths, or a name that begins with `@`. */
export function listeningSockets(pids: readonly number[]): string[] {
  const acceptsConnections = 0x10000;
  const named = read('/proc/net/unix')
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, , , flags, , , inode, ...path] = line.split(/ +/);
      return Number.parseInt(flags!, 16) & acceptsConnections ? [[inode!, path.join(' ')]] : [];
    });
  const paths = new Map(named as [string, string][]);
  const found = pids.flatMap((pid) =>
    socketsOf(pid).flatMap((inode) => {
      const path = paths.get(inode);
      if (!path) return [];
      return path.startsWith('@') ? path : resolve(readlinkSync(`/proc/${pid}/cwd`), path);
    }),
  );
  return [...new Set(found)].sort();
}

export function isLoopback(place: string): boolean {
  return /^(tcp|udp)6? (127\.|::1:|::ffff:127\.)/.test(place);
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // closed meanwhile
      }
    });
  } catch {
    return []; // ended meanwhile
  }
}

/** `0100007F:1538` is 127.0.0.1:5432: words of four bytes, each as this machine stores it. */
function address(text: string): string {
  const [host, port] = text.split(':') as [string, string];
  const words = host.match(/.{8}/g)!.map((word) => Buffer.from(word, 'hex').reverse());
  const bytes = Buffer.concat(words);
  const v4 = [...bytes.subarray(-4)].join('.');
  if (bytes.length === 4) return `${v4}:${Number.parseInt(port, 16)}`;
  const hex = bytes.toString('hex');
  const v6 = /^0+1$/.test(hex)
    ? '::1'
    : /^0{20}ffff/.test(hex)
      ? `::ffff:${v4}`
      : hex.match(/.{4}/g)!.join(':');
  return `${v6}:${Number.parseInt(port, 16)}`;
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
