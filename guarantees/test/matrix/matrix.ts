import { spawnSync } from 'node:child_process';
import { describeUnless, testUnless } from '@seamkit/test-run';
import { Bystanders } from '../../src/bystanders';
import { type Cell, cellsOf, type Runtime } from '../../src/cells';
import { keep, type Measured } from '../../src/measured';
import { OwnEngine } from '../../src/own-engine';
import { missingFor, play } from '../../src/play';
import type { RunnerName } from '../../src/runners';

/** All cells; else a slice. Then what was measured is kept, for the page. */
const full = process.env.MATRIX === 'full';

/** ms; each step of a cell has a deadline of its own. */
const patience = 300_000;

/** The tests of one runtime and runner, with bystanders that watch them all. */
export function matrix(runtime: Runtime, runner: RunnerName): void {
  const absent = runtime === 'container' && noEngine();
  if (absent && full) throw new Error(`the whole matrix needs containers: ${absent}`);
  describeUnless(absent, runtime)(`${runtime}, ${runner}`, () => playAll(runtime, runner));
}

function playAll(runtime: Runtime, runner: RunnerName): void {
  const cells = cellsOf(runtime, runner, full);
  const measured: Measured[] = [];
  let bystanders: Bystanders;
  let engine: OwnEngine | undefined;

  beforeAll(async () => {
    bystanders = await Bystanders.plant({ runtime, runner });
  }, patience);

  afterAll(async () => {
    await engine?.stop();
    expect(await bystanders.remove()).toBe(0);
    if (full) keep(runtime, runner, measured);
  }, patience);

  for (const cell of cells) {
    const title = `${cell.victim}, ${cell.cause}`;
    const missing = missingFor(cell);
    testUnless(missing)(
      title,
      async () => {
        if (cell.victim === 'engine') engine ??= await OwnEngine.start();
        const { ending, bare, next, output, ended, gone } = await play(cell, engine);
        expect({ ending, next, output }).toEqual({ ending: bare, next: 0, output });
        expect(await bystanders.harmed()).toEqual([]);
        measured.push({ ...coordinates(cell), ended: Math.round(ended), gone: Math.round(gone) });
      },
      patience,
    );
  }
}

/** Why there can be no containers here. At once, since it decides which tests there are. */
function noEngine(): string | undefined {
  const ask = "new (require('dockerode'))().ping().catch(() => process.exit(1))";
  const { status } = spawnSync(process.execPath, ['-e', ask], { cwd: __dirname, timeout: 20_000 });
  return status === 0 ? undefined : 'no container engine answers; see test-images/engine.sh';
}

function coordinates({ victim, cause, runtime, runner }: Cell): Cell {
  return { victim, cause, runtime, runner };
}
