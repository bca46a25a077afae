import { SeamkitError } from '../errors';

const page = 'https://github.com/seamkit/seamkit/blob/main/docs/runners.md';

/** Runners whose hooks must be passed, each by what it leaves in the processes of its tests. */
const known: Record<string, () => boolean> = {
  AVA: () => runsFrom('ava'),
  Cucumber: () => runsFrom('@cucumber'),
  tap: () => 'TAP_CHILD_ID' in process.env,
  uvu: () => 'UVU_QUEUE' in globalThis,
};

export function runnerUnknown(): SeamkitError {
  const runner = Object.keys(known).find((name) => known[name]!());
  if (runner) {
    return new SeamkitError('RUNNER_UNKNOWN', `use() needs the hooks of ${runner}`, {
      hint: `pass them: use({ … }, { hooks: { … } }), as ${page}#${runner.toLowerCase()} shows`,
    });
  }
  return new SeamkitError('RUNNER_UNKNOWN', 'use() found no test runner here', {
    tried: ['beforeAll or before as a global', 'Vitest', 'Playwright', 'bun test', 'node --test'],
    hint: `pass the runner's hooks, as ${page} shows; in a script use open() instead`,
  });
}

/** Whether this process' program, or its thread's, belongs to a package. */
function runsFrom(name: string): boolean {
  const folder = new RegExp(`[\\\\/]node_modules[\\\\/](\\.bin[\\\\/])?${name}`);
  return process.argv.slice(1, 2).some((path) => folder.test(path));
}
