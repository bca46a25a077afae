import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadContract, type Violation } from '@seamkit/http';
import { interaction } from '../cassette/interactions';

const orders = loadContract(join(__dirname, 'documents/orders-3.1.yaml'));
const pets = loadContract(join(__dirname, 'documents/pets-3.0.json'));
const base = 'https://api.example.com/v1';
const tenant = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
const headers = { 'x-tenant': tenant, authorization: 'Bearer x' };

const told = (violations: Violation[]) =>
  violations.map(({ where, pointer, message }) => `${where} ${pointer}: ${message}`);

describe('3.1: a body', () => {
  const order = { kind: 'order', total: 5 };
  const check = (body: unknown) =>
    told(orders.checkRequest(interaction('POST', `${base}/orders`, { headers, body }).request));

  test.each([
    ['the least', order],
    ['null where the type is a list with null', { ...order, total: null, note: null }],
    ['a tuple', { ...order, place: [47.4, 8.5] }],
    ['a part of a tuple', { ...order, place: [47.4] }],
    ['a property that only the schema in allOf knows', { ...order, id: 1 }],
    [
      'a recursive schema',
      { ...order, category: { name: 'a', children: [{ children: [{ name: 'b' }] }] } },
    ],
    ['a format', { ...order, when: '2024-02-29T12:00:00Z' }],
    ['what is write-only', { ...order, card: '1' }],
  ])('accepts %s', (_, body) => {
    expect(check(body)).toEqual([]);
  });

  test.each([
    [
      'another type than those listed',
      { ...order, total: '5' },
      ['/total: must be integer or null'],
    ],
    ['another type than string or null', { ...order, note: 5 }, ['/note: must be string or null']],
    ['another value than the const', { kind: 'offer', total: 5 }, ['/kind: must be "order"']],
    ['a wrong item of a tuple', { ...order, place: [47.4, '8.5'] }, ['/place/1: must be number']],
    [
      'a tuple that is too long',
      { ...order, place: [1, 2, 3] },
      ['/place: must NOT have more than 2 items'],
    ],
    ['an unevaluated property', { ...order, more: 1 }, ['/more: is not allowed by the contract']],
    [
      'a wrong leaf of a recursive schema',
      { ...order, category: { children: [{ children: [{ name: 1 }] }] } },
      ['/category/children/0/children/0/name: must be string'],
    ],
    [
      'one more in a recursive schema',
      { ...order, category: { children: [{ nome: 'b' }] } },
      ['/category/children/0/nome: is not allowed by the contract'],
    ],
    ['a missing property', { kind: 'order' }, ['/total: is missing']],
    [
      'a wrong format',
      { ...order, when: '2023-02-29T12:00:00Z' },
      ['/when: must match format "date-time"'],
    ],
    ['no object', [order], [': must be object']],
    [
      'several faults',
      { kind: 'x', total: 'y' },
      ['/kind: must be "order"', '/total: must be integer or null'],
    ],
  ])('refuses %s', (_, body, expected) => {
    const object = expect.arrayContaining(expected.map((line) => `request /body${line}`));
    expect(check(body)).toEqual(object);
    expect(
      check(body).filter(
        (line) => !line.includes('is not allowed') || expected.some((e) => line.includes(e)),
      ),
    ).toHaveLength(expected.length);
  });

  test('the rule leads to the place in the document', () => {
    const { request } = interaction('POST', `${base}/orders`, {
      headers,
      body: { ...order, category: { name: 5 } },
    });
    expect(orders.checkRequest(request)).toEqual([
      {
        where: 'request',
        pointer: '/body/category/name',
        message: 'must be string',
        rule: 'orders-3.1.yaml#/components/schemas/Category/properties/name/type',
      },
    ]);
  });

  test('is packed, malformed, missing, or of another type', () => {
    const post = (request: object) =>
      told(orders.checkRequest(interaction('POST', `${base}/orders`, request).request));
    const gzip = { ...headers, 'content-encoding': 'gzip' };
    expect(post({ headers: gzip, body: order })).toEqual([]);
    expect(post({ headers: gzip, body: { ...order, total: 'x' } })).toHaveLength(1);
    const json = { ...headers, 'content-type': 'application/json; charset=utf-8' };
    expect(post({ headers: json, body: '{"kind"' })).toEqual(['request /body: is no JSON']);
    expect(post({ headers })).toEqual(['request /body: is missing']);
    expect(post({ headers: { ...headers, 'content-type': 'text/xml' }, body: '<a/>' })).toEqual([
      expect.stringContaining(
        'request /headers/content-type: must be application/json, application/x-www',
      ),
    ]);
  });

  test('is a form, whose texts are read by the schema', () => {
    const form = (body: string) =>
      told(
        orders.checkRequest(
          interaction('POST', `${base}/orders`, {
            headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
            body,
          }).request,
        ),
      );
    expect(form('total=5&express=true&tags=ab&tags=cd')).toEqual([]);
    expect(form('total=5&tags=ab')).toEqual([]);
    expect(form('total=five&express=1&tags=ab&tags=c')).toEqual([
      'request /body/total: must be integer',
      'request /body/express: must be boolean',
      'request /body/tags/1: must NOT have fewer than 2 characters',
    ]);
  });

  test('has parts', () => {
    const multipart = (parts: [string, string][]) => {
      const body = `${parts.map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')}--b--\r\n`;
      const type = { 'content-type': 'multipart/form-data; boundary=b' };
      return told(
        orders.checkRequest(
          interaction('POST', `${base}/orders`, { headers: { ...headers, ...type }, body }).request,
        ),
      );
    };
    expect(
      multipart([
        ['meta', '{"name":"a"}'],
        ['file', 'x'],
        ['count', '3'],
      ]),
    ).toEqual([]);
    expect(
      multipart([
        ['meta', '{}'],
        ['count', 'x'],
      ]),
    ).toEqual([
      'request /body/file: is missing',
      'request /body/meta/name: is missing',
      'request /body/count: must be integer',
    ]);
  });
});

