import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { open, use } from '@seamkit/core';
import { type HttpMembers, http } from '@seamkit/http';

const env = use({ api: http() });

const send = (method: string, path: string, json?: unknown, headers: Record<string, string> = {}) =>
  fetch(env.api.url + path, {
    method,
    headers: json === undefined ? headers : { 'content-type': 'application/json', ...headers },
    body: json === undefined ? undefined : JSON.stringify(json),
  });
const status = async (...call: Parameters<typeof send>) => (await send(...call)).status;

describe('paths', () => {
  test('parameters, literals and the rest', async () => {
    env.api
      .get('/users/:id/files/*')
      .reply(({ params }) => ({ body: { id: params.id, file: params['*'] } }));
    env.api.get('/users/:id').reply(({ params }) => ({ body: params }));
    env.api.get('/users/me').reply(200, 'me');
    expect(await (await send('GET', '/users/7')).json()).toEqual({ id: '7' });
    expect(await (await send('GET', '/users/a%20b')).json()).toEqual({ id: 'a b' });
    expect(await (await send('GET', '/users/me')).text()).toBe('me');
    expect(await (await send('GET', '/users/7/files/a/b.txt')).json()).toEqual({
      id: '7',
      file: 'a/b.txt',
    });
    expect(await status('GET', '/users')).toBe(501);
    expect(await status('GET', '/users/')).toBe(501);
    expect(env.api.acceptUnmatched()).toHaveLength(2);
  });

  test('the last declared of those that match', async () => {
    env.api.get('/users/me').reply(200, 'first');
    env.api.get('/users/:id').reply(200, 'second');
    expect(await (await send('GET', '/users/me')).text()).toBe('second');
    env.api.any('/users/*').reply(200, 'third');
    expect(await (await send('DELETE', '/users/me')).text()).toBe('third');
  });

  test('an origin in front is part of the match', async () => {
    await using both = await open({
      api: http({ origins: ['http://one.example', 'http://other.example'] }),
    });
    both.api.get('http://one.example/').reply(200, 'one');
    both.api.get('http://other.example/').reply(200, 'other');
    expect(await (await fetch('http://one.example/')).text()).toBe('one');
    expect(await (await fetch('http://other.example/')).text()).toBe('other');
    // Who was given the url means the first origin.
    expect(await (await fetch(both.api.url)).text()).toBe('one');
  });

  test.each(['users', '/a/*/b', '/:a/:a', '/:', '/users?page=1', 'ftp://x/'])(
    '%s is refused',
    (path) => {
      expect(() => env.api.get(path)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    },
  );
});

describe('matchers', () => {
  test('query', async () => {
    env.api.get('/find', { query: { q: 'tea', page: 2, tag: ['a', /^b/] } }).reply(204);
    expect(await status('GET', '/find?q=tea&page=2&tag=a&tag=bb&more=1')).toBe(204);
    expect(await status('GET', '/find?q=tea&page=3&tag=a&tag=bb')).toBe(501);
    expect(await status('GET', '/find?q=tea&page=2&tag=a')).toBe(501);
    env.api.acceptUnmatched();
  });

  test('headers', async () => {
    env.api.get('/me', { headers: { Authorization: /^Bearer \w+$/ } }).reply(204);
    expect(await status('GET', '/me', undefined, { authorization: 'Bearer abc' })).toBe(204);
    expect(await status('GET', '/me')).toBe(501);
    env.api.acceptUnmatched();
  });

  test('body: a subset of its JSON', async () => {
    env.api
      .post('/orders', {
        body: {
          customer: { id: 7, name: /^A/ },
          items: [{ sku: 'tea' }, { price: (price: number) => price > 5 }],
          total: expect.any(Number),
        },
      })
      .reply(201);
    const good = {
      customer: { id: 7, name: 'Ann', more: true },
      items: [{ sku: 'tea', price: 1 }, { price: 6 }],
      total: 7,
    };
    expect(await status('POST', '/orders', good)).toBe(201);
    const bad: [string, unknown][] = [
      ['body/customer/id: expected 7, got "7"', { ...good, customer: { id: '7', name: 'A' } }],
      [
        'body/customer: expected {"id":7,"name":"/^A/"}, but it is missing',
        { ...good, customer: undefined },
      ],
      ['body/items: expected 2 items, got 1', { ...good, items: [good.items[0]] }],
      [
        'body/items/1/price: predicate is false for 5',
        { ...good, items: [{ sku: 'tea' }, { price: 5 }] },
      ],
      ['body/total: expected Any<Number>, got "7"', { ...good, total: '7' }],
    ];
    for (const [difference, body] of bad) {
      const response = await send('POST', '/orders', body);
      expect(response.status).toBe(501);
      expect(await response.text()).toContain(difference);
    }
    env.api.acceptUnmatched();
  });

  test('body: form fields, text, patterns, and compressed JSON', async () => {
    env.api.post('/form', { body: { amount: '500', currency: 'eur' } }).reply(204);
    env.api.post('/text', { body: 'plain' }).reply(204);
    env.api.post('/pattern', { body: /^<xml>/ }).reply(204);
    env.api.post('/zip', { body: { a: 1 } }).reply(204);
    const post = (path: string, init: RequestInit) =>
      fetch(env.api.url + path, { method: 'POST', ...init }).then((response) => response.status);
    expect(await post('/form', { body: new URLSearchParams('amount=500&currency=eur&x=1') })).toBe(
      204,
    );
    expect(await post('/text', { body: 'plain' })).toBe(204);
    expect(await post('/pattern', { body: '<xml>1</xml>' })).toBe(204);
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
    expect(await post('/zip', { headers, body: gzipSync('{"a":1,"b":2}') })).toBe(204);
  });

  test('schema', async () => {
    const schema = {
      type: 'object',
      properties: { amount: { type: ['integer', 'null'] }, kind: { const: 'charge' } },
      required: ['amount'],
      unevaluatedProperties: false,
    };
    env.api.post('/charges', { schema }).reply(201);
    expect(await status('POST', '/charges', { amount: 1, kind: 'charge' })).toBe(201);
    expect(await status('POST', '/charges', { amount: null })).toBe(201);
    for (const body of [
      { amount: 'x' },
      {},
      { amount: 1, more: 1 },
      { amount: 1, kind: 'refund' },
    ]) {
      expect(await status('POST', '/charges', body)).toBe(501);
    }
    expect(env.api.acceptUnmatched()).toHaveLength(4);
    expect(() => env.api.post('/x', { schema: { type: 'nonsense' } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  test('where', async () => {
    env.api.get('/even/:n', { where: ({ params }) => Number(params.n) % 2 === 0 }).reply(204);
    expect(await status('GET', '/even/2')).toBe(204);
    expect(await status('GET', '/even/3')).toBe(501);
    env.api.acceptUnmatched();
  });

  test('routes that share a path are told apart by one exact value', async () => {
    for (let page = 0; page < 50; page++) {
      env.api.get('/list', { query: { page } }).reply(200, `page ${page}`);
      env.api.post('/list', { body: { page } }).reply(200, `posted ${page}`);
    }
    expect(await (await send('GET', '/list?page=31')).text()).toBe('page 31');
    expect(await (await send('POST', '/list', { page: 17 })).text()).toBe('posted 17');
    env.api.get('/list').reply(200, 'any');
    expect(await (await send('GET', '/list?page=31')).text()).toBe('any');
  });

  test('an unknown matcher is refused', () => {
    expect(() => env.api.get('/', { cookies: {} } as {})).toThrow(/no matcher 'cookies'/);
  });
});

describe('replies', () => {
  test('bodies and headers', async () => {
    env.api.get('/json').reply(200, { a: [1] });
    env.api.get('/text').reply(200, 'hello', { 'content-type': 'text/html' });
    env.api
      .get('/bytes')
      .reply({ body: Buffer.from([0, 255]), headers: { 'set-cookie': ['a=1', 'b=2'] } });
    env.api.get('/empty').reply(204);
    env.api.head('/length').reply(200, undefined, { 'content-length': 5000 });
    const json = await send('GET', '/json');
    expect(json.headers.get('content-type')).toBe('application/json');
    expect(await json.json()).toEqual({ a: [1] });
    expect((await send('GET', '/text')).headers.get('content-type')).toBe('text/html');
    const bytes = await send('GET', '/bytes');
    expect(Buffer.from(await bytes.arrayBuffer())).toEqual(Buffer.from([0, 255]));
    expect(bytes.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const empty = await send('GET', '/empty');
    expect([empty.status, empty.headers.get('content-length')]).toEqual([204, null]);
    expect((await send('HEAD', '/length')).headers.get('content-length')).toBe('5000');
  });

  test('in sequence, the last one stays', async () => {
    env.api.get('/job').reply(202).reply(202).reply(200, 'done');
    const seen = [];
    for (let index = 0; index < 4; index++) seen.push(await status('GET', '/job'));
    expect(seen).toEqual([202, 202, 200, 200]);
  });

  test('computed, with the number of the call', async () => {
    env.api.get('/count').reply(async ({ number }) => ({ body: { number } }));
    await send('GET', '/count');
    expect(await (await send('GET', '/count')).json()).toEqual({ number: 2 });
  });

  test.each([
    [() => env.api.get('/').reply(99)],
    [() => env.api.get('/').reply('200' as never)],
    [() => env.api.get('/').reply({ json: {} } as {})],
    [() => env.api.get('/').reply(200, 1n)],
  ])('%s is refused', (declare) => {
    expect(declare).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

describe('calls', () => {
  test('are kept in order, decoded', async () => {
    const route = env.api.post('/orders/:id').reply(201);
    env.api.get('/orders').reply(200);
    await send('POST', '/orders/1?dry=1', { a: 1 }, { 'X-Trace': 't1' });
    await send('GET', '/orders');
    expect(env.api.calls().map(String)).toEqual([
      `POST ${env.api.url}/orders/1?dry=1`,
      `GET ${env.api.url}/orders`,
    ]);
    expect(route.calls()).toHaveLength(1);
    expect(env.api.calls('POST /orders/:any')).toEqual(route.calls());
    expect(env.api.calls('/orders')).toHaveLength(1);
    const [call] = route.calls();
    expect(call).toMatchObject({
      path: '/orders/1',
      params: { id: '1' },
      route: 'POST /orders/:id',
    });
    expect(call!.query).toEqual({ dry: '1' });
    expect(call!.headers['x-trace']).toBe('t1');
    expect(call!.json).toEqual({ a: 1 });
    expect(call!.response).toMatchObject({ status: 201 });
    expect(call!.request.headers.map(([name]) => name)).toContain('X-Trace');
  });

  test('can be waited for', async () => {
    const route = env.api.post('/later').reply(202);
    const waiting = env.api.waitFor('POST /later', { count: 2 });
    send('POST', '/later', { n: 1 });
    send('POST', '/later', { n: 2 });
    expect((await waiting).map(({ json }) => json.n).sort()).toEqual([1, 2]);
    expect(await route.waitFor()).toHaveLength(2);
  });

  test('a wait that is not fulfilled says what came instead', async () => {
    env.api.get('/other').reply(200);
    await send('GET', '/other');
    const error = await env.api.waitFor('POST /later', { timeout: 20 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'TIMEOUT', log: [`GET ${env.api.url}/other`] });
  });
});

describe('a test with an unmatched call fails', () => {
  /** A sandbox of its own, verified and reset as a runner does. */
  async function sandbox(prepare?: (stub: HttpMembers) => void) {
    const { kit, options } = http({ prepare });
    if (kit.kind === 'server') throw new Error('not a local kit');
    const { signal } = new AbortController();
    const context = { prepare: (work: (signal: AbortSignal) => unknown) => work(signal) };
    return kit.open(options, context as never);
  }

  test('by name, with the nearest route and what differed; the next one does not', async () => {
    const box = await sandbox();
    const stub = box.members;
    stub.post('/v1/charges', { body: { amount: 5 } });
    stub.post('/v1/refunds');
    stub.get('/v1/charges/:id');
    const body = JSON.stringify({ amount: 6 });
    const answer = await fetch(`${stub.url}/v1/charges`, { method: 'POST', body });
    expect(answer.status).toBe(501);
    const expected = `no route matches POST ${stub.url}/v1/charges
  nearest: POST /v1/charges
    body/amount: expected 5, got 6`;
    expect(await answer.text()).toBe(`${expected}\n`);
    expect(stub.unmatched()).toHaveLength(1);
    await expect(box.verify!({})).rejects.toMatchObject({
      code: 'EXPECTATION_FAILED',
      summary: expected,
    });
    await box.reset({});
    await box.verify!({});
    await box.close();
  });

  test('also when it was sent last and nobody waited for it', async () => {
    const box = await sandbox();
    fetch(`${box.members.url}/warm-up`).then(
      () => {},
      () => {},
    );
    await box.members.waitFor('/warm-up');
    box.members.acceptUnmatched();
    fetch(`${box.members.url}/forgotten`).then(
      () => {},
      () => {},
    );
    await expect(box.verify!({})).rejects.toThrow('/forgotten');
    await box.close();
  });

  test.each([
    [
      'GET',
      '/v1/charge',
      'nearest: GET /v1/charges\n    path: expected /v1/charges, got /v1/charge\n',
    ],
    ['PUT', '/v1/charges', 'nearest: GET /v1/charges\n    method: expected GET, got PUT\n'],
    ['GET', '/v1/customers/7/cards', 'nearest: GET /v1/customers/:id\n    path:'],
  ])('%s %s: %j', async (method, path, text) => {
    const box = await sandbox((stub) => {
      stub.get('/v1/customers/:id');
      stub.get('/v1/charges');
      stub.get('/health');
    });
    const answer = await fetch(box.members.url + path, { method });
    expect(await answer.text()).toContain(text);
    await box.close();
  });

  test('a predicate that throws', async () => {
    const box = await sandbox();
    const where = () => {
      throw new Error('my mistake');
    };
    box.members.get('/', { where });
    expect((await fetch(box.members.url)).status).toBe(500);
    await expect(box.verify!({})).rejects.toThrow('my mistake');
    await box.close();
  });

  test('a reply that throws, or returns nothing', async () => {
    const box = await sandbox();
    box.members.get('/throws').reply(() => {
      throw new Error('my mistake');
    });
    box.members.get('/nothing').reply((() => {}) as never);
    expect((await fetch(`${box.members.url}/throws`)).status).toBe(500);
    expect((await fetch(`${box.members.url}/nothing`)).status).toBe(500);
    await expect(box.verify!({})).rejects.toThrow(
      /GET \/throws failed: my mistake\n.*returned nothing/,
    );
    await box.close();
  });
});

test('state that prepare closes over starts anew with each test', async () => {
  await using own = await open({
    api: http({
      prepare(stub) {
        const users = new Map<string, unknown>();
        stub.put('/users/:id').reply(({ params, json }) => {
          users.set(params.id!, json);
          return { status: 204 };
        });
        stub.get('/users/:id').reply(({ params }) => {
          return users.has(params.id!) ? { body: users.get(params.id!) } : { status: 404 };
        });
      },
    }),
  });
  const user = `${own.api.url}/users/1`;
  await fetch(user, { method: 'PUT', body: '{"name":"Ann"}' });
  expect(await (await fetch(user)).json()).toEqual({ name: 'Ann' });
  await own.reset();
  expect((await fetch(user)).status).toBe(404);
  expect(own.api.calls()).toHaveLength(1);
});

test('a reset ends calls that are still unanswered', async () => {
  await using own = await open({ api: http() });
  own.api.get('/silent').fail('never-answer');
  const left = fetch(`${own.api.url}/silent`);
  const ended = expect(left).rejects.toMatchObject({ cause: { code: 'UND_ERR_SOCKET' } });
  await own.api.waitFor('/silent');
  await own.reset();
  await ended;
});

test.each([
  ['at once', { body: 1, headers: { 'x-note': 'two\nlines' } }],
  ['later', async () => ({ body: 1, headers: { 'x-note': 'snow \u2603' } })],
])('an answer that cannot be sent %s is a 500, and fails the test', async (_, reply) => {
  const { kit, options } = http({});
  if (kit.kind === 'server') throw new Error('not a local kit');
  const box = await kit.open(options, {} as never);
  try {
    box.members.get('/note').reply(reply);
    const answer = await fetch(`${box.members.url}/note`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('/note cannot be sent: Invalid character');
    expect(box.members.calls()[0]!.response!.status).toBe(500);
    await expect(box.verify!({})).rejects.toThrow(/cannot be sent/);
  } finally {
    await box.close();
  }
});

test.each([false, true])('a sandbox left open keeps no process alive (tls: %s)', (tls) => {
  // The client's connection is kept open, too, as pools do.
  const script = `
    const { Agent, get } = require('${tls ? 'node:https' : 'node:http'}');
    const { http } = require('@seamkit/http');
    const { kit, options } = http({ tls: ${tls} });
    kit.open(options, {}).then(({ members }) => {
      members.get('/').reply(200, 'done');
      get(members.url, { agent: new Agent({ keepAlive: true }) }, (response) => {
        response.pipe(process.stdout);
      });
    });`;
  const output = execFileSync(process.execPath, ['-e', script], { timeout: 30_000 });
  expect(String(output)).toBe('done');
});
