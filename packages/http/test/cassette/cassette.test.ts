import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cassette, type CassetteOptions, openCassette } from '@seamkit/http';
import { interaction } from './interactions';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-cassette-'));
  file = join(folder, 'deep', 'payments.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (mode: CassetteOptions['mode'], match?: CassetteOptions['match']) =>
  openCassette({ file, mode, match });
const charges = 'https://api.stripe.com/v1/charges';

async function record(...interactions: ReturnType<typeof interaction>[]) {
  const cassette = await open('record');
  for (const item of interactions) cassette.record(item);
  await cassette.save();
}

function ask(cassette: Cassette, method: string, url: string, body?: unknown) {
  const answer = cassette.answer(interaction(method, url, { body }).request);
  return 'miss' in answer ? answer.miss : answer.response.body.toString();
}

test('a cassette is for people', async () => {
  await record(
    interaction(
      'POST',
      charges,
      {
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          Authorization: 'Bearer sk_test_abcdefghij',
        },
        body: 'amount=2000&currency=chf&tags=a&tags=b',
      },
      {
        status: 201,
        headers: { 'Content-Encoding': 'gzip', Date: 'now', Vary: ['A', 'B'] },
        body: { id: 'ch_1', paid: true, lines: ['first\nsecond\n'], big: 1, amount: 20.5 },
      },
    ),
    interaction(
      'GET',
      `${charges}/ch_1/receipt`,
      {},
      {
        headers: { 'content-type': 'image/png' },
        body: Buffer.from([137, 80, 78, 71, 0, 255]),
      },
    ),
    interaction('DELETE', charges, {}, { status: 204 }),
  );
  expect(readFileSync(file, 'utf8')).toBe(`\
# Recorded by Seamkit: edit what you like, secrets are replaced by REDACTED-….
version: 1
interactions:
  - request:
      method: POST
      url: https://api.stripe.com/v1/charges
      headers:
        authorization: Bearer REDACTED-authorization
        content-type: application/x-www-form-urlencoded
      form:
        amount: "2000"
        currency: chf
        tags:
          - a
          - b
    response:
      status: 201
      headers:
        content-type: application/json
        vary:
          - A
          - B
      json:
        id: ch_1
        paid: true
        lines:
          - |
            first
            second
        big: 1
        amount: 20.5

  - request:
      method: GET
      url: https://api.stripe.com/v1/charges/ch_1/receipt
    response:
      status: 200
      headers:
        content-type: image/png
      base64: iVBORwD/

  - request:
      method: DELETE
      url: https://api.stripe.com/v1/charges
    response:
      status: 204
`);
});

test.each([
  ['an empty text', 'text/plain', ''],
  ['text of all kinds of white space', 'text/plain', ' a\r\n\tb  \n\n\n c\u2028: #x\n'],
  ['text that looks like something else', 'text/plain', 'yes'],
  ['text that looks like YAML', 'text/plain', '--- \n- !!js *a &b\n%TAG\n'],
  ['JSON null', 'application/json', 'null'],
  ['JSON text', 'application/json', '"2024-01-01"'],
  [
    'JSON with numbers beyond doubles',
    'application/json',
    '{"id":12345678901234567890,"n":[-9007199254740993,1]}',
  ],
  [
    'JSON with strange keys',
    'application/json',
    '{"__proto__":{"a":1},"":2,"<<":3,"a: b":"~","on":"null"}',
  ],
  [
    'JSON with strange text',
    'application/json',
    JSON.stringify({
      a: '\ud800',
      b: '\u0000\u0007',
      c: '\\u0041',
      d: '0x1f',
      e: '1_000',
      f: '12:30',
    }),
  ],
  ['invalid JSON', 'application/json', '{"a":'],
  ['a form', 'application/x-www-form-urlencoded', 'a=1+2&a=&b=%26%3D&c='],
])('%s comes back as it was', async (_, type, body) => {
  const headers = { 'content-type': type };
  await record(interaction('GET', charges, {}, { headers, body }));
  expect(ask(await open('replay'), 'GET', charges)).toBe(body);
});

test('bytes and multipart bodies come back as they were, but for the boundary', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  const body = Buffer.concat([
    Buffer.from(
      '--q\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n',
    ),
    bytes,
    Buffer.from('\r\n--q\r\nContent-Disposition: form-data; name="t"\r\n\r\n\r\n--q--\r\n'),
  ]);
  const headers = { 'content-type': 'multipart/form-data; boundary="q"' };
  await record(interaction('POST', charges, { headers, body }, { headers, body }));
  const cassette = await open('replay');
  const again = body.toString('latin1').replaceAll('--q', '--other');
  const other = interaction('POST', charges, {
    headers: { 'content-type': 'multipart/form-data; boundary=other' },
    body: Buffer.from(again, 'latin1'),
  });
  const answer = cassette.answer(other.request);
  expect(answer).toMatchObject({ response: { status: 200 } });
  const { response } = answer as { response: typeof other.response };
  const boundary = /boundary=(\S+)/.exec(response.headers[0]![1])![1];
  expect(response.body.toString('latin1').toLowerCase()).toBe(
    body.toString('latin1').toLowerCase().replaceAll('--q', `--${boundary}`),
  );
});

