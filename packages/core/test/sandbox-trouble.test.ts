import { open } from '@seamkit/core';
import { keeperStatus } from '@seamkit/core/inspect';
import { caller, type ShelfOptions, shelf } from './shelf/kit';
import { until } from './until';
import { emptyWorkspace } from './workspace';

// What fails to open takes nothing from anybody.

emptyWorkspace();

const sandboxes = async () =>
  (await keeperStatus(process.env.SEAMKIT_WORKSPACE!))!.servers.at(-1)!.sandboxes;

/** Names of all shelves on the server. */
async function shelves(url: string): Promise<string[]> {
  const server = new URL(url);
  server.pathname = '/';
  return JSON.parse(await caller(server.href)('GET', '/'));
}

/** Options of one template, and how often it was made. */
function template(key: string) {
  const made = { times: 0 };
  const prepare = () => {
    made.times++;
  };
  return { made, options: { key, prepare } satisfies ShelfOptions };
}

const failAt = (wanted: string) => (step: string) => {
  if (step === wanted) throw new Error(`no room to ${step}`);
};

test('where two boundaries of one template cannot be made, the error says why, and others keep theirs', async () => {
  const { made, options } = template('create fails');
  await using other = await open({ it: shelf(options) });
  const failing = shelf({ ...options, trouble: failAt('create') });
  await expect(open({ one: failing, two: failing })).rejects.toThrow(/^no room to create$/);
  expect(await sandboxes()).toBe(1);
  await caller(other.it.url)('PUT', '/key', 'value');
  await using next = await open({ it: shelf(options) });
  expect(next.it.name).not.toBe(other.it.name);
  expect(made.times).toBe(1);
});

test('a sandbox that was made and cannot be opened is removed', async () => {
  const { options } = template('open fails');
  await using other = await open({ it: shelf(options) });
  const before = await shelves(other.it.url);
  const opening = open({ it: shelf({ ...options, trouble: failAt('open') }) });
  await expect(opening).rejects.toThrow('no room to open');
  expect(await shelves(other.it.url)).toEqual(before);
  expect(await sandboxes()).toBe(before.filter((name) => /_s\d+$/.test(name)).length);
});

test('a reset that is never answered is given up: the sandbox is replaced, and the run goes on', async () => {
  process.env.SEAMKIT_RESET_TIMEOUT = '50';
  const told = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  let hangs = true;
  const trouble = (step: string) => {
    if (step === 'reset' && hangs) return new Promise(() => {});
  };
  const env = await open({ it: shelf({ trouble }) });
  try {
    const { name } = env.it;
    await env.reset();
    expect(env.it.name).not.toBe(name);
    expect(told.mock.calls.join()).toMatch(/did not answer a reset within 50 ms/);
  } finally {
    hangs = false;
    delete process.env.SEAMKIT_RESET_TIMEOUT;
    jest.restoreAllMocks();
    await env.close();
  }
});

test('a client that never closes does not hold up the end of a file', async () => {
  const trouble = (step: string) => {
    if (step === 'disconnect') return new Promise(() => {});
  };
  const env = await open({ it: shelf({ trouble }) });
  await env.close();
}, 30_000);

test('a prepare that takes too long is told to stop', async () => {
  let stopped: Error | undefined;
  const prepare = (_url: string, { signal }: { signal: AbortSignal }) =>
    new Promise<void>(() => {
      signal.addEventListener('abort', () => {
        stopped = signal.reason;
      });
    });
  const opening = open({ it: shelf({ prepare, prepareTimeout: 20, key: 'too long' }) });
  await expect(opening).rejects.toMatchObject({ code: 'PREPARE_TIMEOUT' });
  expect(stopped).toMatchObject({ code: 'PREPARE_TIMEOUT' });
});

test('a spare that cannot be made is not waited for: the next who looks makes one', async () => {
  const { options } = template('spare fails');
  let creating = 0;
  const trouble = (step: string) => {
    if (step === 'create' && ++creating === 2) throw new Error('no room for a spare');
  };
  await using env = await open({ it: shelf({ ...options, spares: 1, spend: true, trouble }) });
  await until(() => creating === 2, 'the spare to fail');
  await env.reset();
  await until(() => creating >= 4, 'another spare to be made');
});

test('a template that is gone from the server is made again, once, and others keep their sandboxes', async () => {
  const { made, options } = template('template gone');
  const other = await open({ it: shelf(options) });
  const server = new URL(other.it.url);
  server.pathname = '/';
  const templates = (await shelves(other.it.url)).filter((name) => /_t\d+$/.test(name));
  for (const name of templates) await caller(server.href)('DELETE', `/${name}`);
  const env = await open({ one: shelf(options), two: shelf(options) });
  expect(made.times).toBe(2);
  expect(env.one.name).not.toBe(env.two.name);
  await env.close();
  await other.close();
  expect(await sandboxes()).toBeGreaterThan(0);
});
