import type { Driver } from '@seamkit/core';
import { driverOn, type OpenServer, openServer } from '@seamkit/core/inspect';
import { type NatsMembers, type NatsOptions, nats } from '@seamkit/nats';

type NatsDriver = Driver<NatsMembers, any, any>;
const closing: { close(): Promise<void> }[] = [];

/** A server, and a driver as core would make it. */
async function driverOf(options: NatsOptions): Promise<NatsDriver> {
  const boundary = nats(options);
  const server: OpenServer = await openServer(boundary);
  const { endpoint, runtime } = server;
  const driver = await driverOn(boundary, endpoint, { owner: 'tests', runtime });
  closing.unshift(driver, server);
  return driver;
}

const idOf = (name: string, index: number) => ({ name, index, owner: 'tests' });
/** The server is shared: accounts from here on are no other file's. */
const far = 200;

afterAll(async () => {
  for (const one of closing) await one.close();
});

test('an account belongs to one sandbox, until that is destroyed', async () => {
  const driver = await driverOf({});
  const first = await driver.create(idOf('first', far), []);
  const second = await driver.create(idOf('second', far), []);
  expect(second.account).not.toBe(first.account);
  await driver.destroy(first);

  const third = await driver.create(idOf('third', far), []);
  expect(third.account).toBe(first.account);
  await driver.destroy(first); // gone already: what has its account now stays
  const fourth = await driver.create(idOf('fourth', far), []);
  expect([first.account, second.account]).not.toContain(fourth.account);
  for (const one of [second, third, fourth]) await driver.destroy(one);
});

test('where all are taken it says so', async () => {
  const driver = await driverOf({ exclusive: true });
  const only = await driver.create(idOf('only', 1), []);
  const refused = driver.create(idOf('one too many', 2), []);
  await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await driver.destroy(only);
});

test('a server that is gone is told by its address', async () => {
  const nobody = { url: 'nats://seamkit:no@127.0.0.1:9', accounts: 1 };
  const connecting = driverOn(nats(), nobody, { owner: 'tests' });
  await expect(connecting).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  await expect(connecting).rejects.toThrow(/answers at 127\.0\.0\.1:9/);
});
