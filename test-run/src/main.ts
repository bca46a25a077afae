import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownConfiguration } from './environment';
import { root, turboFilters } from './plan';
import { summary } from './summary';

// `pnpm test [name…]` and `pnpm test:all [name…]`: builds, runs the tests, and tells what ran. A
// name is a package's folder or a shard of `plan.ts`. Exits with 1 where anything failed.

const words = process.argv.slice(2).filter((word) => word !== '--');
const all = words.includes('--all');
const names = words.filter((word) => word !== '--all');

try {
  run(turboFilters(names));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

function run(filters: string[]): void {
  const start = performance.now();
  const results = mkdtempSync(join(tmpdir(), 'seamkit-test-results-'));
  const tests = join(results, 'tests');
  process.env.SEAMKIT_TEST_RESULTS = tests;
  process.env.SEAMKIT_CONFORMANCE_RESULTS ??= join(results, 'conformance');
  const conformance = process.env.SEAMKIT_CONFORMANCE_RESULTS;
  ownConfiguration(process.env);

  const built = turbo('build', '--output-logs=errors-only');
  const buildMs = performance.now() - start;
  // Tests wait more than they work, so two packages at once; proofs have times to keep.
  const tested = test('test', 2, filters);
  const proven = !all || test('proof', 1, filters);
  const lines = summary({ tests, conformance, buildMs, ms: performance.now() - start });
  console.log(`\n${lines.join('\n')}`);
  rmSync(results, { recursive: true, force: true });
  if (!built || !tested || !proven) process.exitCode = 1;
}

function test(task: 'test' | 'proof', concurrency: number, filters: string[]): boolean {
  return turbo(
    task,
    ...filters,
    '--env-mode=loose', // tests see the environment as it is
    `--concurrency=${concurrency}`,
    '--continue',
    '--output-logs=new-only',
  );
}

function turbo(...args: string[]): boolean {
  const command = [join(root, 'node_modules/turbo/bin/turbo'), 'run', ...args, '--ui=stream'];
  return spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' }).status === 0;
}
