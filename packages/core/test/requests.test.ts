import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { open } from '@seamkit/core';
import { keeperStatus } from '@seamkit/core/inspect';
import { keeperPaths } from '../dist/protocol/paths';
import { bodyLimit } from '../dist/protocol/requests';
import { caller, shelf } from './shelf/kit';
import { emptyWorkspace } from './workspace';

// The keeper's socket takes what the protocol allows. Whatever else comes is answered with a code,
// and the keeper goes on.

emptyWorkspace();

const workspace = () => process.env.SEAMKIT_WORKSPACE!;
const refused = { status: 500, answer: expect.objectContaining({ code: 'KEEPER_FAILED' }) };

/** What the keeper answers; of a stream that it has ended it. */
function post(path: string, body: string) {
  return new Promise<{ status?: number; answer: unknown }>((resolve, reject) => {
    const { socket } = keeperPaths(workspace());
    const headers = { 'content-type': 'application/json' };
    const call = request({ socketPath: socket, path, method: 'POST', headers, agent: false });
    call.once('error', reject);
    call.once('response', async (response) => {
      call.off('error', reject).on('error', () => {}); // it need not take what is still sent
      const answer = await text(response).then(JSON.parse, () => 'ended');
      resolve({ status: response.statusCode, answer });
    });
    call.end(body);
  });
}

const routes = [
  ...['/session', '/logs', '/ensure', '/lease', '/spare'],
  ...['/template', '/sandbox', '/release', '/hold'],
];

/** Bodies that no route takes, however well the session in them is. */
function wrongBodies(): string[] {
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const values = ['null', '5', '""', '[]', '{}', 'true', '-1', nested];
  const fields = [
    ...['runner', 'kit', 'follow', 'identity', 'start', 'server', 'template', 'spares'],
    ...['data', 'error', 'name', 'state', 'held', 'session'],
  ];
  const filled = (value: string) => `{${fields.map((name) => `"${name}":${value}`).join()}}`;
  const whole = values.filter((value) => value !== '{}');
  // Text is all that names a runner or a kit; the session of that name is none.
  return [...whole, ...values.filter((value) => value !== '""').map(filled), '', '{', '\0\0'];
}

test.each(routes)('%s answers what it does not take with a code', async (path) => {
  await using env = await open({ it: shelf() });
  const { pid, sessions } = (await keeperStatus(workspace()))!;
  for (const body of wrongBodies()) {
    expect([body.slice(0, 200), await post(path, body)]).toEqual([body.slice(0, 200), refused]);
  }
  expect(await keeperStatus(workspace())).toMatchObject({ pid, sessions });
  await caller(env.it.url)('PUT', '/key', 'value');
});

test('a session whose runner is no process identity harms nobody', async () => {
  await using env = await open({ it: shelf() });
  const { pid } = (await keeperStatus(workspace()))!;
  expect(await post('/session', '{"runner":5}')).toEqual(refused);
  // As text it names nobody who runs: the keeper ends the session when it looks for such.
  expect(await post('/session', '{"runner":"5"}')).toMatchObject({ status: 200, answer: 'ended' });
  expect(await keeperStatus(workspace())).toMatchObject({ pid, sessions: 1 });
  await caller(env.it.url)('PUT', '/key', 'value');
});

test('a body that is too large is refused while it is being sent', async () => {
  await using env = await open({ it: shelf() });
  const { pid } = (await keeperStatus(workspace()))!;
  const body = `{"session":"${'x'.repeat(bodyLimit)}"}`;
  const answered = await post('/lease', body).catch(({ code }) => code);
  // Who is still sending may find the connection closed before it reads why.
  if (!['EPIPE', 'ECONNRESET'].includes(answered as string)) {
    expect(answered).toEqual({
      status: 500,
      answer: expect.objectContaining({ summary: expect.stringContaining(`${bodyLimit} bytes`) }),
    });
  }
  expect(await keeperStatus(workspace())).toMatchObject({ pid });
  await caller(env.it.url)('PUT', '/key', 'value');
});

test.each(['/', '/constructor', '/__proto__', '/session/..'])('there is no %s', async (path) => {
  await using _env = await open({ it: shelf() });
  expect(await post(path, '{}')).toEqual(refused);
});
