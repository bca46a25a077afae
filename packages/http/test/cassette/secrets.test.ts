import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Interaction } from '@seamkit/http';
import { type CassetteOptions, openCassette } from '@seamkit/http';
import { fromEntry, toEntry } from '../../dist/cassette/entry';
import { Redactor } from '../../dist/cassette/redactor';
import { interaction } from './interactions';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-cassette-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const random = (length: number) =>
  randomBytes(length * 2)
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, length);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const jwt = (claims: object) =>
  [{ alg: 'HS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat(random(43))
    .join('.');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const url = 'https://api.example.com/v1/things';
const multipart = (name: string, value: string) => ({
  headers: { 'content-type': 'multipart/form-data; boundary=x1' },
  body: `--x1\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--x1--\r\n`,
});

/** Each: a fresh secret, and an interaction that holds it in one place. */
const planted: [place: string, secret: string, plant: (secret: string) => Interaction][] = [
  [
    'authorization: bearer',
    random(40),
    (s) => interaction('GET', url, { headers: { Authorization: `Bearer ${s}` } }),
  ],
  [
    'authorization: basic',
    `user:${random(12)}`,
    (s) => interaction('GET', url, { headers: { authorization: `Basic ${base64(s)}` } }),
  ],
  [
    'an api key header',
    random(24),
    (s) => interaction('GET', url, { headers: { 'X-Api-Key': s } }),
  ],
  [
    'a cookie',
    random(24),
    (s) => interaction('GET', url, { headers: { cookie: `theme=dark; sid=${s}` } }),
  ],
  [
    'set-cookie',
    random(24),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        { headers: { 'set-cookie': [`sid=${s}; Path=/; HttpOnly`, 'a=b'] } },
      ),
  ],
  [
    'the userinfo of the url',
    random(10),
    (s) => interaction('GET', `https://joe:${s}@api.example.com/v1`),
  ],
  ['the query', random(20), (s) => interaction('GET', `${url}?access_token=${s}&page=2`)],
  [
    'the path, by shape',
    `123456789:AA${random(33)}`,
    (s) => interaction('GET', `https://api.example.com/bot${s}/getMe`),
  ],
  [
    'the path, by the segment before',
    randomBytes(16).toString('hex'),
    (s) => interaction('GET', `https://api.example.com/password-reset/${s}`),
  ],
  [
    'the url of a redirect',
    random(20),
    (s) =>
      interaction('GET', url, {}, { status: 302, headers: { location: `/callback?code=${s}` } }),
  ],
  [
    'a field of JSON',
    'hunter2',
    (s) => interaction('POST', url, { body: { user: 'joe', password: s } }),
  ],
  [
    'a deep field of JSON',
    random(12),
    (s) =>
      interaction('GET', url, {}, { body: { data: [{ credentials: { user: 'x', value: s } }] } }),
  ],
  [
    'JSON, by shape',
    `sk_live_${random(24)}`,
    (s) => interaction('GET', url, {}, { body: { note: `use ${s} to pay` } }),
  ],
  [
    'JSON in a string of JSON',
    random(12),
    (s) => interaction('GET', url, {}, { body: { raw: JSON.stringify({ token: s }) } }),
  ],
  ['a number', '4242424242424242', (s) => interaction('POST', url, { body: { n: Number(s) } })],
  [
    'a card in a form',
    '4000 0566 5566 5556',
    (s) =>
      interaction('POST', url, {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `card%5Bnumber%5D=${encodeURIComponent(s)}&amount=5`,
      }),
  ],
  [
    'a form',
    random(14),
    (s) =>
      interaction('POST', url, {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `grant_type=password&client_secret=${s}`,
      }),
  ],
  [
    'a part of a multipart form',
    random(14),
    (s) => interaction('POST', url, multipart('api_key', s)),
  ],
  [
    'a JSON part of a multipart form',
    random(14),
    (s) => interaction('POST', url, multipart('meta', JSON.stringify({ secret: s }))),
  ],
  [
    'a gzip body',
    jwt({ sub: 'joe' }),
    (s) =>
      interaction('GET', url, {}, { headers: { 'content-encoding': 'gzip' }, body: { jws: s } }),
  ],
  [
    'a br request body',
    `AKIA${'ABCDEFGHIJ234567'}`,
    (s) => interaction('POST', url, { headers: { 'content-encoding': 'br' }, body: { id: s } }),
  ],
  [
    'a deflate text',
    random(20),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        {
          headers: { 'content-encoding': 'deflate', 'content-type': 'text/plain' },
          body: `aws_secret_access_key = ${s}\n`,
        },
      ),
  ],
  [
    'a base64 body',
    random(20),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        { headers: { 'content-type': 'text/plain' }, body: base64(`{"token":"${s}"}`) },
      ),
  ],
  [
    'a folded base64 body',
    random(20),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        {
          headers: { 'content-type': 'text/plain' },
          body: base64(`{"some":"padding to make it long","token":"${s}"}`).replace(
            /.{30}/g,
            '$&\r\n',
          ),
        },
      ),
  ],
  [
    'base64 in JSON',
    random(20),
    (s) => interaction('GET', url, {}, { body: { file: base64(`password: ${s}\nuser: joe`) } }),
  ],
  [
    'base64 in base64 in JSON',
    random(20),
    (s) =>
      interaction('GET', url, {}, { body: { file: base64(base64(`password: ${s}\nuser: joe`)) } }),
  ],
  [
    'gzip in base64 in JSON',
    random(20),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        { body: { file: gzipSync(`password: ${s}\n`).toString('base64') } },
      ),
  ],
  [
    'a gzip file',
    random(20),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        { headers: { 'content-type': 'application/gzip' }, body: gzipSync(`password: ${s}\n`) },
      ),
  ],
  [
    'bytes',
    `ghp_${random(36)}`,
    (s) =>
      interaction(
        'GET',
        url,
        {},
        {
          body: Buffer.concat([Buffer.from([0, 255, 1]), Buffer.from(` ${s} `), Buffer.from([0])]),
        },
      ),
  ],
  [
    'UTF-16',
    random(20),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        {
          headers: { 'content-type': 'text/plain; charset=utf-16le' },
          body: Buffer.from(`password=${s}`, 'utf16le'),
        },
      ),
  ],
  [
    'a private key',
    pem.split('\n')[1]!,
    () => interaction('GET', url, {}, { body: { data: pem } }),
  ],
  [
    'a private JWK',
    privateKey.export({ format: 'jwk' }).d!,
    () => interaction('GET', url, {}, { body: { keys: [privateKey.export({ format: 'jwk' })] } }),
  ],
  [
    'hex in JSON',
    random(12),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        { body: { dump: Buffer.from(`password: ${s}\n`).toString('hex') } },
      ),
  ],
  [
    'a percent-encoded url in text',
    random(12),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        {
          headers: { 'content-type': 'text/plain' },
          body: `see https%3A%2F%2Fjoe%3A${s}%40example.com%2F`,
        },
      ),
  ],
  [
    'JSON in text, with its line breaks escaped',
    random(12),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        { headers: { 'content-type': 'text/plain' }, body: `log: "first\\npassword: ${s}\\nlast"` },
      ),
  ],
  [
    'the text of an error',
    random(9),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        { status: 401, headers: { 'content-type': 'text/plain' }, body: `Invalid API key: ${s}` },
      ),
  ],
  [
    'XML',
    random(9),
    (s) =>
      interaction('POST', url, {
        headers: { 'content-type': 'text/xml' },
        body: `<a:Login><a:Password>${s}</a:Password></a:Login>`,
      }),
  ],
  [
    'HTML',
    random(9),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        {
          headers: { 'content-type': 'text/html' },
          body: `<meta name="csrf-token" content="${s}">`,
        },
      ),
  ],
  [
    'a connection string',
    random(9),
    (s) => interaction('GET', url, {}, { body: { dsn: `postgres://app:${s}@db/app` } }),
  ],
  [
    'server-sent events',
    random(12),
    (s) =>
      interaction(
        'GET',
        url,
        {},
        {
          headers: { 'content-type': 'text/event-stream' },
          body: `data: {"a":1}\n\ndata: {"session_token":"${s}"}\n\n`,
        },
      ),
  ],
  [
    'a random value of a field named key',
    random(32),
    (s) => interaction('GET', url, {}, { body: { publishableKey: s } }),
  ],
  [
    'a pair of name and value',
    random(9),
    (s) => interaction('GET', url, {}, { body: { env: [{ name: 'DB_PASSWORD', value: s }] } }),
  ],
];