describe('a request matches', () => {
  const recorded = interaction(
    'POST',
    `${charges}?b=2&a=1`,
    {
      headers: { 'x-tenant': 'one', 'content-type': 'application/json' },
      body: '{"amount": 1, "nonce": "x1", "card": {"cvc": "123"}}',
    },
    { body: 'yes' },
  );

  beforeEach(() => record(recorded));

  test.each([
    [
      'whatever the order of members and parameters',
      `${charges}?a=1&b=2`,
      { nonce: 'x1', card: { cvc: '123' }, amount: 1 },
    ],
    [
      'whatever the value of a secret',
      `${charges}?a=1&b=2`,
      { amount: 1, nonce: 'x1', card: { cvc: '999' } },
    ],
    [
      'what was replaced already',
      `${charges}?a=1&b=2`,
      { amount: 1, nonce: 'x1', card: { cvc: 'REDACTED-other' } },
    ],
  ])('%s', async (_, url, body) => {
    expect(ask(await open('replay'), 'POST', url, body)).toBe('yes');
  });

  test.each([
    ['the method', 'PUT', `${charges}?a=1&b=2`, undefined, 'method: recorded POST, got PUT'],
    [
      'the path',
      'POST',
      `${charges}/x?a=1&b=2`,
      undefined,
      'path: recorded /v1/charges, got /v1/charges/x',
    ],
    [
      'the origin',
      'POST',
      'https://api.other.com/v1/charges?a=1&b=2',
      undefined,
      'origin: recorded https://api.stripe.com, got https://api.other.com',
    ],
    ['the query', 'POST', `${charges}?a=1`, undefined, 'query b: recorded "2", missing'],
    [
      'a value',
      'POST',
      `${charges}?a=1&b=2`,
      { amount: 2, nonce: 'x1', card: { cvc: '1' } },
      'body /amount: recorded 1, got 2',
    ],
    [
      'the type of a value',
      'POST',
      `${charges}?a=1&b=2`,
      { amount: '1', nonce: 'x1', card: { cvc: '1' } },
      'body /amount: recorded 1, got "1"',
    ],
    [
      'one more member',
      'POST',
      `${charges}?a=1&b=2`,
      { amount: 1, nonce: 'x1', card: { cvc: '1' }, z: [] },
      'body /z: not recorded, got []',
    ],
  ])('not when it differs in %s, and says so', async (_, method, url, body, difference) => {
    const same = { amount: 1, nonce: 'x1', card: { cvc: '1' } };
    const miss = ask(await open('replay'), method, url, body ?? same);
    expect(miss.split('\n').slice(1)).toEqual([
      `nearest: interaction 1, POST ${charges}?b=2&a=1`,
      `  ${difference}`,
    ]);
  });

  test('as much as the options say', async () => {
    const url = `${charges}?a=9`;
    expect(ask(await open('replay', { body: false, query: false }), 'POST', url)).toBe('yes');
    const ignore = ['nonce', 'b'];
    const body = { amount: 1, nonce: 'x2', card: { cvc: '1' } };
    expect(ask(await open('replay', { ignore }), 'POST', `${charges}?a=1&b=7`, body)).toBe('yes');
    const headers = ['X-Tenant'];
    expect(
      ask(await open('replay', { headers }), 'POST', `${charges}?a=1&b=2`, {
        ...body,
        nonce: 'x1',
      }),
    ).toContain('header x-tenant: recorded "one", missing');
  });
});

test('a miss holds no secret', async () => {
  await record(interaction('POST', charges, { body: { a: 1 } }));
  const cassette = await open('replay');
  const { request } = interaction('POST', `${charges}?api_key=hunter2`, {
    body: { a: 2, password: 'hunter2', note: 'sk_live_abcdefghijklm' },
  });
  const answer = cassette.answer(request) as { miss: string };
  expect(answer.miss).toContain('a: recorded 1, got 2');
  expect(answer.miss).not.toMatch(/hunter2|sk_live/);
  expect(cassette.redact('GET failed: password=hunter2')).toBe(
    'GET failed: password=REDACTED-password',
  );
});

