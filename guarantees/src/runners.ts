import { join } from 'node:path';

/** How a test runner is told to run every test file of the folder it stands in, two at a time. */
interface Runner {
  title: string;
  args: readonly string[];
  /** The same in watch mode. */
  watchArgs: readonly string[];
}

const jestArgs = [require.resolve('jest/bin/jest'), '--config', 'jest.config.json', '-w', '2'];
const vitest = join(require.resolve('vitest/package.json'), '../vitest.mjs');
const vitestOptions = ['--globals', '--pool=forks', '--maxWorkers=2'];
const nodeArgs = ['--test', '--test-concurrency=2'];

export const runners = {
  jest: { title: 'Jest', args: jestArgs, watchArgs: [...jestArgs, '--watchAll'] },
  vitest: {
    title: 'Vitest',
    args: [vitest, 'run', ...vitestOptions],
    watchArgs: [vitest, 'watch', ...vitestOptions],
  },
  node: { title: 'node:test', args: nodeArgs, watchArgs: [...nodeArgs, '--watch'] },
} satisfies Record<string, Runner>;

export type RunnerName = keyof typeof runners;
export const runnerNames = Object.keys(runners) as RunnerName[];
