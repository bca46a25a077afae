import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { open, use } from '@seamkit/core';
import { file, files } from '@seamkit/files';
import { snapshot } from './folder';

// A file whose service makes folders, writes and listens in `beforeAll`.

const big = 'x'.repeat(300_000);
const env = use({
  it: files({
    fixture: {
      'untouched.txt': 'a',
      'changed.txt': 'a',
      'removed.txt': 'a',
      linked: 'a',
      'big.bin': big,
      old: { 'deep.txt': 'a' },
      'run.sh': file('#!/bin/sh\n', { mode: 0o755 }),
    },
  }),
});

const at = (name: string) => join(env.it.path, name);
const printed: string[] = [];
let log: number;
let server: Server;
let before: Record<string, unknown>;

beforeAll(async () => {
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  writeFileSync(at('changed.txt'), 'by a hook');
  unlinkSync(at('removed.txt'));
  renameSync(at('old'), at('new'));
  mkdirSync(at('uploads/today'), { recursive: true });
  writeFileSync(at('uploads/today/large.bin'), big);
  chmodSync(at('run.sh'), 0o700);
  linkSync(at('linked'), at('second name'));
  symlinkSync('changed.txt', at('link'));
  log = openSync(at('app.log'), 'a');
  server = createServer((socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(at('sock'), resolve));
});

afterAll(() => {
  jest.restoreAllMocks();
  server.close();
});

describe.each([1, 2, 3])('round %i', () => {
  test('what the hooks did is there', async () => {
    const now = snapshot(env.it.path);
    before ??= now;
    expect(less(now)).toEqual(less(before));
    const was = new Map(mtimes(before));
    for (const [name, time] of mtimes(now)) {
      expect(Math.abs(Number(time - was.get(name)!))).toBeLessThan(2_000); // to the microsecond
    }
    expect(env.it.changes()).toEqual([]);
    expect(env.it.list()).toEqual([
      ...['app.log', 'big.bin', 'changed.txt', 'link', 'linked', 'new/', 'new/deep.txt', 'run.sh'],
      ...['second name', 'sock', 'untouched.txt'],
      ...['uploads/', 'uploads/today/', 'uploads/today/large.bin'],
    ]);
    expect(env.it.text('link')).toBe('by a hook');
  });

  test('the service’s files are open, and it listens', async () => {
    writeSync(log, 'a line');
    expect(env.it.text('app.log')).toBe('a line');
    const answer = await new Promise((resolve) =>
      connect(at('sock')).on('data', (data) => resolve(data.toString())),
    );
    expect(answer).toBe('hello');
  });

  test('(everything changes)', () => {
    appendFileSync(at('second name'), 'more');
    writeFileSync(at('changed.txt'), 'by a test');
    rmSync(at('uploads'), { recursive: true });
    rmSync(at('new'), { recursive: true });
    writeFileSync(at('removed.txt'), 'again');
    chmodSync(at('run.sh'), 0o644);
    writeFileSync(at('more'), '');
  });
});

describe('what a hook closes after its test', () => {
  let left: number;
  afterEach(() => closeSync(left));
  test.each([1, 2])('is open in it (%i)', () => {
    left = openSync(at('changed.txt'), 'r');
  });
});

test('nobody is warned of what hooks opened, or closed', () => {
  expect(printed).toEqual([]);
});

test('only what differs is copied', async () => {
  await using own = await open({ it: files({ fixture: { 'one.bin': big, 'two.bin': big } }) });
  const store = join(dirname(own.it.path), 'store');
  const copies = () =>
    readdirSync(store)
      .filter((name) => name !== 'clock')
      .map((name) => statSync(join(store, name)).ino);
  const [first] = copies();
  await own.setBaseline();
  expect(copies()).toHaveLength(2);
  own.it.write('two.bin', `${big}!`);
  await own.setBaseline();
  expect(copies()).toHaveLength(2); // that of before is gone
  expect(copies()).toContain(first);
  own.it.writeTree({ 'one.bin': 'a', 'two.bin': 'b' });
  await own.reset();
  expect(own.it.text('two.bin')).toBe(`${big}!`);
  expect(own.it.text('one.bin')).toBe(big);
});

test('what is watched is not touched', async () => {
  await using own = await open({ it: files() });
  own.it.write('seed', 'a');
  const look = () => statSync(own.it.resolve('seed'), { bigint: true });
  const seen = look();
  await own.setBaseline();
  expect(look()).toEqual(seen);
});

test('a socket of the hooks that a test removes is a baseline that is lost', async () => {
  await using own = await open({ it: files() });
  const listening = createServer();
  await new Promise<void>((resolve) => listening.listen(join(own.it.path, 'sock'), resolve));
  await own.setBaseline();
  await own.reset();
  unlinkSync(join(own.it.path, 'sock'));
  await expect(own.reset()).rejects.toMatchObject({
    code: 'BASELINE_LOST',
    message: expect.stringContaining("'sock', a socket, a pipe or a device of the file's hooks"),
  });
  listening.close();
});

test('faults that hooks asked for end before the first test, and that is told', async () => {
  await using own = await open({ it: files({ fixture: { 'a.txt': 'a' } }) });
  own.it.deny('a.txt');
  printed.length = 0;
  await own.setBaseline();
  expect(own.it.text('a.txt')).toBe('a');
  expect(printed.join('')).toMatch(/it: its faults ended with setBaseline/);
});

/** Less access times, which move where the test reads, and the times in `mtimes`. */
function less(entries: Record<string, any>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, { atimeNs: _, mtimeNs: __, ...rest }]) => [name, rest]),
  );
}

/** In ns, less the socket's. */
function mtimes({ sock: _, ...entries }: Record<string, any>): [string, bigint][] {
  return Object.entries(entries).map(([name, { mtimeNs }]) => [name, mtimeNs]);
}
