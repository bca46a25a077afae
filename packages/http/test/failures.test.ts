import { once } from 'node:events';
import { get as nodeGet } from 'node:http';
import { connect, constants } from 'node:http2';
import { get as secureGet } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { use } from '@seamkit/core';
import { type FailureKind, http } from '@seamkit/http';
import axios from 'axios';
import { request } from 'undici';

const env = use({ api: http({ origins: ['https://api.stripe.com'] }) });

/** What a client makes of an answer: the body, or everything by which code tells errors apart. */
type Outcome = { body: string } | { name: string; code?: string; message: string; cause?: object };

async function outcome(work: () => Promise<string>): Promise<Outcome> {
  try {
    return { body: await work() };
  } catch (error) {
    return describeError(error);
  }
}

function describeError({ name, code, message, cause }: any): Exclude<Outcome, { body: string }> {
  // Ports differ from server to server, and nothing else may.
  const text = message.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1');
  return { name, code, message: text, ...(cause ? { cause: describeError(cause) } : {}) };
}

type Get = (url: string, patience: number) => Promise<string>;

const readNode =
  (get: typeof nodeGet): Get =>
  (url, patience) =>
    new Promise<string>((resolve, reject) => {
      const outgoing = get(url, { agent: false }, async (response) => {
        try {
          let body = '';
          for await (const chunk of response) body += chunk;
          resolve(body);
        } catch (error) {
          reject(error);
        }
      });
      outgoing.setTimeout(patience, () => outgoing.destroy(new Error('the client gave up')));
      outgoing.on('error', reject);
    });

const clients: Record<string, Get> = {
  fetch: async (url, patience) =>
    (await fetch(url, { signal: AbortSignal.timeout(patience) })).text(),
  undici: async (url, patience) => {
    const { body } = await request(url, { reset: true, signal: AbortSignal.timeout(patience) });
    return body.text();
  },
  'node:http': readNode(nodeGet),
  axios: async (url, patience) =>
    (await axios.get(url, { timeout: patience, responseType: 'text' })).data,
};

const json = '{"id":"ch_1","amount":100}';

/** What a server really does, byte by byte. `head` is a status line and headers. */
const truths: Partial<Record<FailureKind, (socket: Socket, head: string) => void>> = {
  truncated(socket, head) {
    socket.end(`${head}content-length: ${json.length}\r\n\r\n${json.slice(0, 13)}`);
  },
  'wrong-length'(socket, head) {
    socket.write(`${head}content-length: ${json.length + 5}\r\n\r\n${json}`);
  },
  'malformed-json'(socket, head) {
    socket.end(`${head}content-length: ${json.length - 1}\r\n\r\n${json.slice(0, -1)}`);
  },
  'invalid-http'(socket) {
    socket.end('this is not HTTP\r\n\r\n');
  },
  close(socket) {
    socket.end();
  },
  reset(socket) {
    socket.resetAndDestroy();
  },
  'never-answer'() {},
  'slow-first-byte'() {},
  'slow-body'(socket, head) {
    socket.write(`${head}content-length: ${json.length}\r\n\r\n${json.slice(0, 1)}`);
  },
};

/** After which only the client's own patience ends the call. */
const endless: FailureKind[] = ['wrong-length', 'never-answer', 'slow-first-byte', 'slow-body'];

const options: Partial<Record<FailureKind, object>> = {
  'wrong-length': { by: 5 },
  'slow-first-byte': { delay: 60_000 },
  'slow-body': { bytesPerSecond: 0.05 },
};

