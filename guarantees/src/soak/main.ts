import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runtimes } from '../cells';
import { type Count, soak } from './soak';

/** Kills of one plain line of progress, where nobody looks at a terminal. */
const step = 50;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
    lanes: { type: 'string', default: '4' },
    runtime: { type: 'string', default: 'process' },
  },
});
const [kills, seed, lanes] = [values.kills, values.seed, values.lanes].map(Number) as [
  number,
  number,
  number,
];
const runtime = runtimes.find((name) => name === values.runtime);
if (!runtime || ![kills, seed, lanes].every((value) => Number.isSafeInteger(value) && value > 0)) {
  console.error('usage: pnpm soak --kills 1000 --seed 1 --lanes 4 --runtime process|container');
  process.exit(2);
}

function summary({ killed, leaked, wronglyKilled, failed }: Count): string {
  return `killed ${killed}, leaked ${leaked}, wrongly killed ${wronglyKilled}, runs failed for another reason ${failed}, seed ${seed}`;
}

const began = performance.now();
const terminal = process.stdout.isTTY;

function progress(count: Count, wrong?: string): void {
  if (wrong) console.log(`${terminal ? '\r' : ''}${wrong}`);
  if (terminal) process.stdout.write(`\r${summary(count)} `);
  else if (!wrong && count.killed % step === 0) console.log(summary(count));
}

soak({ kills, seed, lanes, runtime, progress }).then(
  (count) => {
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    console.log(
      `${terminal ? '\r' : ''}in ${minutes} minutes, ${lanes} workspaces at once, servers as ${runtime}:`,
    );
    console.log(summary(count));
    process.exitCode = count.leaked + count.wronglyKilled + count.failed === 0 ? 0 : 1;
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