test.each(planted)('a secret in %s does not reach the file', async (_, secret, plant) => {
  const file = await recorded([plant(secret)]);
  expect(holds(file, secret)).toBe(false);
});

test.each([
  [
    'cookies keep their names',
    'cookie',
    'theme=dark; sid=abc',
    'theme=REDACTED-cookie; sid=REDACTED-cookie',
  ],
  [
    'and their attributes',
    'set-cookie',
    'sid=abc; Path=/; HttpOnly',
    'sid=REDACTED-cookie; Path=/; HttpOnly',
  ],
  ['a cookie that ends stays', 'set-cookie', 'sid=; Max-Age=0', 'sid=; Max-Age=0'],
  ['credentials keep their scheme', 'authorization', 'Bearer abc', 'Bearer REDACTED-authorization'],
  ['but nothing else', 'authorization', 'abc def', 'REDACTED-authorization'],
  [
    'urls keep their spelling',
    'location',
    '/a%20b?x=1+2&token=a%2Fb%20c#state=ok',
    '/a%20b?x=1+2&token=REDACTED-token#state=ok',
  ],
  [
    'links too',
    'link',
    '</a?page=2&api_key=a%20b>; rel="next"',
    '</a?page=2&api_key=REDACTED-api_key>; rel="next"',
  ],
])('%s: %s', (_, name, value, expected) => {
  const { response } = toEntry(
    interaction('GET', url, {}, { headers: { [name]: value } }),
    new Redactor(),
  );
  expect(response.headers).toEqual({ [name]: expected });
});

