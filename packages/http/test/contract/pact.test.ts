import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyPact, type WritePactOptions, writePact } from '@seamkit/http';
import { interaction } from '../cassette/interactions';

let folder: string;
let server: Server;
let url: string;
/** What the service answers, and what it was asked. */
let order: unknown;
let answer: { status: number; type: string };
let asked: { line: string; headers: Record<string, unknown>; body: string }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-pact-'));
  order = {
    id: 7,
    total: 5.5,
    at: '2024-05-06T07:08:09.123Z',
    lines: [{ sku: 'b-1' }, { sku: 'c-2' }],
    extra: 1,
  };
  answer = { status: 200, type: 'application/json; charset=utf-8' };
  asked = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const line = `${request.method} ${request.url}`;
      asked.push({ line, headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(answer.status, { 'content-type': answer.type, 'x-total': '12' });
      response.end(JSON.stringify(order));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const matching: Record<2 | 3, object> = {
  2: {
    '$.headers.X-Total': { match: 'regex', regex: '^\\d+$' },
    '$.body.id': { match: 'type' },
    '$.body.total': { match: 'decimal' },
    '$.body.at': { timestamp: "yyyy-MM-dd'T'HH:mm:ss.SSSX" },
    '$.body.lines': { min: 1, match: 'type' },
    '$.body.lines[*].sku': { match: 'regex', regex: '^[a-z]-\\d$' },
  },
  3: {
    header: { 'X-Total': { matchers: [{ match: 'regex', regex: '^\\d+$' }] } },
    body: {
      '$.id': { matchers: [{ match: 'integer' }] },
      '$.total': { combine: 'OR', matchers: [{ match: 'null' }, { match: 'decimal' }] },
      '$.at': { matchers: [{ match: 'timestamp', timestamp: "yyyy-MM-dd'T'HH:mm:ss.SSSX" }] },
      '$.lines': { matchers: [{ match: 'type', min: 1, max: 2 }] },
      "$['lines'][*]['sku']": {
        matchers: [{ match: 'regex', regex: '^[a-z]-\\d$' }, { match: 'type' }],
      },
    },
  },
};

function pact(version: 2 | 3, change: (pact: any) => void = () => {}): string {
  const document = {
    consumer: { name: 'shop' },
    provider: { name: 'orders' },
    interactions: [
      {
        description: 'an order',
        ...(version === 2
          ? { providerState: 'order 1 exists' }
          : { providerStates: [{ name: 'order 1 exists', params: { id: 1 } }] }),
        request: {
          method: 'post',
          path: '/orders/1',
          query: version === 2 ? 'full=1&a=b' : { full: ['1'], a: ['b'] },
          headers: { 'X-Tenant': 'one' },
          body: { a: 1 },
        },
        response: {
          status: 200,
          headers: { 'Content-Type': 'application/json', 'X-Total': '3' },
          body: { id: 1, total: 9.5, at: '2020-01-01T00:00:00.000Z', lines: [{ sku: 'a-1' }] },
          matchingRules: structuredClone<any>(matching[version]),
        },
      },
    ],
    metadata: { pactSpecification: { version: `${version}.0.0` } },
  };
  change(document);
  const file = join(folder, 'pact.json');
  writeFileSync(file, JSON.stringify(document));
  return file;
}

describe.each([2, 3] as const)('a Pact of version %i', (version) => {
  test('is kept', async () => {
    const states: unknown[] = [];
    const found = await verifyPact(pact(version), `${url}/base/`, {
      headers: { authorization: 'Bearer live' },
      states: { 'order 1 exists': (params) => states.push(params) },
    });
    expect(found).toEqual([]);
    expect(states).toEqual([version === 2 ? {} : { id: 1 }]);
    expect(asked).toEqual([
      {
        line: 'POST /base/orders/1?full=1&a=b',
        headers: expect.objectContaining({
          'x-tenant': 'one',
          authorization: 'Bearer live',
          'content-type': 'application/json',
        }),
        body: '{"a":1}',
      },
    ]);
  });

  test.each<[string, () => void, string[]]>([
    [
      'another status',
      () => {
        answer.status = 201;
      },
      ['/status: must be 200, is 201'],
    ],
    [
      'another content type',
      () => {
        answer.type = 'text/json';
      },
      ['/headers/content-type: must be application/json, is text/json'],
    ],
    [
      'a field less',
      () => {
        order = { ...(order as object), id: undefined };
      },
      ['/body/id: is missing'],
    ],
    [
      'another type',
      () => {
        order = { ...(order as object), total: '5' };
      },
      ['/body/total: must be'],
    ],
    [
      'another pattern',
      () => {
        order = { ...(order as object), lines: [{ sku: 'a-1' }, { sku: 'x' }] };
      },
      ['/body/lines/1/sku: must match ^[a-z]-\\d$'],
    ],
    [
      'fewer items than the least',
      () => {
        order = { ...(order as object), lines: [] };
      },
      ['/body/lines: must have at least 1 items, has 0'],
    ],
    [
      'another date',
      () => {
        order = { ...(order as object), at: '06.05.2024' };
      },
      ["/body/at: must be a timestamp like yyyy-MM-dd'T'HH:mm:ss.SSSX"],
    ],
    [
      'no object',
      () => {
        order = [];
      },
      ['/body: must be object, is array'],
    ],
  ])('is broken by %s', async (_, change, expected) => {
    change();
    const found = await verifyPact(pact(version), url);
    expect(found.map(({ pointer, message }) => `${pointer}: ${message}`)).toEqual(
      expected.map((line) => expect.stringContaining(line)),
    );
    expect(found[0]!.interaction).toBe('an order, given order 1 exists');
  });
});

test('without rules values must be equal, and more members are fine', async () => {
  const file = pact(3, ({ interactions: [{ response }] }) => {
    response.matchingRules = undefined;
    response.body = { id: 7, lines: [{ sku: 'b-1' }] };
  });
  expect(
    (await verifyPact(file, url)).map(({ pointer, message }) => `${pointer}: ${message}`),
  ).toEqual(['/headers/x-total: must be 3, is 12', '/body/lines: must have 1 items, has 2']);
  order = { id: 8, lines: [{ sku: 'x' }] };
  expect(
    (await verifyPact(file, url)).map(({ pointer, message }) => `${pointer}: ${message}`),
  ).toEqual([
    '/headers/x-total: must be 3, is 12',
    '/body/id: must be 7, is 8',
    '/body/lines/0/sku: must be "b-1", is "x"',
  ]);
});

test('a service that does not answer is told', async () => {
  const file = pact(3);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(await verifyPact(file, url)).toEqual([
    expect.objectContaining({ pointer: '', message: expect.stringContaining('ECONNREFUSED') }),
  ]);
});

test.each<[string, (document: any) => void, string]>([
  [
    'version 4',
    (document) => {
      document.metadata.pactSpecification.version = '4.0';
    },
    'UNSUPPORTED',
  ],
  [
    'messages',
    (document) => {
      document.messages = [];
    },
    'UNSUPPORTED',
  ],
  [
    'an unknown matcher',
    (document) => {
      document.interactions[0].response.matchingRules.body['$.id'].matchers = [{ match: 'semver' }];
    },
    'UNSUPPORTED',
  ],
  [
    'an invalid pattern',
    (document) => {
      document.interactions[0].response.matchingRules.body['$.id'].matchers = [
        { match: 'regex', regex: '[' },
      ];
    },
    'UNSUPPORTED',
  ],
  [
    'no interactions',
    (document) => {
      document.interactions = undefined;
    },
    'STATE_INVALID',
  ],
  [
    'half an interaction',
    (document) => {
      document.interactions[0].response = undefined;
    },
    'STATE_INVALID',
  ],
  [
    'a state that is unknown',
    (document) => {
      document.interactions[0].providerStates[0].name = 'other';
    },
    'OPTION_INVALID',
  ],
])('%s is refused, and nothing is asked', async (_, change, code) => {
  const states = { 'order 1 exists': () => {} };
  await expect(verifyPact(pact(3, change), url, { states })).rejects.toMatchObject({ code });
  expect(asked).toEqual([]);
});

test('a missing file and a malformed base url are refused', async () => {
  await expect(verifyPact(join(folder, 'no.json'), url)).rejects.toMatchObject({
    code: 'STATE_INVALID',
  });
  await expect(verifyPact(pact(3), 'orders')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

describe('written from calls', () => {
  const headers = { Authorization: 'Bearer live-one', 'X-Trace': '1' };
  const calls = [
    interaction(
      'POST',
      'https://api.example.com/orders/1?full=1&full=2',
      { headers, body: { a: 1 } },
      { body: { id: 7, total: 1.5, lines: [{ sku: 'z' }], token: 'hidden' } },
    ),
    interaction(
      'POST',
      'https://api.example.com/orders/1?full=1&full=2',
      { headers, body: { a: 1 } },
      { body: { id: 7, total: 1.5, lines: [{ sku: 'z' }], token: 'hidden' } },
    ),
    interaction(
      'POST',
      'https://api.example.com/orders/1',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1&b=2' },
      { body: { id: 1 } },
    ),
  ];
  const names = { consumer: 'shop', provider: 'orders' };

  test.each([2, 3] as const)(
    'version %i is verified by the service that made it',
    async (version) => {
      const file = join(folder, 'written.json');
      const written = await writePact(calls, { ...names, file, version });
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(written);
      expect(readFileSync(file, 'utf8')).not.toMatch(/live-one|hidden/);
      expect(written.interactions.map(({ description }) => description)).toEqual([
        'POST /orders/1 answers 200',
        'POST /orders/1 answers 200 (2)',
      ]);
      order = { id: 99, total: 2, lines: [{ sku: 'y' }, { sku: 'x' }], token: 'other' };
      expect(await verifyPact(file, url)).toEqual([]);
      expect(asked.map(({ line, body }) => `${line} ${body}`)).toEqual([
        'POST /orders/1?full=1&full=2 {"a":1}',
        'POST /orders/1 a=1&b=2',
      ]);
      order = { id: '99', total: 2, lines: [{}], token: 'other' };
      expect((await verifyPact(file, url)).map(({ pointer }) => pointer)).toEqual([
        '/body/id',
        '/body/lines/0/sku',
        '/body/id',
      ]);
    },
  );

  test('values count where it says so', async () => {
    const file = join(folder, 'written.json');
    await writePact(calls.slice(2), { ...names, file, match: 'equality' });
    order = { id: 2 };
    expect((await verifyPact(file, url)).map(({ pointer }) => pointer)).toEqual(['/body/id']);
  });

  test.each<[string, Partial<WritePactOptions>, string]>([
    ['without names', { consumer: '' }, 'OPTION_INVALID'],
    ['with a known secret', { secrets: { horse: 'Correct Horse' } }, 'EXPECTATION_FAILED'],
  ])('%s nothing is written', async (_, options, code) => {
    const file = join(folder, 'written.json');
    const call = interaction(
      'GET',
      'https://api.example.com/',
      {},
      { body: { a: 'correct  \n horse' } },
    );
    await expect(writePact([call], { ...names, file, ...options })).rejects.toMatchObject({ code });
    await expect(writePact([], names)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(existsSync(file)).toBe(false);
  });
});
