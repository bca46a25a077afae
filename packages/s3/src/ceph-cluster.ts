import { existsSync, readdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Program } from '@seamkit/core';

/** Where one cluster lies, and its ports on 127.0.0.1. */
export interface CephPlace {
  folder: string;
  /** File with the keys of all that belongs to the cluster. */
  keyring: string;
  monitorPort: number;
  port: number;
}

/** Bytes that objects may take; in memory they take up to twice that. */
const capacity = Math.floor(totalmem() / 4);
/** Seconds after which a request that the full store does not carry out becomes an error. */
const patience = 30;

/** `ceph.conf` of a cluster. */
export function cephConfiguration(gateway: Program, place: CephPlace): string {
  const { folder, keyring, monitorPort, port } = place;
  const libraries = libraryFolder(gateway);
  const modes = ['cluster', 'service', 'client'].flatMap((peer) => [
    [`auth ${peer} required`, 'cephx'],
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
    ['keyring', keyring],
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
 * No key is left in it: not the monitor's, nor those that it makes itself, nor the user's.
 */
export function seedScript(gateway: Program, conf: string, place: CephPlace): string {
  const { run, start } = tools(gateway, conf);
  return `set -e
fsid=$(cat /proc/sys/kernel/random/uuid)
echo "$fsid" > fsid
${run('monmaptool', '')} --create --fsid "$fsid" --addv a '[v2:127.0.0.1:${place.monitorPort}]' monmap
${run('osdmaptool')} --createsimple 1 osdmap
mkdir mon osd
${run('ceph-mon')} --fsid "$fsid" --mkfs -i a --monmap monmap --osdmap osdmap
${start('ceph-mon')} -f -i a & mon=$!
trap 'kill -9 $mon $osd 2>/dev/null || true' EXIT
${run('ceph-osd')} --mkfs -i 0 --osd-uuid "$(cat /proc/sys/kernel/random/uuid)"
${start('ceph-osd')} -f -i 0 & osd=$!
${run('radosgw-admin')} user list
${run('radosgw-admin')} zone get > zone.json
sed -i 's/"default\\.rgw\\./"rgw:/; s/"\\(rgw:[^"]*\\):/"\\1./' zone.json
${run('radosgw-admin')} zone set --rgw-zone default --infile zone.json
${run('radosgw-admin')} user create --uid seamkit --display-name seamkit --caps 'buckets=read' --access-key none --secret-key none
${run('radosgw-admin')} key rm --uid seamkit --access-key none
${run('radosgw-admin')} metadata get user:seamkit > user.json
kill $osd; wait $osd || true
kill $mon; wait $mon || true
trap - EXIT
${run('ceph-kvstore-tool', '')} rocksdb mon/store.db rm-prefix auth
${run('ceph-kvstore-tool', '')} rocksdb mon/store.db rm mkfs keyring
rm mon/keyring
`;
}

/**
 * Gives a copy of the seed in the current folder its monitor's new address, and the keys of this
 * start, as the monitor's `--mkfs` would.
 */
export function startScript(gateway: Program, conf: string, place: CephPlace, fsid: string) {
  const { run } = tools(gateway, conf);
  return `set -e
${run('monmaptool', '')} --create --clobber --fsid ${fsid} --addv a '[v2:127.0.0.1:${place.monitorPort}]' monmap &
${run('ceph-kvstore-tool', '')} rocksdb mon/store.db set mkfs keyring in ${quoted(place.keyring)}
wait $!
${run('ceph-mon')} -i a --inject-monmap monmap
`;
}

function tools(gateway: Program, conf: string) {
  const run = (command: string, options = `-c ${quoted(conf)}`) =>
    `${quoted(gateway.sibling(command).path)} ${options}`;
  return { run, start: (command: string) => `exec ${run(command)}` };
}

function quoted(path: string): string {
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
