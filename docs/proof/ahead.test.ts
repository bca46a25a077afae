import { join } from 'node:path';
import { testUnless } from '@seamkit/test-run';
import { Project } from '../../packages/core/test/project';
import { bunMissing, bunProgram, installed } from './runners';

// `openAhead` under the runners that core's own tests do not have: files that read a url while they load.

let project: Project;
beforeEach(() => {
  project = new Project();
  project.bare(
    'seamkit.config.cjs',
    `const { caller, shelf } = require(kit);
    module.exports = require(core).defineConfig({
      boundaries: { it: shelf({ prepare: (url) => caller(url)('PUT', '/kept', 'as it was') }) },
      variables: ({ it }) => ({ SHELF_URL: it.url }),
    });`,
  );
});
afterEach(() => project.remove());

const openAhead = `await core.openAhead(require('./seamkit.config.cjs'));`;

/** Two files, whose tests pass only where each begins at its own baseline. */
function files(imports: string): void {
  for (const name of ['first', 'second']) {
    project.file(
      `${name}.test.mjs`,
      `${imports}
      const { deepStrictEqual: same } = require('node:assert/strict');
      const call = caller(process.env.SHELF_URL);
      const env = use(require('./seamkit.config.cjs'));
      before(() => call('PUT', '/seed', '${name}'));
      for (const round of ['one', 'two']) {
        test('round ' + round, async () => {
          same(JSON.parse(await call('GET', '')), [['kept', 'as it was'], ['seed', '${name}']]);
          await call('PUT', '/more', 'of a test');
          mark('passed-' + Math.random(), env.it.name);
        });
      }`,
    );
  }
}

function namesOfSandboxes(): string[] {
  const passed = project.marks('passed-');
  expect(passed).toHaveLength(4);
  return [...new Set(passed.map((mark) => project.mark(mark)))];
}

testUnless(bunMissing)('Bun: a module that is loaded first', async () => {
  files(`import { beforeAll as before, test } from 'bun:test';`);
  project.module('setup.mjs', openAhead);
  const run = project.start(['test', '--preload', './setup.mjs'], bunProgram);
  const code = await run.ended;
  if (code !== 0) throw new Error(`it ended with ${code}:\n${run.output}`);
  expect(namesOfSandboxes()).toHaveLength(1);
});

test('Playwright: its configuration, which it loads in each process, as it does the files', async () => {
  project.install('@playwright/test', join(installed, '@playwright/test'));
  files(`import { test } from '@playwright/test'; const before = test.beforeAll;`);
  project.module('playwright.config.mjs', `${openAhead} export default { workers: 1 };`);
  const program = join(installed, '@playwright/test/cli.js');
  const run = project.start([program, 'test']);
  const code = await run.ended;
  if (code !== 0) throw new Error(`it ended with ${code}:\n${run.output}`);
  expect(namesOfSandboxes()).toHaveLength(1);
});
