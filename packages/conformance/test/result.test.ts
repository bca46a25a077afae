import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformance, type Result, type Suite } from '@seamkit/conformance';

const folder = mkdtempSync(join(tmpdir(), 'seamkit-results-'));
const variables = { ...process.env };

function suitesOf(harness: string): Suite[] {
  process.env.SEAMKIT_CONFORMANCE_RESULTS = join(folder, 'made by the suite');
  return conformance(require.resolve(harness));
}

function result(name: string): Result {
  return JSON.parse(readFileSync(join(folder, 'made by the suite', `${name}.json`), 'utf8'));
}

function testNamed({ tests }: Suite, name: string): () => Promise<void> {
  return tests.find((test) => test.name === name)!.run;
}

afterEach(() => {
  process.env = { ...variables };
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a closed suite has told what passed, what failed, and what the kit supports', async () => {
  process.env.MUTANT = 'resets nothing';
  const suite = suitesOf('./shelf-harness').find(({ runtime }) => runtime === 'process')!;
  await testNamed(suite, 'what is written can be read')();
  const failing = testNamed(suite, 'reset returns to an empty baseline')();
  await expect(failing).rejects.toThrow(/strictly equal/);
  await suite.close();
  expect(result('shelf-process')).toEqual({
    kit: 'shelf',
    runtime: 'process',
    supports: { runtimes: expect.arrayContaining(['process']), prepare: true },
    passed: ['what is written can be read'],
    failed: ['reset returns to an empty baseline'],
  });
});

test('a runtime that is missing is told, with the reason', () => {
  expect(suitesOf('./nowhere-harness')).toEqual([]);
  const { missing, ...rest } = result('nowhere-process');
  expect(missing).toMatch(/no-such-program/);
  expect(rest).toMatchObject({ passed: [], failed: [] });
});