test('a session with all of them holds none', async () => {
  expect(planted.length).toBeGreaterThanOrEqual(20);
  const file = await recorded(planted.map(([, secret, plant]) => plant(secret)));
  for (const [place, secret] of planted) {
    expect([place, holds(file, secret)]).toEqual([place, false]);
  }
});

test('what is redacted stays the same when it is redacted again', () => {
  const redactor = new Redactor();
  for (const [, secret, plant] of planted) {
    const once = toEntry(plant(secret), redactor);
    expect(toEntry(fromEntry(once), redactor)).toEqual(once);
  }
});

test('what is no secret stays', async () => {
  const body = {
    id: 'ch_3MmlLrLkdIwHu7ix0snN0B15',
    token_type: 'bearer',
    max_tokens: 500,
    password_required: true,
    created: 1690000000000,
    url: 'https://example.com/a/b?page=2&sort=name',
    text: 'The token of our esteem: a basic introduction to photosynthesis',
    key: 'photos/2024/summer.jpg',
    order: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    big: 'x',
  };
  const headers = {
    etag: '"33a64df551425fcc55e4d42a148795d9f25f89d4"',
    'x-request-id': 'req_Ab12Cd34Ef56',
  };
  const { response } = toEntry(interaction('GET', url, {}, { headers, body }), new Redactor());
  expect(response.json).toEqual({ ...body, text: expect.stringContaining('photosynthesis') });
  expect(response.headers).toMatchObject(headers);
});

