import { open } from '@seamkit/core';
import { keeperStatus } from '@seamkit/core/inspect';
import { caller, shelf } from './shelf/kit';
import { emptyWorkspace } from './workspace';

// One death is told once, with how and the last lines.

emptyWorkspace();

let told: string[];
beforeEach(() => {
  told = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((line) => {
    told.push(String(line));
    return true;
  });
});
afterEach(() => jest.restoreAllMocks());

async function killServer(signal: NodeJS.Signals): Promise<void> {
  const { servers } = (await keeperStatus(process.env.SEAMKIT_WORKSPACE!))!;
  process.kill(servers.findLast(({ state }) => state === 'running')!.processes[0]!, signal);
}

const names = Array.from({ length: 14 }, (_, index) => `it${index}`);
const fourteen = () => Object.fromEntries(names.map((name) => [name, shelf()]));

test('a server that dies under fourteen boundaries: its end, once, and all go on with a new one', async () => {
  await using env = await open(fourteen());
  await caller(env.it0!.url)('PUT', '/log', 'the last thing it said');
  const before = new URL(env.it0!.url).port;
  await killServer('SIGKILL');
  await env.reset();
  expect(told).toEqual([expect.stringContaining('[SERVER_ENDED]')]);
  expect(told[0]).toMatch(
    /shelf: the server ended: .*SIGKILL: it was killed, most likely since memory/,
  );
  expect(told[0]).toContain('| the last thing it said');
  expect(told[0]).toContain('dmesg');
  for (const name of names) {
    expect(new URL(env[name]!.url).port).not.toBe(before);
    await caller(env[name]!.url)('PUT', '/key', 'value');
  }
  await env.reset();
  expect(told).toHaveLength(1);
});

test('a second death is told again; one by another signal is not taken for want of memory', async () => {
  await using env = await open({ it: shelf() });
  for (const times of [1, 2]) {
    await killServer('SIGTERM');
    await env.reset();
    expect(told).toHaveLength(times);
    expect(told.at(-1)).toMatch(/shelf: the server ended: .* ended with SIGTERM \[SERVER_ENDED\]/);
    expect(told.at(-1)).not.toContain('memory');
  }
});

test('a server that dies after a reset failed, before another sandbox is open: the same', async () => {
  let broken = false;
  const trouble = async (step: string) => {
    if (step === 'disconnect') return;
    if (step === 'reset') broken = true;
    else if (broken) await killServer('SIGTERM');
    else return;
    broken = step === 'reset';
    throw new Error(`no ${step}`);
  };
  await using env = await open({ it: shelf({ trouble, key: 'trouble' }) });
  const before = new URL(env.it.url).port;
  await env.reset();
  expect(told).toEqual([expect.stringMatching(/shelf: the server ended: .* with SIGTERM/)]);
  expect(new URL(env.it.url).port).not.toBe(before);
});

test('what hooks wrote is lost with the server: each test after that hears so, until the file ends', async () => {
  const env = await open({ it: shelf({ key: 'lost' }) });
  await caller(env.it.url)('PUT', '/seed', 'of a hook');
  await env.setBaseline();
  await killServer('SIGTERM');
  const lost = {
    code: 'BASELINE_LOST',
    message: expect.stringMatching(/it: what this file's hooks wrote is lost.*SERVER_ENDED/s),
  };
  for (const _test of [1, 2]) await expect(env.reset()).rejects.toMatchObject(lost);
  await env.close();
  await using next = await open({ it: shelf({ key: 'lost' }) });
  expect(JSON.parse(await caller(next.it.url)('GET', ''))).toEqual([]);
});

test('a server that dies under the hooks of a file, before its first test: the same', async () => {
  await using env = await open({ it: shelf({ key: 'lost before' }) });
  await caller(env.it.url)('PUT', '/seed', 'of a hook');
  await killServer('SIGTERM');
  const lost = { code: 'BASELINE_LOST', cause: { code: 'SERVER_ENDED' } };
  for (const _test of [1, 2]) await expect(env.setBaseline()).rejects.toMatchObject(lost);
});

test('a server that dies while its baseline is made: that is the error, with what prepare said', async () => {
  const prepare = async (url: string) => {
    await killServer('SIGKILL');
    for (;;) await caller(url)('GET', '');
  };
  const opening = open({
    one: shelf({ prepare, key: 'dies' }),
    two: shelf({ prepare, key: 'dies' }),
  });
  const error = await opening.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toMatchObject({ code: 'SERVER_ENDED', cause: { code: 'PREPARE_FAILED' } });
  expect(error.message.match(/the server ended/g)).toHaveLength(1);
});
