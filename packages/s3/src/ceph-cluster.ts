import { existsSync, readdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Program } from '@seamkit/core';

/** The ports of one start, all on 127.0.0.1. */
export interface CephPlace {
  monitorPort: number;
  port: number;
}

/** Bytes that objects may take; in memory they take up to twice that. */
const capacity = Math.floor(totalmem() / 4);
/** Seconds after which a request that the full store does not carry out becomes an error. */
const patience = 30;

/** `ceph.conf` of a cluster in `folder`. */
export function cephConfiguration(gateway: Program, folder: string, place: CephPlace): string {
  const { monitorPort, port } = place;
  const libraries = libraryFolder(gateway);
  const modes = ['cluster', 'service', 'client'].flatMap((peer) => [
    [`auth ${peer} required`, 'none'],
    [`ms ${peer} mode`, 'crc'],
    [`ms mon ${peer} mode`, 'crc'],
  ]);
  const roots = ['realm', 'zonegroup', 'zone', 'period'].map((what) => [
    `rgw ${what} root pool`,
    'rgw:root',
  ]);
  const settings = [
    ...modes,
    ['mon host', `[v2:127.0.0.1:${monitorPort}]`],
    ['public addr', '127.0.0.1'],
    ['cluster addr', '127.0.0.1'],
    ['ms bind ipv6', 'false'],
    ['ms bind msgr1', 'false'],
    // One copy of everything, in memory.
    ['osd objectstore', 'memstore'],
    ['memstore device bytes', String(capacity)],
    ['rados osd op timeout', String(patience)],
    ['osd pool default size', '1'],
    ['osd pool default min size', '1'],
    ['osd pool default pg num', '8'],
    ['osd pool default pgp num', '8'],
    ['osd pool default pg autoscale mode', 'off'],
    ['osd crush chooseleaf type', '0'],
    ['mon allow pool size one', 'true'],
    // Waits that make sense among machines.
    ['paxos propose interval', '0.05'],
    ['paxos min wait', '0.01'],
    ['objecter tick interval', '0.1'],
    ['mon client hunt interval', '0.2'],
    ['osd fast shutdown', 'false'],
    ['mon data', join(folder, 'mon')],
    ['osd data', join(folder, 'osd')],
    ['run dir', folder],
    ['keyring', join(folder, 'keyring')],
    ['plugin dir', join(libraries, 'ceph')],
    ['erasure code dir', join(libraries, 'ceph/erasure-code')],
    ['osd class dir', join(libraries, 'rados-classes')],
    ['admin socket', ''],
    ['log file', ''],
    ['log to stderr', 'true'],
    ['err to stderr', 'true'],
    ...['rocksdb', 'mon', 'memstore', 'rgw'].map((part) => [`debug ${part}`, '0/0']),
    // Headers and body of an answer are two packets: with Nagle's algorithm each costs 40 ms.
    ['rgw frontends', `beast endpoint=127.0.0.1:${port} tcp_nodelay=1`],
    ['rgw thread pool size', '64'],
    ['rgw override bucket index max shards', '1'],
    ['rgw dynamic resharding', 'false'],
    ...['lc', 'quota'].map((part) => [`rgw enable ${part} threads`, 'false']),
    // What was deleted leaves memory within two seconds.
    ['rgw gc obj min wait', '0'],
    ['rgw gc processor period', '1'],
    ['rgw gc processor max time', '60'],
    ['rgw gc max objs', '2'],
    ['rgw run sync thread', 'false'],
    ...roots,
  ];
  const lines = settings.map(([name, value]) => `${name} = ${value}`);
  return `[global]\n${lines.join('\n')}\n`;
}

/**
 * Fills the current folder: a cluster with the gateway's zone and one user, shut down in order, so
 * that a copy of it starts at once. The zone keeps everything in one pool: pools are slow to make.
 */
export function seedScript(gateway: Program, monitorPort: number): string {
  const { run, start } = tools(gateway);
  return `set -e
fsid=$(cat /proc/sys/kernel/random/uuid)
echo "$fsid" > fsid
${run('ceph-authtool')} keyring --create-keyring --gen-key -n mon. --cap mon 'allow *'
${run('monmaptool')} --create --fsid "$fsid" --addv a '[v2:127.0.0.1:${monitorPort}]' monmap
${run('osdmaptool')} -c ceph.conf --createsimple 1 osdmap
mkdir mon osd
${run('ceph-mon')} -c ceph.conf --fsid "$fsid" --mkfs -i a --monmap monmap --keyring keyring --osdmap osdmap
${start('ceph-mon')} -c ceph.conf -f -i a & mon=$!
trap 'kill -9 $mon $osd 2>/dev/null || true' EXIT
${run('ceph-osd')} -c ceph.conf --mkfs -i 0 --osd-uuid "$(cat /proc/sys/kernel/random/uuid)"
${start('ceph-osd')} -c ceph.conf -f -i 0 & osd=$!
${run('radosgw-admin')} -c ceph.conf user list
${run('radosgw-admin')} -c ceph.conf zone get > zone.json
sed -i 's/"default\\.rgw\\./"rgw:/; s/"\\(rgw:[^"]*\\):/"\\1./' zone.json
${run('radosgw-admin')} -c ceph.conf zone set --rgw-zone default --infile zone.json
${run('radosgw-admin')} -c ceph.conf user create --uid seamkit --display-name seamkit --caps 'buckets=read'
${run('radosgw-admin')} -c ceph.conf metadata get user:seamkit > user.json
kill $osd; wait $osd || true
kill $mon; wait $mon || true
trap - EXIT
`;
}

/** Gives a copy of the seed in the current folder its monitor's new address. */
export function startScript(gateway: Program, monitorPort: number, fsid: string): string {
  const { run } = tools(gateway);
  return `set -e
${run('monmaptool')} --create --clobber --fsid ${fsid} --addv a '[v2:127.0.0.1:${monitorPort}]' monmap
${run('ceph-mon')} -c ceph.conf -i a --inject-monmap monmap
`;
}

function tools(gateway: Program) {
  const run = (command: string) => shellCommand(gateway.sibling(command));
  return { run, start: (command: string) => `exec ${run(command)}` };
}

function shellCommand({ path }: Program): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Where this installation has its plugins: `usr/lib/x86_64-linux-gnu`, or `usr/lib64` on Fedora. */
function libraryFolder({ root = '/' }: Program): string {
  const library = join(root, 'usr/lib');
  const folders = [
    ...(existsSync(library) ? readdirSync(library) : []).map((name) => join(library, name)),
    join(root, 'usr/lib64'),
  ];
  return folders.find((folder) => existsSync(join(folder, 'rados-classes'))) ?? library;
}