describe('3.1: parameters', () => {
  const check = (url: string, more: Record<string, string> = {}) =>
    told(
      orders.checkRequest(interaction('GET', url, { headers: { ...headers, ...more } }).request),
    );

  test.each([
    ['limit=5'],
    ['state=open&state=paid'],
    ['ids=1,2,3'],
    ['pipe=1|2.5'],
    ['filter[min]=3&filter[open]=true'],
    ['where=%7B%22a%22%3A1%7D'],
    ['unknown=1'],
  ])('accepts %s', (query) => {
    expect(check(`${base}/orders?${query}`)).toEqual([]);
  });

  test.each([
    ['limit=ten', '/query/limit: must be integer'],
    ['limit=101', '/query/limit: must be <= 100'],
    ['state=open&state=lost', '/query/state/1: must be one of "open", "paid"'],
    ['ids=1,x', '/query/ids/1: must be integer'],
    ['pipe=1|x', '/query/pipe/1: must be number'],
    ['filter[min]=x', '/query/filter/min: must be integer'],
    ['filter[max]=1', '/query/filter/max: is not allowed by the contract'],
    ['where=%7B%7D', '/query/where/a: is missing'],
  ])('refuses %s', (query, expected) => {
    expect(check(`${base}/orders?${query}`)).toEqual([`request ${expected}`]);
  });

  test('in headers, cookies and the path', () => {
    expect(check(`${base}/orders`, { 'x-tenant': 'me' })).toEqual([
      'request /headers/x-tenant: must match format "uuid"',
    ]);
    expect(check(`${base}/orders`, { cookie: 'a=b; theme=dark' })).toEqual([]);
    expect(check(`${base}/orders`, { cookie: 'a=b; theme=pink' })).toEqual([
      'request /cookies/theme: must be one of "dark", "light"',
    ]);
    const { request } = interaction('GET', `${base}/orders`, {
      headers: { authorization: 'Bearer x' },
    });
    expect(told(orders.checkRequest(request))).toEqual(['request /headers/x-tenant: is missing']);
    expect(check(`${base}/orders/12`)).toEqual([]);
    expect(check(`${base}/orders/x2`)).toEqual(['request /path/id: must be integer']);
    expect(check(`${base}/files/a%20b.png`)).toEqual([]);
    expect(check(`${base}/files/a.exe`)).toEqual([
      'request /path/ext: must be one of "png", "pdf"',
    ]);
  });

  test('credentials of one kind must be there', () => {
    const get = (more: Record<string, string>, path = '/orders') =>
      told(
        orders.checkRequest(
          interaction('GET', base + path, { headers: { 'x-tenant': tenant, ...more } }).request,
        ),
      );
    expect(get({ 'X-Api-Key': 'k' })).toEqual([]);
    expect(get({ authorization: 'Basic k' })).toEqual([
      'request /headers/x-api-key: is missing: the key of key (or one of 1 other ways)',
    ]);
    expect(get({}, '/files/a.png')).toEqual([]);
    expect(get({}, '/orders/latest')).toEqual([]);
  });

  test('the concrete path comes first, and base paths count or not', () => {
    expect(check(`${base}/orders/latest`)).toEqual([]);
    expect(check('https://us.example.com/beta/v1/orders/12')).toEqual([]);
    expect(check('http://127.0.0.1:4000/orders/12')).toEqual([]);
    expect(check(`${base}/nothing`)).toEqual(['request /path: /v1/nothing is not in the contract']);
    const { request } = interaction('PUT', `${base}/orders`);
    expect(told(orders.checkRequest(request))).toEqual([
      'request /method: /orders has no PUT, only GET, POST',
    ]);
  });
});

