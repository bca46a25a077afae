import { execFileSync } from 'node:child_process';
import {
  bare,
  bareUndici,
  type Contestant,
  mockAgent,
  mockttp,
  msw,
  nock,
  replay,
  type Start,
  stub,
} from './http-contestants';
import { median, report, timed } from './measure';

const requests = 2_000;
const warmUp = 500;

const contestants: Record<string, Start> = {
  bare,
  bareUndici,
  stub,
  replay: replay(warmUp + requests),
  msw,
  nock,
  mockAgent,
  mockttp,
};

/**
 * Median ms of one request to each of several contestants, by turns, request by request: whatever
 * else the machine does hits all of them alike.
 */
async function measure(all: readonly Contestant[], routes: readonly number[]): Promise<number[]> {
  const costs: number[][] = all.map(() => []);
  for (let n = 0; n < warmUp + requests; n++) {
    for (const [index, { ask }] of all.entries()) {
      const path = `/item/${n % routes[index]!}`;
      const cost = await timed(() => ask(path));
      if (n >= warmUp) costs[index]!.push(cost);
    }
  }
  return costs.map(median);
}

/** In a process of its own: these tools change Node's modules, and each other's. */
async function run(names: readonly string[]): Promise<void> {
  const parts = names.map((name) => name.split(':') as [string, string]);
  const routes = parts.map(([, count]) => Number(count));
  const all: Contestant[] = [];
  for (const [index, [name]] of parts.entries()) {
    all.push(await contestants[name]!(routes[index]!));
  }
  process.stdout.write(JSON.stringify(await measure(all, routes)));
  for (const contestant of all) await contestant.close();
}

function inChild(...names: string[]): number[] {
  const output = execFileSync(process.execPath, [__filename, ...names], { encoding: 'utf8' });
  return JSON.parse(output);
}

function main(): void {
  for (const name of ['stub', 'replay']) {
    const [plain, few, many] = inChild('bare:10', `${name}:10`, `${name}:1000`) as [
      number,
      number,
      number,
    ];
    report(`HTTP ${name}, one request through a real socket (node:http, sequential)`, [
      { what: `${name}, 10 routes`, ms: few, against: 'bare server', base: plain, target: 1.2 },
      { what: `${name}, 1,000 routes`, ms: many, against: 'bare server', base: plain, target: 1.2 },
      { what: `${name}, 1,000 routes`, ms: many, against: '10 routes', base: few, target: 1.1 },
    ]);
  }
  console.log('\nOthers, ms per request (each with a process of its own)');
  const [bareHttp] = inChild('bare:10') as [number];
  const [bareWithUndici] = inChild('bareUndici:10') as [number];
  console.log(`bare server: node:http ${bareHttp.toFixed(3)}, undici ${bareWithUndici.toFixed(3)}`);
  for (const name of ['msw', 'nock', 'mockAgent', 'mockttp']) {
    const costs = ['10', '1000'].map((count) => inChild(`${name}:${count}`)[0]!.toFixed(3));
    console.log(`${name.padEnd(10)} 10 routes ${costs[0]}, 1,000 routes ${costs[1]}`);
  }
}

const names = process.argv.slice(2);
if (names.length > 0) {
  run(names).then(
    () => process.exit(),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
} else main();
