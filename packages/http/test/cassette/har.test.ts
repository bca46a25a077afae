import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHar, openCassette, readHar, toHar, writeHar } from '@seamkit/http';
import { interaction } from './interactions';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-har-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const png = Buffer.from([137, 80, 78, 71, 0, 255]);
const session = [
  interaction(
    'POST',
    'https://api.example.com/login?next=%2F',
    {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'user=joe&password=hunter2',
    },
    {
      headers: {
        'content-encoding': 'gzip',
        'set-cookie': ['sid=abc123def; Path=/', 'a=; Path=/'],
      },
      body: { access_token: 'very-secret', name: 'Joë' },
    },
  ),
  interaction(
    'GET',
    'https://api.example.com/logo',
    {},
    { headers: { 'content-type': 'image/png' }, body: png },
  ),
  interaction(
    'GET',
    'https://api.example.com/old',
    {},
    { status: 301, headers: { location: '/new' } },
  ),
];

test('what is written is read again, without its secrets', async () => {
  const file = join(folder, 'a.har');
  await writeHar(file, session);
  const text = readFileSync(file, 'utf8');
  expect(text).not.toMatch(/hunter2|very-secret|abc123def/);
  const [login, logo, old] = await readHar(file);
  expect(login!.request).toMatchObject({ method: 'POST', url: session[0]!.request.url });
  expect(login!.request.body.toString()).toBe('user=joe&password=REDACTED-password');
  expect(JSON.parse(login!.response.body.toString())).toEqual({
    access_token: 'REDACTED-access_token',
    name: 'Joë',
  });
  expect(login!.response.headers.filter(([name]) => name === 'set-cookie')).toHaveLength(2);
  expect(logo!.response.body).toEqual(png);
  expect(old!.response).toMatchObject({ status: 301, headers: [['location', '/new']] });
  expect(toHar(await readHar(file))).toEqual(JSON.parse(text));
});

test('an archive has the members that HAR 1.2 asks for', () => {
  const { log } = toHar(session);
  expect(log).toMatchObject({ version: '1.2', creator: { name: 'seamkit', version: '1' } });
  expect(log.entries[0]).toEqual({
    startedDateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    time: 0,
    request: {
      method: 'POST',
      url: 'https://api.example.com/login?next=%2F',
      httpVersion: 'HTTP/1.1',
      headers: [{ name: 'content-type', value: 'application/x-www-form-urlencoded' }],
      queryString: [{ name: 'next', value: '/' }],
      cookies: [],
      headersSize: -1,
      bodySize: 35,
      postData: {
        mimeType: 'application/x-www-form-urlencoded',
        text: 'user=joe&password=REDACTED-password',
      },
    },
    response: expect.objectContaining({ status: 200, statusText: '', redirectURL: '' }),
    cache: {},
    timings: { send: 0, wait: 0, receive: 0 },
  });
  expect(log.entries[1]!.response.content).toEqual({
    size: 6,
    mimeType: 'image/png',
    encoding: 'base64',
    text: png.toString('base64'),
  });
});

test("a browser's archive becomes a cassette", async () => {
  const har = {
    log: {
      entries: [
        {
          request: {
            method: 'POST',
            url: 'https://api.example.com/a',
            httpVersion: 'http/2.0',
            headers: [
              { name: ':authority', value: 'api.example.com' },
              { name: 'Authorization', value: 'Bearer abcdefgh' },
              { name: 'content-length', value: '11' },
            ],
            postData: {
              mimeType: 'application/x-www-form-urlencoded',
              params: [{ name: 'a%20b', value: 'c+d' }],
            },
          },
          response: {
            status: 200,
            headers: [
              { name: 'content-encoding', value: 'br' },
              { name: 'content-type', value: 'application/json' },
            ],
            content: { size: 9, mimeType: 'application/json', text: '{"ok":true}' },
          },
        },
        { request: { method: 'GET', url: 'https://ads.example.com/' }, response: { status: 0 } },
      ],
    },
  };
  const archive = join(folder, 'b.har');
  writeFileSync(archive, `\ufeff${JSON.stringify(har)}`);
  const file = join(folder, 'a.yaml');
  const recording = await openCassette({ file, mode: 'record' });
  for (const item of await readHar(archive)) recording.record(item);
  await recording.save();
  expect(readFileSync(file, 'utf8')).not.toContain('abcdefgh');
  const replay = await openCassette({ file, mode: 'replay' });
  const { request } = interaction('POST', 'https://api.example.com/a', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a+b=c%20d',
  });
  expect(replay.answer(request)).toMatchObject({ response: { status: 200 } });
  expect(replay.interactions).toHaveLength(1);
});

test('what is no archive is refused', async () => {
  const file = join(folder, 'c.har');
  writeFileSync(file, '{');
  const refused = expect.objectContaining({ code: 'STATE_INVALID' });
  await expect(readHar(file)).rejects.toEqual(refused);
  await expect(readHar(join(folder, 'none.har'))).rejects.toEqual(refused);
  expect(() => fromHar({} as never)).toThrow(refused);
});