describe('3.1: a response', () => {
  const order = { id: 1, kind: 'order', total: 5 };
  const check = (method: string, path: string, response: object) => {
    const exchange = interaction(method, base + path, {}, response);
    return told(orders.checkResponse(exchange.request, exchange.response));
  };
  const total = { 'x-total': '1' };

  test('is checked by its status, range or default', () => {
    expect(check('GET', '/orders', { headers: total, body: [order] })).toEqual([]);
    expect(
      check('GET', '/orders', { headers: { 'x-total': 'many' }, body: [{ ...order, id: 'x' }] }),
    ).toEqual([
      'response /headers/x-total: must be integer',
      'response /body/0/id: must be integer',
    ]);
    expect(check('GET', '/orders', { body: [] })).toEqual([
      'response /headers/x-total: is missing',
    ]);
    const problem = { 'content-type': 'application/problem+json' };
    expect(
      check('GET', '/orders', { status: 404, headers: problem, body: '{"title":"no"}' }),
    ).toEqual([]);
    expect(check('GET', '/orders', { status: 404, headers: problem, body: '{}' })).toEqual([
      'response /body/title: is missing',
    ]);
    expect(check('GET', '/orders', { status: 404, body: {} })).toEqual([
      'response /headers/content-type: must be application/problem+json, not application/json',
    ]);
    const text = { 'content-type': 'text/plain; charset=utf-8' };
    expect(check('GET', '/orders', { status: 500, headers: text, body: 'sorry' })).toEqual([]);
    expect(
      check('GET', '/orders', { status: 500, headers: text, body: 'too long a text' }),
    ).toHaveLength(1);
    expect(check('POST', '/orders', { status: 202 })).toEqual([
      'response /status: 202 is not among the answers of POST /orders: 201',
    ]);
    expect(check('POST', '/orders', { status: 201 })).toEqual([]);
    expect(check('GET', '/orders', { headers: total })).toEqual(['response /body: is missing']);
    expect(check('HEAD', '/orders', { headers: total })).toHaveLength(1);
  });

  test('must have what is read-only, and need not have what is write-only', () => {
    expect(check('POST', '/orders', { status: 201, body: order })).toEqual([]);
    expect(check('POST', '/orders', { status: 201, body: { kind: 'order', total: 5 } })).toContain(
      'response /body/id: is missing',
    );
  });

  test('of a schema in another file, which refers back', () => {
    const receipt = { order: { children: [{ name: 'a' }] }, lines: [{ price: 1 }] };
    expect(check('GET', '/orders/1', { body: receipt })).toEqual([]);
    expect(
      check('GET', '/orders/1', {
        body: { order: { children: [{ name: 1 }] }, lines: [{ price: 0 }] },
      }),
    ).toEqual([
      'response /body/order/children/0/name: must be string',
      'response /body/lines/0/price: must be > 0',
    ]);
  });
});