describe('equal requests', () => {
  beforeEach(() =>
    record(
      interaction('GET', `${charges}/1`, {}, { body: 'pending' }),
      interaction('GET', `${charges}/2`, {}, { body: 'other' }),
      interaction('GET', `${charges}/1`, {}, { body: 'paid' }),
    ),
  );

  test('are answered in the order recorded, each once, and again after rewind', async () => {
    const cassette = await open('replay');
    for (let round = 0; round < 2; round++) {
      expect(ask(cassette, 'GET', `${charges}/1`)).toBe('pending');
      expect(ask(cassette, 'GET', `${charges}/1`)).toBe('paid');
      expect(ask(cassette, 'GET', `${charges}/2`)).toBe('other');
      expect(ask(cassette, 'GET', `${charges}/1`)).toContain(
        'it was answered already (recorded 2 times)',
      );
      cassette.rewind();
    }
  });

  test('in order: what was recorded earlier is not answered later', async () => {
    const cassette = await open('replay', { order: true });
    expect(ask(cassette, 'GET', `${charges}/2`)).toBe('other');
    expect(ask(cassette, 'GET', `${charges}/1`)).toBe('paid');
    expect(ask(cassette, 'GET', `${charges}/1`)).toContain('interaction');
    cassette.rewind();
    expect(ask(cassette, 'GET', `${charges}/1`)).toBe('pending');
  });
});

test('record adds, refresh forgets, and what did not change is not written', async () => {
  await record(interaction('GET', `${charges}/1`, {}, { body: 'one' }));
  await record(interaction('GET', `${charges}/2`, {}, { body: 'two' }));
  const before = readFileSync(file, 'utf8');
  const { mtimeMs, ino } = statSync(file);

  const recording = await open('record');
  expect(ask(recording, 'GET', `${charges}/1`)).toBe('one');
  await recording.save();
  expect(statSync(file)).toMatchObject({ mtimeMs, ino });

  const refresh = await open('refresh');
  expect(ask(refresh, 'GET', `${charges}/1`)).toContain('it is empty');
  await refresh.save();
  expect(readFileSync(file, 'utf8')).toBe(before);
  refresh.record(interaction('GET', `${charges}/1`, {}, { body: 'new' }));
  refresh.rewind();
  expect(ask(refresh, 'GET', `${charges}/1`)).toBe('new');
  await refresh.save();
  const replay = await open('replay');
  expect(replay.interactions.map(({ response }) => String(response.body))).toEqual(['new']);
  expect(readdirSync(join(folder, 'deep'))).toEqual(['payments.yaml']);
});

test('a cassette that cannot be written leaves the old one, and nothing beside it', async () => {
  await record(interaction('GET', charges));
  const before = readFileSync(file, 'utf8');
  const cassette = await open('record');
  cassette.record(interaction('GET', `${charges}/2`));
  jest.spyOn(require('node:fs/promises'), 'rename').mockRejectedValueOnce(new Error('no space'));
  const error = await cassette.save().catch((error) => error);
  expect(error).toMatchObject({ code: 'FOLDER_UNUSABLE' });
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(readdirSync(join(folder, 'deep'))).toEqual(['payments.yaml']);
  await cassette.save();
  expect(readFileSync(file, 'utf8')).not.toBe(before);
});

test.each([
  ['that is missing', undefined],
  ['that is no YAML', 'a: [b'],
  ['of another version', 'version: 9\ninteractions: []'],
  ['without interactions', 'version: 1'],
  [
    'with half an interaction',
    'version: 1\ninteractions:\n  - request: {method: GET, url: "http://a/"}',
  ],
  [
    'with a relative url',
    'version: 1\ninteractions:\n  - {request: {method: GET, url: /a}, response: {status: 200}}',
  ],
])('replay refuses a cassette %s', async (_, text) => {
  file = join(folder, 'a.yaml');
  if (text) writeFileSync(file, text);
  await expect(open('replay')).rejects.toMatchObject({
    code: 'STATE_INVALID',
    hint: expect.any(String),
  });
});

test.each([
  ['a mode', { mode: 'play' }],
  ['an option', { modes: 1 }],
  ['no file', { file: undefined }],
  ['a way to match', { match: { bodies: false } }],
  ['something to redact', { redact: { name: ['a'] } }],
])('%s that does not exist is refused', async (_, options) => {
  await expect(
    openCassette({ file, mode: 'record', ...options } as CassetteOptions),
  ).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  expect(existsSync(file)).toBe(false);
});

test('replay records nothing', async () => {
  await record(interaction('GET', charges));
  const cassette = await open('replay');
  expect(() => cassette.record(interaction('GET', charges))).toThrow(
    expect.objectContaining({ code: 'STATE_INVALID' }),
  );
});

test('a request that stands in the file to the letter and one that does not are counted together', async () => {
  const body = { amount: 5, currency: 'chf', note: 'key sk_test_abcdefghij' };
  const { amount, ...rest } = body;
  await record(
    interaction('POST', charges, { body }, { body: 'first' }),
    interaction('POST', charges, { body }, { body: 'second' }),
  );
  const cassette = await open('replay');
  const letters = { ...body, note: 'key REDACTED-key' };
  for (let round = 0; round < 2; round++) {
    expect(ask(cassette, 'POST', charges, letters)).toBe('first');
    expect(ask(cassette, 'POST', charges, { ...rest, amount })).toBe('second');
    expect(ask(cassette, 'POST', charges, letters)).toContain('(recorded 2 times)');
    cassette.rewind();
  }
});
