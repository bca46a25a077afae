import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Comparison, median, report } from './measure';

/*
 * A kit's server in a container, from its start to the first answered query, beside Testcontainers
 * alone on the same image (SEAMKIT_<KIT>_IMAGE, else the kit's own), which is pulled beforehand.
 * - cold: from the birth of the test's process; a kit starts its keeper too, once for all files.
 * - warm: with everything loaded; a server of its own each time. Of that, ready: until the server
 *   counts as started, for a kit without the making of the sandbox.
 * By turns, so that a busy moment of the machine meets both.
 *
 * Usage: pnpm bench containers [kit…] [--rounds=5] [--warm=3]
 */

const all = ['postgres', 'redis', 'rabbitmq', 's3'];
const sides = ['kit', 'testcontainers'] as const;
type Side = (typeof sides)[number];
type Times = Record<Side, number[]>;

async function main(): Promise<void> {
  const args = process.argv.slice(2).filter((arg) => arg !== '--');
  const number = (name: string, standard: number) =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? standard);
  const [rounds, warmRounds] = [number('rounds', 5), number('warm', 3)];
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  const rows: Comparison[] = [];
  for (const kit of wanted.length ? wanted : all) {
    const cold: Times = { kit: [], testcontainers: [] };
    const warm: Times = { kit: [], testcontainers: [] };
    const ready: Times = { kit: [], testcontainers: [] };
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 ? sides : [...sides].reverse();
      const samples = new Map<Side, Sample>();
      for (const side of order) {
        const sample = new Sample(side, kit);
        samples.set(side, sample);
        cold[side].push((await sample.times()).query);
      }
      for (let again = 0; again < warmRounds; again++) {
        for (const side of order) {
          const sample = samples.get(side)!;
          sample.go();
          const times = await sample.times();
          await sample.stopped();
          warm[side].push(times.query);
          ready[side].push(times.ready);
        }
      }
      for (const sample of samples.values()) await sample.end();
    }
    rows.push(row(`${kit}, ready`, ready), row(`${kit}, warm`, warm), row(`${kit}, cold`, cold));
  }
  report('Containers, from start to first query', rows);
}

function row(what: string, times: Times): Comparison {
  const against = 'Testcontainers';
  return { what, ms: median(times.kit), against, base: median(times.testcontainers), target: 1 };
}

/** A process that measures. */
class Sample {
  private readonly workspace = mkdtempSync(join(tmpdir(), 'seamkit-bench-'));
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(side: Side, kit: string) {
    this.child = spawn(process.execPath, [join(__dirname, 'containers-sample.js'), side, kit], {
      env: {
        ...process.env,
        SEAMKIT_WORKSPACE: this.workspace,
        SEAMKIT_RUNTIME: 'container',
        SEAMKIT_LINGER: '500',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  async times(): Promise<{ query: number; ready: number }> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error('a sample failed');
    const [query, ready] = value.split(' ').map(Number) as [number, number];
    return { query, ready };
  }

  /** The last server's end, so that its removal costs the other side nothing. */
  async stopped(): Promise<void> {
    const { done } = await this.lines.next();
    if (done) throw new Error('a sample failed');
  }

  go(): void {
    this.child.stdin!.write('\n');
  }

  async end(): Promise<void> {
    const exit = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin!.end();
    await exit;
    rmSync(this.workspace, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
