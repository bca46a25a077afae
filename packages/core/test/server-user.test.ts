import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '@seamkit/core';
import { belongings, keeperStatus } from '@seamkit/core/inspect';
import { describeUnless } from '@seamkit/test-run';
import { handOver } from '../dist/runtime/hand-over';
import { takeServerUser } from '../dist/runtime/server-user';
import { Ledger } from '../dist/system/ledger';
import { shelf } from './shelf/kit';
import { emptyWorkspace } from './workspace';

// Who servers run as where the tests are root's.
const missing =
  (process.getuid?.() !== 0 || process.platform !== 'linux') &&
  'servers of root need root and Linux';

emptyWorkspace();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-user-'));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  await new Ledger(join(folder, 'ledger')).sweep();
  rmSync(folder, { recursive: true });
});

describeUnless(missing)('a server of root', () => {
  test('runs as a user that nothing else has', async () => {
    await using env = await open({ it: shelf() });
    expect(env.it.url).toBeTruthy();
    const { pid, servers } = (await keeperStatus(process.env.SEAMKIT_WORKSPACE!))!;
    const ours = servers.flatMap(({ processes }) => processes);
    const uid = statSync(`/proc/${ours[0]}`).uid;
    const identity = readFileSync(`/proc/${ours[0]}/status`, 'utf8').match(/^(Gid|Groups):.*$/gm)!;
    expect(identity.join().split(/\s+/)).toEqual(
      ['Gid:', uid, uid, uid, `${uid},Groups:`, ''].map(String),
    );
    for (const database of ['passwd', 'group']) {
      expect(spawnSync('getent', [database, String(uid)]).status).toBe(2);
    }
    const [lock] = belongings(process.env.SEAMKIT_WORKSPACE!).flatMap((entry) =>
      entry.kind === 'lock' && entry.path.endsWith(`-${uid}`) ? [entry.path] : [],
    );
    expect(readFileSync(lock!, 'utf8')).toMatch(new RegExp(`^${pid}:`));
  });

  test('cannot change what the keeper writes for it, nor put a link in its way', async () => {
    await using env = await open({ it: shelf() });
    expect(env.it.url).toBeTruthy();
    const data = belongings(process.env.SEAMKIT_WORKSPACE!).find(({ kind }) => kind === 'folder');
    const { path } = data as { path: string };
    const files = readdirSync(path)
      .filter((name) => name.endsWith('-files'))
      .map((name) => join(path, name));
    expect(files.length).toBeGreaterThan(0);
    for (const at of files) {
      const { gid } = statSync(at);
      const attempt = (command: string) =>
        spawnSync('/bin/sh', ['-c', command, 'sh', at], { uid: gid, gid }).status;
      expect(attempt('cat "$1"/*')).toBe(0);
      expect(attempt('ln -s /etc/passwd "$1/planted"')).not.toBe(0);
      expect(attempt('mv "$1" "$1-away"')).not.toBe(0);
      expect(attempt('for file in "$1"/*; do rm -f "$file" || exit 1; done')).not.toBe(0);
      expect(attempt('for file in "$1"/*; do echo x >> "$file" || exit 1; done')).not.toBe(0);
      const strangers = { uid: 65534, gid: 65534 };
      expect(spawnSync('/bin/ls', [at], strangers).status).not.toBe(0);
    }
  });

  test('gets a user that no other keeper has, and none with a process', async () => {
    const ledger = new Ledger(join(folder, 'ledger'));
    const first = takeServerUser(ledger)!;
    const second = takeServerUser(ledger, first.uid)!;
    expect(second.uid).not.toBe(first.uid);
    const next = { uid: first.uid + 7, gid: first.uid + 7 };
    const busy = spawn('sleep', ['600'], next);
    await once(busy, 'spawn');
    try {
      expect(takeServerUser(ledger, next.uid)!.uid).not.toBe(next.uid);
    } finally {
      busy.kill('SIGKILL');
      await once(busy, 'exit');
    }
    const locks = ledger.entries().flatMap((entry) => (entry.kind === 'lock' ? [entry.path] : []));
    expect(locks).toHaveLength(3);
    // Of a keeper that was killed: free again.
    writeFileSync(locks.find((path) => path.endsWith(`-${first.uid}`))!, '999999999:1');
    expect(takeServerUser(ledger, first.uid)).toEqual(first);
    await ledger.sweep();
    expect(locks.filter((path) => existsSync(path))).toEqual([]);
  });
});

describeUnless(missing)('what a server’s user has made for the cache', () => {
  const builder = 60_999;
  const precious = () => join(folder, 'precious');
  const made = () => join(folder, 'made');
  beforeEach(() => {
    writeFileSync(precious(), 'precious', { mode: 0o600 });
    mkdirSync(join(made(), 'deep'), { recursive: true });
  });

  test('becomes the keeper’s, for all to read and nobody to change', async () => {
    writeFileSync(join(made(), 'deep/file'), '');
    chmodSync(join(made(), 'deep/file'), 0o6777);
    symlinkSync(precious(), join(made(), 'link'));
    execFileSync('chown', ['-Rh', `${builder}:${builder}`, made()]);
    await handOver(made());
    const mode = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);
    const all = [made(), ...['deep', 'deep/file', 'link'].map((name) => join(made(), name))];
    expect(all.filter((path) => lstatSync(path).uid !== 0 || lstatSync(path).gid !== 0)).toEqual(
      [],
    );
    expect(all.slice(0, 3).map(mode)).toEqual(['755', '755', '755']);
    expect(readlinkSync(join(made(), 'link'))).toBe(precious());
    expect(mode(precious())).toBe('600');
  });

  test('is refused with a second name of somebody else’s file', async () => {
    linkSync(precious(), join(made(), 'deep/file'));
    await expect(handOver(made())).rejects.toMatchObject({ code: 'START_FAILED' });
    expect(lstatSync(precious()).mode & 0o777).toBe(0o600);
  });

  test('is refused with what is no file', async () => {
    execFileSync('mkfifo', [join(made(), 'deep/pipe')]);
    chownSync(join(made(), 'deep/pipe'), builder, builder);
    await expect(handOver(made())).rejects.toMatchObject({ code: 'START_FAILED' });
  });
});
