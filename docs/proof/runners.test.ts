import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { testUnless } from '@seamkit/test-run';
import { Project } from '../../packages/core/test/project';
import { examples } from './examples';
import { bunMissing, bunProgram, installed, startPlaywright, type Way, ways } from './runners';

// Each row of docs/runners.md: test files that do what its page promises, run as their owner would.

const page = readFileSync(join(__dirname, '../runners.md'), 'utf8');
const rows = [...page.matchAll(/^\| (\S+) +\| (.+?) +\| /gm)]
  .map(([, runner, mode]) => `${runner}, ${mode}`)
  .filter((row) => !/^(Runner|-+),/.test(row));

test('each row has a way to be run, and each way a row', () => {
  expect(rows).toEqual(ways.map(titleOf));
});

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

/** A file of each runner. `prepare` must be the same in both: it counts by its source. */
const fileOf = ({ words, end = '', suitesOnly }: Way, name: string) => `
  ${words}
  const { deepStrictEqual: same } = require('node:assert/strict');
  const { defineKit } = require(core);
  const teller = defineKit({
    kind: 'local',
    name: 'teller',
    supports: { runtimes: [], prepare: false },
    open: async () => ({
      members: {},
      verify: ({ name }) => mark('named-' + Math.random(), String(name)),
      reset: async () => {},
      close: async () => {},
    }),
  });
  const env = use({
    told: teller(),
    it: shelf({
      async prepare(url) {
        mark('prepared-' + Math.random());
        await caller(url)('PUT', '/kept', 'as it was');
      },
    }),
  }, { hooks });
  const call = (...request) => caller(env.it.url)(...request);
  const close = async (what) => mark('closed-' + Math.random(), what + ' of ' + await call('GET', '/seed'));

  suite('a suite', () => {
    before(() => call('PUT', '/seed', '${name}'));
    for (const round of ['one', 'two']) {
      test('round ' + round, async () => {
        const entries = JSON.parse(await call('GET', ''));
        same(entries, [['kept', 'as it was'], ['seed', '${name}']]);
        await call('PUT', '/kept', 'changed');
        await call('PUT', '/more', 'added');
        mark('passed-' + Math.random());
      });
    }
    after(() => close('suite'));
  });
  if (${!suitesOnly}) after(() => close('file'));
  ${end}`;

describe.each(ways.map((way) => [titleOf(way), way] as const))('%s', (_, way) => {
  testUnless(way.missing)('keeps to the rules', async () => {
    prepare(way);
    const names = ['first', 'second'].slice(0, way.files);
    const files = names.map((name) => `${name}.test.${way.extension}`);
    for (const [index, file] of files.entries()) project.file(file, fileOf(way, names[index]!));

    const run = way.start(project, files);
    const code = await run.ended;
    if (code !== 0) throw new Error(`it ended with ${code}:\n${run.output}`);
    expect(run.output).not.toMatch(/^seamkit /m);

    expect(project.marks('passed-')).toHaveLength(2 * files.length);
    expect(project.marks('prepared-')).toHaveLength(way.preparedPerFile ? files.length : 1);
    const closed = (what: string) => names.map((name) => `${what} of ${name}`);
    expect(new Set(textsOf('closed-'))).toEqual(
      new Set([...closed('suite'), ...(way.suitesOnly ? [] : closed('file'))]),
    );
    const told = textsOf('named-').map((name) => name.replace(/^a suite( > | )/, ''));
    expect(new Set(told)).toEqual(
      new Set(way.nameless ? ['undefined'] : ['round one', 'round two']),
    );
  });
});

test.each(
  ['AVA', 'tap', 'uvu', 'Cucumber'].map((name) => ways.find(({ runner }) => runner === name)!),
)('$runner: without its hooks, use() names it and its recipe', async (way) => {
  prepare(way);
  const body = `
    ${way.words}
    try { use({ it: shelf() }); } catch (error) { mark('error', error.code + ' ' + error.message); }
    test('round one', () => {});
    ${way.end ?? ''}`;
  const files = ['first', 'second'].map((name) => `${name}.test.${way.extension}`);
  for (const file of files) project.file(file, body);
  await way.start(project, files).ended;
  const section = way.runner.toLowerCase();
  expect(project.mark('error')).toMatch(
    new RegExp(
      `^RUNNER_UNKNOWN use\\(\\) needs the hooks of ${way.runner} .*runners.md#${section} `,
      's',
    ),
  );
});

test('Playwright: after a test that fails, the next one has the same baseline', async () => {
  const [way] = ways.filter(({ runner }) => runner === 'Playwright');
  prepare(way!);
  project.file(
    'first.test.mjs',
    `${way!.words}
    const env = use({ it: shelf() });
    const call = (...request) => caller(env.it.url)(...request);
    before(() => call('PUT', '/seed', 'of a hook'));
    for (const round of ['one', 'two']) {
      test('round ' + round, async () => {
        mark('began-' + round, await call('GET', ''));
        await call('PUT', '/more', 'added');
        throw new Error('as planned');
      });
    }`,
  );
  expect(await way!.start(project, []).ended).toBe(1);
  const baseline = '[["seed","of a hook"]]';
  expect(textsOf('began-')).toEqual([baseline, baseline]);
});

describe.each([
  {
    runner: 'Playwright',
    missing: undefined,
    start: () => startPlaywright(project, 'timeout: 1000'),
  },
  {
    runner: 'Bun',
    missing: bunMissing,
    start: () => project.start(['test', '--timeout=1000'], bunProgram),
  },
])('$runner', ({ runner, missing, start }) => {
  testUnless(missing)('its time limit for hooks does not cut off a start', async () => {
    const way = ways.find((one) => one.runner === runner)!;
    prepare(way);
    project.file(
      'first.test.mjs',
      `${way.words}
      const env = use({ it: shelf({ prepare: () => delay(1500) }) });
      test('round one', () => mark('passed', env.it.name));`,
    );
    const run = start();
    expect([await run.ended, run.output]).toEqual([0, expect.anything()]);
    expect(project.marked('passed')).toBe(true);
  });
});

testUnless(bunMissing)(
  'bun test --parallel without servers: the error says what to do',
  async () => {
    for (const name of ['first', 'second']) {
      project.file(
        `${name}.test.mjs`,
        `import { test } from 'bun:test';
      use({ it: shelf() });
      test('round one', () => {});`,
      );
    }
    const run = project.start(['test', '--parallel=2'], bunProgram);
    expect(await run.ended).toBe(1);
    expect(run.output).toMatch(/KEEPER_FAILED.*npx seamkit up/s);
  },
);

/** Gives the project what the files of a runner import: its package, and its recipe's hooks. */
function prepare({ imported, runner }: Way): void {
  if (imported) project.install(imported, join(installed, imported));
  const recipe = examples().find(({ title }) => title === `runners: ${runner}`);
  const hooks = recipe?.files.find(({ name }) => /^hooks\./.test(basename(name)));
  if (hooks) project.plain(basename(hooks.name), hooks.text);
}

function titleOf({ runner, mode }: Way): string {
  return `${runner}, ${mode}`;
}

function textsOf(start: string): string[] {
  return project.marks(start).map((name) => project.mark(name));
}
