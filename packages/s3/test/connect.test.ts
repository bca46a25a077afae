import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { open } from '@seamkit/core';
import { type OpenServer, openServer } from '@seamkit/core/inspect';
import { s3 } from '@seamkit/s3';

/** What opening an external server's sandbox is refused with. */
async function refusal(url: string, options = {}) {
  try {
    await (await open({ store: s3({ url, ...options }) })).close();
  } catch (error) {
    return error as { code: string; message: string; hint: string };
  }
  throw new Error('opened');
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://key:secret@127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a url without an S3 server behind it', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  test('nobody listens', async () => {
    // Not a port that was free a moment ago: somebody else may be given it.
    expect(await refusal('http://key:secret@127.0.0.1:1')).toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      hint: expect.stringContaining('SEAMKIT_S3_URL'),
    });
  });

  test('another web server', async () => {
    server = createHttpServer((_, response) => response.end('<html>hello</html>'));
    expect(await refusal(await listening(server))).toMatchObject({ code: 'SERVER_MISMATCH' });
  });

  test('no web server', async () => {
    server = createServer((socket) => void socket.on('error', () => {}).end('220 mail ready\r\n'));
    expect(await refusal(await listening(server))).toMatchObject({ code: 'SERVER_MISMATCH' });
  });

  test('https where http is spoken', async () => {
    server = createHttpServer((_, response) => response.end());
    const url = (await listening(server)).replace('http:', 'https:');
    expect(await refusal(url)).toMatchObject({ code: 'SERVER_MISMATCH' });
  });
});

describe('an S3 server', () => {
  let server: OpenServer;
  beforeAll(async () => {
    server = await openServer(s3());
  });
  afterAll(() => server.close());

  test('wrong keys are told apart from a wrong server', async () => {
    const url = new URL(server.endpoint.url);
    url.password = 'wrong';
    const wrong = await refusal(url.href);
    expect(wrong).toMatchObject({ code: 'PERMISSION_MISSING' });
    expect(wrong.message).toContain('SignatureDoesNotMatch');
    url.username = 'nobody';
    expect((await refusal(url.href)).message).toContain('InvalidAccessKeyId');
  });

  test('its kind is read from its answers', async () => {
    await using env = await open({ store: s3({ url: server.endpoint.url }) });
    expect(env.store.server).toBe(server.endpoint.kind);
  });

  test('what it cannot do is refused before a test relies on it', async () => {
    const { kind } = server.endpoint;
    const missing = kind === 'minio' ? 'cors' : 'listenNotifications';
    expect(await refusal(server.endpoint.url, { requires: ['versioning', missing] })).toMatchObject(
      {
        code: 'UNSUPPORTED',
        message: expect.stringContaining(`(${kind}) has no ${missing}`),
        hint: expect.stringContaining('SEAMKIT_S3_'),
      },
    );
    await using env = await open({ store: s3({ requires: ['versioning', 'policy'] }) });
    expect(env.store.capabilities).toMatchObject({ versioning: true, [missing]: false });
  });
});
