import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RuntimeName } from '@seamkit/core';
import { driverOn, type OpenServer, openServer } from '@seamkit/core/inspect';
import { example } from '@seamkit/kit-example';
import { call } from './harness';

// A server that belongs to somebody else. It is swept, so no other test file may have sandboxes on
// it: an option of the server's makes it this file's own.
let server: OpenServer;
beforeAll(async () => {
  server = await openServer(example({ runtime: 'process', maxLength: 99_999 }));
});
afterAll(() => server.close());

/** A driver as core makes it for some run; for the server's own, where the runtime is not external. */
function driverOf(owner: string, url = server.endpoint.url, runtime: RuntimeName = 'external') {
  return driverOn(example(), { url }, { owner, runtime });
}

test('sweep removes what dead runs left, and nothing else', async () => {
  const { url } = server.endpoint;
  for (const owner of ['living', 'dead', 'ended']) {
    const driver = await driverOf(owner);
    await driver.create({ name: `seamkit_${owner}_s1`, index: 1, owner }, {});
    await driver.close();
  }
  await call(url, 'PUT', 'not ours', {});
  await call(url, 'PUT', 'seamkit_dead_s9', {}); // named as ours, but without a lease
  const over = { owner: 'dead', until: String(Date.now() - 1) };
  await call(url, 'PUT', 'seamkit_dead_s1_lease', over);
  const home = await driverOf('home', url, 'process');
  const own = await home.create({ name: 'seamkit_home_s1', index: 1, owner: 'home' }, {});

  const sweeper = await driverOf('sweep');
  expect(await sweeper.sweep!()).toEqual(['seamkit_dead_s1']);
  expect(await sweeper.sweep!('ended')).toEqual(['seamkit_ended_s1']);
  expect(await sweeper.sweep!('home')).toEqual([]);
  expect((await call(url, 'GET', '')).sort()).toEqual([
    'not ours',
    'seamkit_dead_s9',
    'seamkit_home_s1',
    'seamkit_living_s1',
    'seamkit_living_s1_lease',
  ]);
  await home.destroy(own);
});

test('credentials that the server refuses', async () => {
  const wrong = new URL(server.endpoint.url);
  wrong.password = 'wrong';
  const attempt = driverOf('mine', wrong.href);
  await expect(attempt).rejects.toMatchObject({ code: 'PERMISSION_MISSING' });
});

test('a port where something else answers, or nothing', async () => {
  const other = createServer((_, response) => response.end('"hello"'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  await expect(driverOf('mine', url)).rejects.toMatchObject({ code: 'SERVER_MISMATCH' });
  other.closeAllConnections();
  await new Promise((resolve) => other.close(resolve));
  await expect(driverOf('mine', url)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
});