describe('3.0', () => {
  const check = (body: unknown) =>
    told(pets.checkRequest(interaction('POST', 'https://p.example.com/pets', { body }).request));
  const answer = (body: unknown) => {
    const { request, response } = interaction('POST', 'https://p.example.com/pets', {}, { body });
    return told(pets.checkResponse(request, response));
  };
  const pet = { kind: 'Pet', name: 'Tom' };

  test.each([
    ['null where nullable', { ...pet, name: null }],
    ['within exclusive bounds', { ...pet, age: 0.1 }],
    ['at an inclusive bound', { ...pet, age: 100 }],
    ['a property called nullable', { ...pet, nullable: true }],
    ['a $ref, whose neighbours do not count', { ...pet, owner: { id: 1 } }],
    ['what the discriminator chooses', { kind: 'Cat', name: 'Tom', lives: 9 }],
    ['what its mapping chooses', { kind: 'kitten', name: 'Tom', lives: 9 }],
    ['what its mapping chooses by name', { kind: 'puppy', name: null, bark: 'loud' }],
    ['one that extends one that extends it', { kind: 'Tiger', name: 'T', lives: 1, stripes: 7 }],
  ])('accepts %s', (_, body) => {
    expect(check(body)).toEqual([]);
  });

  test.each([
    ['null where not nullable', { ...pet, kind: null }, '/kind: must be string'],
    [
      'null where an enum has none',
      { ...pet, colour: null },
      '/colour: must be one of "red", "blue"',
    ],
    ['null beside a $ref', { ...pet, owner: null }, '/owner: must be object'],
    ['an exclusive bound', { ...pet, age: 0 }, '/age: must be > 0'],
    ['beyond a bound', { ...pet, age: 101 }, '/age: must be <= 100'],
    ['a wrong format', { ...pet, born: '2023-02-30' }, '/born: must match format "date"'],
    ['what the chosen schema refuses', { kind: 'Cat', name: 'Tom' }, '/lives: is missing'],
    [
      'what the mapped schema refuses',
      { kind: 'kitten', name: 'Tom', lives: 'x' },
      '/lives: must be integer',
    ],
    ['what the base refuses', { kind: 'Cat', lives: 9 }, '/name: is missing'],
    [
      'what the one in the middle refuses',
      { kind: 'Tiger', name: 'T', stripes: 7 },
      '/lives: is missing',
    ],
    [
      'a kind that is unknown',
      { kind: 'Cow', name: 'Tom' },
      '/kind: must be one of "Cat", "Dog", "Tiger", "Pet", "kitten", "puppy"',
    ],
    ['no kind', { name: 'Tom' }, '/kind: is missing'],
  ])('refuses %s', (_, body, expected) => {
    expect(check(body)).toContain(`request /body${expected}`);
  });

  test('a discriminator chooses among schemas that would all match', () => {
    expect(answer({ shape: 'Circle' })).toEqual([]);
    expect(answer({ shape: 'round', size: 1 })).toEqual([]);
    expect(answer({ shape: 'Square', size: 'big' })).toEqual([]);
    expect(answer({ shape: 'Square', size: 1 })).toEqual(['response /body/size: must be string']);
    expect(answer({ shape: 'Star' })).toEqual([
      'response /body/shape: must be one of "Circle", "Square", "round"',
    ]);
    expect(answer(null)).toEqual(['response /body: must be object']);
  });
});

describe('a document is refused that', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'seamkit-contract-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each([
    ['is not there', undefined, 'cannot be read'],
    ['is no YAML', 'a: [', 'cannot be read'],
    ['is Swagger', 'swagger: "2.0"', 'Swagger 2.0'],
    ['has no version', 'paths: {}', 'no version'],
    [
      'has a $ref that leads nowhere',
      'openapi: 3.1.0\npaths: { /a: { get: { responses: { default: { $ref: "#/components/responses/No" } } } } }',
      "doc.yaml#/paths/~1a/get/responses/default: '#/components/responses/No' leads nowhere",
    ],
    [
      'has a $ref to a file that is not there',
      'openapi: 3.0.0\npaths: { /a: { $ref: "none.yaml" } }',
      'none.yaml',
    ],
    [
      'has a $ref to the network',
      'openapi: 3.0.0\npaths: { /a: { $ref: "https://example.com/a.yaml" } }',
      'nothing is fetched',
    ],
  ])('%s', (_, text, message) => {
    const file = join(folder, 'doc.yaml');
    if (text) writeFileSync(file, text);
    expect(() => loadContract(file)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('has a schema that is wrong, at its first use', () => {
    const file = join(folder, 'doc.yaml');
    writeFileSync(
      file,
      'openapi: 3.1.0\npaths: { /a: { get: { responses: { default: { content: { text/plain: { schema: { type: string, pattern: "[" } } } } } } } }',
    );
    const contract = loadContract(file);
    const { request, response } = interaction(
      'GET',
      'http://a/a',
      {},
      { headers: { 'content-type': 'text/plain' }, body: 'x' },
    );
    expect(() => contract.checkResponse(request, response)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('doc.yaml#/paths/~1a/get'),
      }),
    );
  });
});
