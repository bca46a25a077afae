import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const lockModule = join(__dirname, '../dist/system/lock.js');

// Each process tries the lock once all are there, says whether it got it, and lives until all have.
const contender = `
  const { tryLock } = require(${JSON.stringify(lockModule)});
  process.stdin.once('data', () => process.stdout.write(tryLock(process.argv[1]) ? 'got it' : 'taken'));
  process.stdout.write('here');
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-lock-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

async function contend(path: string, processes: number): Promise<string[]> {
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, ['-e', contender, path], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const said = () =>
    Promise.all(
      children.map(
        ({ stdout }) =>
          new Promise<string>((resolve) => stdout.once('data', (data) => resolve(String(data)))),
      ),
    );
  try {
    expect(new Set(await said())).toEqual(new Set(['here']));
    const results = said();
    for (const { stdin } of children) stdin.write('go');
    return await results;
  } finally {
    for (const { stdin } of children) stdin.end();
  }
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

test('what a killed process was making of a lock is cleared, what a living one makes is not', () => {
  const { status, pid } = spawnSync(process.execPath, ['-e', '']);
  expect(status).toBe(0);
  const path = join(folder, 'lock');
  const ofTheLiving = `lock.${process.pid}.89abcdef`;
  for (const name of [`lock.${pid}.01234567`, ofTheLiving, 'lock-of-others']) {
    writeFileSync(join(folder, name), '');
  }
  writeFileSync(path, `${pid}:1`);
  writeFileSync(`${path}.01234567`, `${pid}:1`); // it cleared a lock when it was killed
  const { clearLock } = require(lockModule);
  clearLock(path);
  expect(readdirSync(folder).sort()).toEqual(['lock-of-others', ofTheLiving].sort());
});
