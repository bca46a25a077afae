import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cassette, drift, openCassette } from '@seamkit/http';
import { interaction } from './interactions';

let folder: string;
let server: Server;
let url: string;
let api: RequestListener;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-drift-'));
  server = createServer((request, response) => api(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const order = {
  id: 1,
  total: 5,
  note: null,
  items: [{ sku: 'a', price: 1 }],
  tags: ['x'],
  owner: { name: 'Joe' },
};

async function cassette(...interactions: ReturnType<typeof interaction>[]): Promise<Cassette> {
  const opened = await openCassette({ file: join(folder, 'a.yaml'), mode: 'record' });
  for (const item of interactions) opened.record(item);
  return opened;
}

const get = interaction('GET', 'https://api.example.com/orders/1?full=1', {}, { body: order });

function answer(body: unknown, { status = 200, type = 'application/json' } = {}): void {
  api = (_, response) => {
    response.writeHead(status, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

test('other values are no drift, and the cassette stays as it was', async () => {
  answer({
    ...order,
    id: 99,
    items: [
      { sku: 'b', price: 7 },
      { sku: 'c', price: 0 },
    ],
    tags: [],
    note: 'now there',
  });
  const recorded = await cassette(get);
  expect(await drift(recorded, { url })).toEqual([]);
  recorded.rewind();
  expect(recorded.answer(get.request)).toMatchObject({ response: { status: 200 } });
});

test('another shape is', async () => {
  const { total: _, ...rest } = order;
  answer({
    ...rest,
    id: '1',
    items: [
      { sku: 'a', price: 1, vat: 0 },
      { sku: 'b', price: null },
    ],
    owner: [],
    more: true,
  });
  const found = await drift(await cassette(get), { url });
  expect(
    found.map(({ pointer, kind, message }) => `${pointer} ${kind}: ${message}`).sort(),
  ).toEqual([
    '/body/id type: was number, is string',
    '/body/items/*/price type: was number, is null or number',
    '/body/items/*/vat added: is new: number',
    '/body/more added: is new: boolean',
    '/body/owner type: was object, is array',
    '/body/total removed: was number, is gone',
  ]);
  expect(found[0]!.interaction).toBe('1: GET https://api.example.com/orders/1?full=1');
});

test.each([
  [
    'status',
    () => answer({ error: 1 }, { status: 404 }),
    [{ pointer: '/status', kind: 'status', message: 'was 200, is 404' }],
  ],
  [
    'content type',
    () => answer('<a/>', { type: 'text/xml' }),
    [
      {
        pointer: '/headers/content-type',
        kind: 'content-type',
        message: 'was application/json, is text/xml',
      },
    ],
  ],
  [
    'connection',
    () => {
      api = (request) => request.socket.destroy();
    },
    [{ pointer: '', kind: 'failed', message: expect.stringContaining('ECONNRESET') }],
  ],
])('another %s is', async (_, set, expected) => {
  set();
  expect(await drift(await cassette(get), { url })).toEqual(
    expected.map((item) => expect.objectContaining(item)),
  );
});

test('what changes data is not sent unless it is selected; credentials are given', async () => {
  const seen: string[] = [];
  api = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      seen.push(
        `${request.method} ${request.url} ${request.headers.authorization} ${Buffer.concat(chunks)}`,
      );
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(order));
    });
  };
  const headers = { Authorization: 'Bearer recorded-one' };
  const post = interaction(
    'POST',
    'https://api.example.com/orders',
    { headers, body: { total: 5 } },
    { body: order },
  );
  const recorded = await cassette(get, post);
  const live = { url: `${url}/base/`, headers: { authorization: 'Bearer live' } };
  await drift(recorded, live);
  expect(seen).toEqual(['GET /base/orders/1?full=1 Bearer live ']);
  expect(await drift(recorded, { ...live, select: ({ method }) => method === 'POST' })).toEqual([]);
  expect(seen[1]).toBe('POST /base/orders Bearer live {"total":5}');
  await expect(drift(await cassette(post), live)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('an answer that does not come in time is told', async () => {
  api = () => {};
  const found = await drift(await cassette(get), { url, timeout: 50 });
  expect(found).toMatchObject([{ kind: 'failed', message: 'no answer within 50 ms' }]);
});
