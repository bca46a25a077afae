import { open, SeamkitError } from '@seamkit/core';
import { keeperStatus } from '@seamkit/core/inspect';
import { shelf } from './shelf/kit';
import { until } from './until';
import { emptyWorkspace } from './workspace';

emptyWorkspace();

const failure = (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('it started');
    },
    (error) => error,
  );

test('a server that ends during its start: how, the command, its last lines, no secrets', async () => {
  const error = await failure(open({ it: shelf({ mood: 'exit' }) }));
  expect(error.code).toBe('START_FAILED');
  expect(error.message).toContain('exit code 3');
  expect(error.message).toContain('shelf-server.js');
  expect(error.log).toHaveLength(20);
  expect(error.log.at(-1)).toBe('line 30, password ***');
  expect(error.hint).toBeTruthy();
});

test('a server that never gets ready: the deadline, and nothing of it is left', async () => {
  const error = await failure(open({ it: shelf({ mood: 'hang', startTimeout: 300 }) }));
  expect(error.code).toBe('START_TIMEOUT');
  expect(error.message).toContain('300 ms');
  const { servers } = (await keeperStatus(process.env.SEAMKIT_WORKSPACE!))!;
  expect(servers.filter(({ state }) => state !== 'ended')).toEqual([]);
});

test('where one boundary fails, the others are given back', async () => {
  const error = await failure(open({ good: shelf(), bad: shelf({ mood: 'exit' }) }));
  expect(error.code).toBe('START_FAILED');
  await using env = await open({ good: shelf() });
  expect(env.good.url).toContain('127.0.0.1');
  const { servers } = (await keeperStatus(process.env.SEAMKIT_WORKSPACE!))!;
  expect(servers.find(({ state }) => state === 'running')).toMatchObject({ sandboxes: 1 });
});

test('a runtime that is forced and not available', async () => {
  process.env.SEAMKIT_SHELF_RUNTIME = 'container';
  try {
    const error = await failure(open({ it: shelf() }));
    expect(error).toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      hint: expect.stringContaining('process'),
    });
  } finally {
    delete process.env.SEAMKIT_SHELF_RUNTIME;
  }
});

test('external without a url, with a malformed one, and with one of another system', async () => {
  const missing = await failure(open({ it: shelf({ runtime: 'external' }) }));
  expect(missing).toMatchObject({
    code: 'RUNTIME_UNAVAILABLE',
    hint: expect.stringContaining('SEAMKIT_SHELF_URL'),
  });
  process.env.SEAMKIT_SHELF_URL = 'not a url';
  try {
    const malformed = await failure(open({ it: shelf({ runtime: 'external' }) }));
    expect(malformed).toMatchObject({
      code: 'URL_INVALID',
      hint: expect.stringContaining('shelf://'),
    });
    process.env.SEAMKIT_SHELF_URL = 'amqp://127.0.0.1:5672';
    const others = await failure(open({ it: shelf({ runtime: 'external' }) }));
    expect(others).toMatchObject({
      code: 'URL_INVALID',
      hint: expect.stringContaining('http://user'),
    });
  } finally {
    delete process.env.SEAMKIT_SHELF_URL;
  }
});

test('prepare has a deadline', async () => {
  const prepare = () => new Promise(() => {});
  const error = await failure(open({ it: shelf({ prepare, prepareTimeout: 100 }) }));
  expect(error.code).toBe('PREPARE_TIMEOUT');
});

test('where the server ends while its baseline is made, who waits for that hears of it', async () => {
  let leave!: () => void;
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const status = () => keeperStatus(process.env.SEAMKIT_WORKSPACE!);
  const server = async () => (await status())?.servers.at(-1);
  const options = { key: 'its server ends', setup: true, prepare: () => left };
  const opened = [1, 2].map(() => failure(open({ it: shelf(options) })));
  await until(
    async () => (await status())?.sessions === 2 && (await server())?.state === 'running',
    'both to have begun',
  );
  process.kill((await server())!.processes[0]!, 'SIGKILL');
  await until(async () => (await server())!.state === 'ended', 'its end');
  leave();
  for (const error of await Promise.all(opened)) expect(error).toBeInstanceOf(SeamkitError);
});

test('a server that is exclusive is shared with nobody, and ends with its holder', async () => {
  const first = await open({ it: shelf({ exclusive: true }) });
  await using second = await open({ it: shelf({ exclusive: true }) });
  expect(new URL(first.it.url).port).not.toBe(new URL(second.it.url).port);
  const { origin } = new URL(first.it.url);
  await first.close();
  await until(
    () =>
      fetch(origin).then(
        () => false,
        () => true,
      ),
    'the server of the first to end',
  );
});

test('two exclusive boundaries of one test file have a server each', async () => {
  await using env = await open({
    one: shelf({ exclusive: true }),
    other: shelf({ exclusive: true }),
  });
  expect(new URL(env.one.url).port).not.toBe(new URL(env.other.url).port);
});

test('a sandbox that is spent by each reset is replaced, by a spare one', async () => {
  await using env = await open({ it: shelf({ spend: true, spares: 1 }) });
  const before = env.it.name;
  await env.reset();
  expect(env.it.name).not.toBe(before);
});
