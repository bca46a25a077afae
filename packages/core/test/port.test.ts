import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../dist/runtime/port';
import { type Entry, Ledger } from '../dist/system/ledger';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-port-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('the lock of a port is in the ledger before it is taken, and after it is given back', async () => {
  const ledger = new Ledger(join(folder, 'ledger'));
  const seen: string[] = [];
  const noting = {
    add(entry: Entry & { kind: 'lock' }) {
      seen.push(existsSync(entry.path) ? 'taken before' : 'listed first');
      const strike = ledger.add(entry);
      return () => {
        seen.push(existsSync(entry.path) ? 'struck out too early' : 'struck out last');
        strike();
      };
    },
  };
  const { port, release } = await freePort(noting as unknown as Ledger);
  const listed = ledger.entries() as { path: string }[];
  expect(listed.map(({ path }) => path)).toEqual([expect.stringMatching(`/ports/${port}$`)]);
  expect(existsSync(listed[0]!.path)).toBe(true);
  release();
  expect([new Set(seen), ledger.entries()]).toEqual([
    new Set(['listed first', 'struck out last']),
    [],
  ]);
});

test('what a killed keeper was making of a lock goes with its ledger', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const locks = mkdtempSync(join(folder, 'ports-'));
  const ledger = new Ledger(join(folder, 'ledger'));
  ledger.add({ kind: 'lock', path: join(locks, '20001') });
  writeFileSync(join(locks, '20001'), `${pid}:1`);
  writeFileSync(join(locks, `20001.${pid}.89abcdef`), `${pid}:1`);
  expect(await ledger.sweep()).toBe(true);
  expect(readdirSync(locks)).toEqual([]);
});
