import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeResult } from '../dist/results';
import { summary } from '../dist/summary';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-summary-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const suite = (kit: string, runtime: string, result: object) =>
  writeFileSync(
    join(folder, `${kit}-${runtime}.json`),
    JSON.stringify({ kit, runtime, passed: [], failed: [], ...result }),
  );

test('what ran, what was skipped and why, and where the time went', () => {
  const tests = join(folder, 'tests');
  const result = { passed: 10, failed: 0, skipped: [], files: [] };
  writeResult(tests, 'redis-test', {
    ...result,
    package: 'redis',
    ms: 61_000,
    files: [{ path: 'test/reset.test.ts', ms: 40_000 }],
  });
  writeResult(tests, 'files-test', {
    ...result,
    package: 'files',
    failed: 1,
    skipped: ['only root can change owners', 'only root can change owners'],
    ms: 5_000,
  });
  suite('redis', 'process', { passed: ['one', 'two'] });
  suite('redis', 'container', { missing: 'no engine answers\nat all' });
  suite('nats', 'container', { missing: 'no engine answers\nat all' });
  suite('shelf', 'process', { passed: ['of a kit that is no package'] });

  expect(summary({ tests, conformance: folder, ms: 70_000, buildMs: 4_000 })).toEqual([
    'Ran          2 packages: 20 passed, 1 failed, 2 skipped',
    'Conformance  cases passed: process 2 (1 kit)',
    'Skipped      2 tests: only root can change owners',
    '             nats, redis: conformance on container: no engine answers',
    'Time         1 min 10 s, of which 4 s to build; longest: redis 1 min 1 s, files 5 s; the slowest file: redis/test/reset.test.ts 40 s',
  ]);
});

test('a run that ran nothing says so', () => {
  const nowhere = join(folder, 'nowhere');
  expect(summary({ tests: nowhere, conformance: nowhere, ms: 0, buildMs: 0 })[0]).toBe(
    'Ran          0 packages: 0 passed, 0 failed, 0 skipped',
  );
});
