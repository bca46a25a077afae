import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const lockModule = join(__dirname, '../dist/keeper/lock.js');

// Each process tries the lock in the same instant, and says whether it got it.
const contender = `
  const { tryLock } = require(${JSON.stringify(lockModule)});
  const [path, at] = process.argv.slice(1);
  while (Date.now() < Number(at));
  const release = tryLock(path);
  process.stdout.write(release ? 'got it' : 'taken');
  setTimeout(() => {}, release ? 1500 : 0);
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-lock-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

async function contend(path: string, processes: number): Promise<string[]> {
  const at = String(Date.now() + 400);
  const runs = Array.from({ length: processes }, () =>
    run(process.execPath, ['-e', contender, path, at]),
  );
  return (await Promise.all(runs)).map(({ stdout }) => stdout);
}

test('of many processes one gets the lock', async () => {
  const results = await contend(join(folder, 'lock'), 8);
  expect(results.filter((result) => result === 'got it')).toHaveLength(1);
});

test('the lock of a dead process goes to one of many', async () => {
  const path = join(folder, 'lock');
  writeFileSync(path, '999999999:12345'); // no such process
  const results = await contend(path, 8);
  expect(results.filter((result) => result === 'got it')).toHaveLength(1);
});

test('a lock that was given back is free', () => {
  const { tryLock } = require(lockModule);
  const path = join(folder, 'lock');
  const release = tryLock(path);
  expect(tryLock(path)).toBeUndefined();
  release();
  expect(tryLock(path)).toBeDefined();
});