describe('a known secret', () => {
  // Nothing about it looks like a secret.
  const secret = 'correct/horse "battery" stäple';
  const secrets = { horse: secret };
  const places: [string, unknown][] = [
    ['plain', secret],
    ['url-encoded', encodeURIComponent(secret)],
    ['form-encoded', new URLSearchParams({ a: secret }).toString()],
    ['base64', base64(secret)],
    ['base64 with neighbours', base64(`ab${secret}cdefgh`)],
    ['base64 with one more neighbour', base64(`abc${secret}cdefgh`)],
    [
      'base64url of bytes',
      Buffer.concat([Buffer.from([0, 200, 1, 250]), Buffer.from(secret)]).toString('base64url'),
    ],
    ['hex at an odd place', `x: f${Buffer.from(secret).toString('hex')}`],
    ['hex', Buffer.from(secret).toString('hex').toUpperCase()],
    ['JSON', { a: JSON.stringify({ deep: JSON.stringify([secret]) }) }],
    ['a key of JSON', { [secret]: 1 }],
    ['gzip in base64', { a: gzipSync(secret).toString('base64') }],
    ['XML', `<a>${secret.replaceAll('"', '&quot;')}</a>`],
  ];

  test.each(places)('is replaced where it is %s', async (_, body) => {
    const file = await recorded([interaction('POST', url, { body }, { body })], { secrets });
    expect(holds(file, secret)).toBe(false);
    expect(holds(file, 'REDACTED-horse')).toBe(true);
  });

  test('is replaced in the url and in headers', async () => {
    const at = `https://api.example.com/${encodeURIComponent(secret)}/x?q=${encodeURIComponent(secret)}`;
    const headers = { 'x-note': base64(secret) };
    const file = await recorded([interaction('GET', at, { headers })], { secrets });
    expect(holds(file, secret)).toBe(false);
  });

  test.each([
    ['broken by lines', `see: correct/horse\n   "battery"\n   stäple`],
    [
      'in other letters',
      { a: 'CORRECT/horse "batt', b: ['x'], c: `Correct/ Horse "Battery" Stäple` },
    ],
    ['in UTF-16 in base64', { a: Buffer.from(secret, 'utf16le').toString('base64') }],
  ])('that is left, %s, refuses the recording', async (_, body) => {
    const cassette = await openCassette({ file: join(folder, 'a.yaml'), mode: 'record', secrets });
    expect(() => cassette.record(interaction('POST', url, { body }))).toThrow(
      expect.objectContaining({
        code: 'EXPECTATION_FAILED',
        summary: expect.stringContaining('horse'),
      }),
    );
    await cassette.save();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('named by its environment variable', async () => {
    process.env.SEAMKIT_TEST_PLAIN = 'swordfish!';
    try {
      const secrets = ['SEAMKIT_TEST_PLAIN'];
      const file = await recorded([interaction('GET', url, {}, { body: 'say swordfish!' })], {
        secrets,
      });
      expect(file).toContain('say REDACTED-SEAMKIT_TEST_PLAIN');
    } finally {
      delete process.env.SEAMKIT_TEST_PLAIN;
    }
  });

  test('of the environment is known without being named', async () => {
    process.env.SEAMKIT_TEST_TOKEN = 'q7Rz1LmX9vKp3TnW';
    try {
      const file = await recorded([interaction('GET', url, {}, { body: 'x q7Rz1LmX9vKp3TnW y' })]);
      expect(file).toContain('x REDACTED-SEAMKIT_TEST_TOKEN y');
    } finally {
      delete process.env.SEAMKIT_TEST_TOKEN;
    }
  });

  test.each([
    ['not set', ['SEAMKIT_NOT_SET']],
    ['a value among names', ['sk-live value']],
    ['too short', { pin: '1234' }],
    ['without a value', { horse: undefined }],
  ])('that is %s is refused before anything is recorded', async (_, secrets) => {
    const options = { file: join(folder, 'a.yaml'), mode: 'record', secrets } as CassetteOptions;
    const error = await openCassette(options).catch((error) => error);
    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    expect(error.message).not.toContain('sk-live');
  });
});

test('the user names more secrets, and fewer', async () => {
  const body = { license_no: 'L-1', next_page_token: 'abc', note: 'ACME-77 here' };
  const redact = { names: ['License_No'], patterns: [/ACME-\d+/], keep: ['next_page_token'] };
  const { response } = toEntry(interaction('GET', url, {}, { body }), new Redactor(redact));
  expect(response.json).toEqual({
    license_no: 'REDACTED-license_no',
    next_page_token: 'abc',
    note: 'REDACTED-custom here',
  });
});

test('a body that cannot be unpacked is refused: it could not be searched', async () => {
  const cassette = await openCassette({ file: join(folder, 'a.yaml'), mode: 'record' });
  const zstd = interaction('GET', url, {}, { body: Buffer.from([1, 2, 3]) });
  zstd.response.headers.push(['content-encoding', 'zstd']);
  expect(() => cassette.record(zstd)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  const broken = interaction('GET', url, {}, { body: Buffer.from('not gzip') });
  broken.response.headers.push(['content-encoding', 'gzip']);
  expect(() => cassette.record(broken)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});

async function recorded(interactions: Interaction[], options: Partial<CassetteOptions> = {}) {
  const file = join(folder, 'a.yaml');
  const cassette = await openCassette({ file, mode: 'record', ...options });
  for (const item of interactions) cassette.record(item);
  await cassette.save();
  return readFileSync(file, 'utf8');
}

/** Searches as a thief would, without any code of the kit. */
function holds(file: string, secret: string): boolean {
  const texts = [file];
  for (let depth = 0; depth < 3; depth++) {
    for (const text of [...texts]) {
      for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{12,}={0,2}/g)) {
        const bytes = Buffer.from(run, 'base64');
        const hex = Buffer.from(run, 'hex');
        for (const found of [bytes, hex, gunzipped(bytes)]) {
          for (const coding of ['utf8', 'utf16le'] as const) {
            const text = found.toString(coding);
            if (!texts.includes(text)) texts.push(text);
          }
        }
      }
    }
  }
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  return texts.some((text) => forms.some((form) => text.includes(form)));
}

function gunzipped(bytes: Buffer): Buffer {
  try {
    return require('node:zlib').gunzipSync(bytes);
  } catch {
    return Buffer.alloc(0);
  }
}
