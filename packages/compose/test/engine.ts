import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keeperStatus } from '@seamkit/core/inspect';
import { describeUnless } from '@seamkit/test-run';

/** A file of this folder's fixtures. */
export function fixture(name: string): string {
  return join(__dirname, 'fixtures', name);
}

/**
 * Tests that need a container engine and Docker Compose, in a workspace of their own.
 */
export function describeWithEngine(title: string, tests: () => void): void {
  describeUnless(whatIsMissing(), 'container')(title, () => {
    const before = { ...process.env };
    beforeAll(() => {
      process.env.SEAMKIT_COMPOSE_RUNTIME = 'container';
      process.env.SEAMKIT_WORKSPACE = newWorkspace();
    });
    // Its sandboxes are given back at the end of this block, before the workspace ends.
    describe('here', tests);
    afterAll(async () => {
      await endWorkspace(process.env.SEAMKIT_WORKSPACE!);
      process.env = before;
    });
  });
}

let answer: string | undefined;

/** Tried once, by a process of its own, since a runner's tests are defined before any can wait. */
function whatIsMissing(): string {
  answer ??= execFileSync(process.execPath, [join(__dirname, 'probe.js')], {
    env: { ...process.env, SEAMKIT_COMPOSE_RUNTIME: 'container' },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  return answer;
}

export function newWorkspace(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-compose-')));
}

/** Ends its keeper, and with it every container. */
export async function endWorkspace(workspace: string): Promise<void> {
  const status = await keeperStatus(workspace);
  if (status) process.kill(status.pid, 'SIGTERM');
  rmSync(workspace, { recursive: true });
}

/** Polls until `condition` holds. Rejects after `deadline` ms: how fast it has to be is said elsewhere. */
export async function until(
  condition: () => Promise<boolean>,
  what: string,
  deadline = 60_000,
): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${deadline} ms for ${what}`);
    await delay(50);
  }
}