describe('failures look like those of a server that truly fails so', () => {
  let server: Server;
  let fail: (socket: Socket, head: string) => void;
  const open = new Set<Socket>();

  beforeAll(async () => {
    server = createServer((socket) => {
      open.add(socket);
      socket.on('error', () => {});
      socket.once('data', (data) => {
        const close = /^connection: close/im.test(String(data)) ? 'connection: close\r\n' : '';
        fail(socket, `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${close}`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });

  const cases = Object.entries(truths).flatMap(([kind, act]) =>
    Object.entries(clients).map(([name, get]) => ({ kind: kind as FailureKind, act, name, get })),
  );

  test.each(cases)('$kind, seen by $name', async ({ kind, act, get }) => {
    fail = act;
    const { port } = server.address() as AddressInfo;
    // ms; where it ends, both must have come to the same point, however busy the machine.
    const patience = endless.includes(kind) ? 1_000 : 10_000;
    env.api.get('/charge').reply(200, json, { 'content-type': 'application/json' });
    env.api.fail(kind, options[kind] as {});
    const [real, simulated] = await Promise.all([
      outcome(() => get(`http://127.0.0.1:${port}/charge`, patience)),
      outcome(() => get(`${env.api.url}/charge`, patience)),
    ]);
    expect(simulated).toEqual(real);
    expect('body' in real).toBe(kind === 'malformed-json');
  });

  test('known codes, so that a change of what is real shows too', async () => {
    const seen = async (kind: FailureKind, client: string) => {
      env.api.get(`/${kind}`).reply(200, json).fail(kind);
      return (await outcome(() => clients[client]!(`${env.api.url}/${kind}`, 10_000))) as any;
    };
    expect((await seen('reset', 'fetch')).cause.code).toBe('ECONNRESET');
    expect((await seen('close', 'fetch')).cause.code).toBe('UND_ERR_SOCKET');
    // Its parser's code is missing in Node 24.
    expect((await seen('invalid-http', 'fetch')).cause.name).toBe('HTTPParserError');
    expect((await seen('reset', 'node:http')).code).toBe('ECONNRESET');
    expect((await seen('invalid-http', 'node:http')).code).toMatch(/^HPE_INVALID/);
    expect((await seen('truncated', 'node:http')).code).toBe('ECONNRESET');
  });
});

describe('over TLS', () => {
  test.each([
    ['reset', 'ECONNRESET', 'ECONNRESET'],
    ['close', 'ECONNRESET', 'UND_ERR_SOCKET'],
  ] as const)('%s', async (kind, nodeCode, fetchCode) => {
    env.api.get('/charge').fail(kind);
    const url = 'https://api.stripe.com/charge';
    expect(await outcome(() => readNode(secureGet)(url, 10_000))).toMatchObject({ code: nodeCode });
    expect(await outcome(() => clients.fetch!(url, 10_000))).toMatchObject({
      cause: { code: fetchCode },
    });
  });
});

describe('over HTTP/2', () => {
  /** What the client sees of one request, once its stream is closed. */
  async function ask(patience = 10_000) {
    const session = connect('https://api.stripe.com');
    const seen = { body: '', rstCode: 0, code: undefined as string | undefined };
    const fail = ({ code }: NodeJS.ErrnoException) => {
      seen.code ??= code;
    };
    try {
      session.on('error', fail);
      const stream = session.request({ ':path': '/charge' });
      stream.setEncoding('utf8').on('data', (text) => {
        seen.body += text;
      });
      stream.on('error', fail);
      const silent = Object.assign(new Error(), { code: 'silent' });
      stream.setTimeout(patience, () => stream.destroy(silent));
      await new Promise((resolve) => stream.on('close', resolve));
      seen.rstCode = stream.rstCode;
      return seen;
    } finally {
      session.destroy();
    }
  }

  test.each([
    ['reset', { code: 'ECONNRESET' }],
    // Node's client reports no error when the connection goes: the code of the stream tells.
    ['close', { rstCode: constants.NGHTTP2_CANCEL, body: '' }],
    ['truncated', { rstCode: constants.NGHTTP2_CANCEL, body: json.slice(0, 13) }],
    // Node 24 ends the session for it, older ones the stream.
    ['wrong-length', { code: expect.stringMatching(/^ERR_HTTP2_(STREAM_)?ERROR$/) }],
    ['invalid-http', { code: 'ERR_HTTP2_SESSION_ERROR' }],
    ['malformed-json', { body: json.slice(0, -1) }],
    ['never-answer', { code: 'silent' }],
  ] as const)('%s', async (kind, expected) => {
    env.api.get('/charge').reply(200, json).fail(kind);
    const patience = kind === 'never-answer' ? 150 : 10_000; // ms
    expect(await ask(patience)).toMatchObject(expected);
    env.api.get('/charge').reply(200, 'well again');
    expect(await ask()).toEqual({ body: 'well again', rstCode: 0, code: undefined });
  });
});

describe('answers that fail', () => {
  test('status, and rate limit with Retry-After', async () => {
    env.api.get('/status').fail('status', { status: 503 });
    env.api.get('/limited').fail('rate-limit', { retryAfter: 7 });
    expect((await fetch(`${env.api.url}/status`)).status).toBe(503);
    const limited = await fetch(`${env.api.url}/limited`);
    expect(limited.status).toBe(429);
    expect(limited.headers.get('retry-after')).toBe('7');
  });

  test('a declared length that is one short cuts the last byte off', async () => {
    env.api.get('/short').reply(200, '12345').fail('wrong-length');
    expect(await (await fetch(`${env.api.url}/short`)).text()).toBe('1234');
  });

  test('slow, but whole', async () => {
    const body = 'x'.repeat(60);
    env.api.get('/first').reply(200, body).fail('slow-first-byte', { delay: 30 });
    env.api.get('/body').reply(200, body).fail('slow-body', { bytesPerSecond: 600 });
    expect(await (await fetch(`${env.api.url}/first`)).text()).toBe(body);
    const slow = await fetch(`${env.api.url}/body`);
    const pieces: Uint8Array[] = [];
    for await (const piece of slow.body as any) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe(body);
    expect(pieces.length).toBeGreaterThan(1);
  });
});

describe('when', () => {
  const statuses = async (path: string, count: number) => {
    const seen: number[] = [];
    for (let index = 0; index < count; index++) {
      seen.push((await fetch(env.api.url + path)).status);
    }
    return seen;
  };

  test('the nth call, or several', async () => {
    env.api.get('/second').fail('status', { status: 503, call: 2 });
    env.api.get('/some').fail('status', { status: 503, call: [1, 3] });
    expect(await statuses('/second', 3)).toEqual([200, 503, 200]);
    expect(await statuses('/some', 4)).toEqual([503, 200, 503, 200]);
  });

  test('a probability: the same seed, the same calls', async () => {
    env.api.get('/a').fail('status', { probability: 0.5, seed: 7 });
    env.api.get('/b').fail('status', { probability: 0.5, seed: 7 });
    env.api.get('/c').fail('status', { probability: 0.5, seed: 8 });
    env.api.get('/never').fail('status', { probability: 0 });
    const [a, b, c] = [
      await statuses('/a', 20),
      await statuses('/b', 20),
      await statuses('/c', 20),
    ];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect(new Set(a)).toEqual(new Set([200, 500]));
    expect(new Set(await statuses('/never', 20))).toEqual(new Set([200]));
  });

  test("a route's own failure comes before the stub's", async () => {
    env.api.fail('status', { status: 500 });
    env.api.get('/own').fail('status', { status: 503, call: 1 });
    expect(await statuses('/own', 2)).toEqual([503, 500]);
  });

  test('a reply is computed although the client never sees it', async () => {
    let charged = 0;
    env.api
      .post('/charge')
      .reply(() => {
        charged++;
        return { status: 201 };
      })
      .fail('close');
    await expect(fetch(`${env.api.url}/charge`, { method: 'POST' })).rejects.toThrow();
    expect(charged).toBe(1);
  });

  test('the reset before this test took all failures away', async () => {
    env.api.get('/own').reply(204);
    expect(await statuses('/own', 1)).toEqual([204]);
  });
});

describe('refused', () => {
  test.each([
    ['explode', {}, /no failure 'explode'/],
    ['slow-first-byte', {}, /needs 'delay'/],
    ['slow-body', { bytesPerSecond: 0 }, /bytesPerSecond/],
    ['status', { status: 99 }, /status/],
    ['reset', { after: 1 }, /no option 'after'/],
    ['reset', { call: 0 }, /call/],
    ['reset', { probability: 2 }, /probability/],
  ])('%s %j', (kind, given, message) => {
    const set = () => env.api.fail(kind as FailureKind, given as {});
    expect(set).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(set).toThrow(message);
  });
});
