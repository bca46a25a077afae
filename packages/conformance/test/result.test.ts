import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformance, type Result, type Suite } from '@seamkit/conformance';

const folder = mkdtempSync(join(tmpdir(), 'seamkit-results-'));
const variables = { ...process.env };

function suitesOf(harness: string): Suite[] {
  process.env.SEAMKIT_CONFORMANCE_RESULTS = join(folder, 'made by the suite');
  delete process.env.SEAMKIT_REQUIRE; // a runtime that is missing would be a failing test
  return conformance(require.resolve(harness));
}

function result(name: string): Result {
  return JSON.parse(readFileSync(join(folder, 'made by the suite', `${name}.json`), 'utf8'));
}

afterEach(() => {
  process.env = { ...variables };
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a closed suite has told what passed, what failed, and what the kit supports', async () => {
  process.env.MUTANT = 'resets nothing';
  const suites = suitesOf('./shelf-harness');
  const suite = suites.find(({ runtime }) => runtime === 'process')!;
  for (const { shows, run } of suite.tests) if (shows === 'manners') await run();
  const failing = suite.tests.find(({ name }) => name === 'reset returns to an empty baseline')!;
  await expect(failing.run()).rejects.toThrow(/strictly equal/);
  for (const { close } of suites) await close();
  expect(result('shelf-process')).toEqual({
    kit: 'shelf',
    runtime: 'process',
    supports: { runtimes: expect.arrayContaining(['process']), prepare: true },
    passed: [
      'what is written can be read',
      'options that make no sense are refused with a code and a hint',
      'closing twice is closing once',
      'a process that never closes its sandbox ends by itself',
    ],
    failed: ['reset returns to an empty baseline'],
    shown: ['manners'],
  });
});

test('a runtime that is missing is told, with the reason', () => {
  expect(suitesOf('./nowhere-harness')).toEqual([]);
  const { missing, ...rest } = result('nowhere-process');
  expect(missing).toMatch(/no-such-program/);
  expect(rest).toMatchObject({ passed: [], failed: [] });
});
