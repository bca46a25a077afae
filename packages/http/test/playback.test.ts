import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { open } from '@seamkit/core';
import { type CassetteSetting, drift, http, openCassette, verifyPact } from '@seamkit/http';

let folder: string;
let file: string;
let real: Server;
let origin: string;
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-http-'));
  file = join(folder, 'cassette.yaml');
  asked = [];
  real = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} for ${request.headers.host}`);
    response.setHeader('content-type', 'application/json');
    if (request.url === '/zipped') {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(JSON.stringify({ zipped: true })));
    } else response.end(JSON.stringify({ url: request.url, n: asked.length }));
  });
  real.listen(0, '127.0.0.1');
  await once(real, 'listening');
  origin = `http://localhost:${(real.address() as AddressInfo).port}`;
});

afterEach(() => {
  real.closeAllConnections();
  real.close();
  rmSync(folder, { recursive: true });
});

const stub = (cassette: CassetteSetting) => open({ api: http({ origins: [origin], cassette }) });
const json = async (url: string) => (await fetch(url)).json();

async function record(...paths: string[]) {
  await using env = await stub({ file, mode: 'record' });
  for (const path of paths) await json(origin + path);
  expect(env.api.unmatched()).toEqual([]);
}

test('what the real server answered is recorded, and replayed without it', async () => {
  await record('/things?page=1', '/zipped');
  expect(asked).toHaveLength(2);
  expect(asked[0]).toBe(`GET /things?page=1 for ${new URL(origin).host}`);
  expect(readFileSync(file, 'utf8')).toContain('zipped: true');

  real.closeAllConnections();
  real.close();
  await using env = await stub({ file, mode: 'replay' });
  expect(await json(`${origin}/things?page=1`)).toEqual({ url: '/things?page=1', n: 1 });
  expect(await json(`${env.api.url}/zipped`)).toEqual({ zipped: true });
  expect(env.api.calls().map(({ route }) => route)).toEqual(['cassette', 'cassette']);
  await env.reset();
  expect(await json(`${origin}/things?page=1`)).toEqual({ url: '/things?page=1', n: 1 });
});

test('nothing that is not recorded gets through, and the test fails', async () => {
  await record('/things');
  const { kit, options } = http({ origins: [origin], cassette: { file, mode: 'replay' } });
  if (kit.kind === 'server') throw new Error('not a local kit');
  const box = await kit.open(options, {} as never);
  const answer = await fetch(`${origin}/other`);
  expect(answer.status).toBe(501);
  expect(await answer.text()).toContain(`no answer to GET ${origin}/other`);
  expect(asked).toHaveLength(1);
  await expect(box.verify!({})).rejects.toMatchObject({ code: 'EXPECTATION_FAILED' });
  await box.close();
});

test('a route comes before the cassette', async () => {
  await record('/things');
  await using env = await stub({ file, mode: 'replay' });
  env.api.get('/things').reply(418);
  expect((await fetch(`${origin}/things`)).status).toBe(418);
});

test('record adds what is missing, refresh starts anew', async () => {
  await record('/a');
  await record('/a', '/b');
  expect(asked).toHaveLength(2);
  {
    await using env = await stub({ file, mode: 'refresh' });
    await json(`${origin}/a`);
    expect(env.api.calls()).toHaveLength(1);
  }
  expect(asked).toHaveLength(3);
  await using env = await stub({ file, mode: 'replay' });
  expect(await json(`${origin}/a`)).toEqual({ url: '/a', n: 3 });
  expect((await fetch(`${origin}/b`)).status).toBe(501);
  expect(env.api.unmatched()).toHaveLength(1);
});

test('a server that cannot be reached is named, and nothing is recorded', async () => {
  real.close();
  const { kit, options } = http({ origins: [origin], cassette: { file, mode: 'record' } });
  if (kit.kind === 'server') throw new Error('not a local kit');
  const box = await kit.open(options, {} as never);
  expect((await fetch(`${origin}/things`)).status).toBe(501);
  await expect(box.verify!({})).rejects.toThrow(/cannot be played or recorded: .*ECONNREFUSED/);
  await box.close();
  expect(existsSync(file)).toBe(false);
});

test('the mode is replay in CI, and record where there is no file yet', async () => {
  const { CI, SEAMKIT_CASSETTE } = process.env;
  try {
    delete process.env.SEAMKIT_CASSETTE;
    process.env.CI = 'true';
    await expect(stub(file)).rejects.toMatchObject({ code: 'STATE_INVALID' });
    delete process.env.CI;
    for (let round = 0; round < 2; round++) {
      await using env = await stub(file);
      expect(await json(`${env.api.url}/a`)).toEqual({ url: '/a', n: 1 });
    }
    expect(asked).toHaveLength(1);
    process.env.SEAMKIT_CASSETTE = 'refresh';
    await using env = await stub(file);
    expect(await json(`${env.api.url}/a`)).toEqual({ url: '/a', n: 2 });
  } finally {
    for (const [name, value] of Object.entries({ CI, SEAMKIT_CASSETTE })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test('drift and verifyPact ask the real server, though a sandbox has its origin', async () => {
  await record('/zipped');
  const pact = join(folder, 'pact.json');
  const request = { method: 'GET', path: '/zipped' };
  const response = { status: 200, body: { zipped: true } };
  writeFileSync(
    pact,
    JSON.stringify({
      interactions: [{ description: 'all', request, response }],
      metadata: { pactSpecification: { version: '3.0.0' } },
    }),
  );
  await using env = await open({ api: http({ origins: [origin] }) });
  const cassette = await openCassette({ file, mode: 'replay' });
  expect(await drift(cassette)).toEqual([]);
  expect(await verifyPact(pact, origin)).toEqual([]);
  expect(asked).toHaveLength(3);
  expect(env.api.calls()).toEqual([]);
});
