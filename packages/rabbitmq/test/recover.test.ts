import type { Driver } from '@seamkit/core';
import { driverOn, openServer } from '@seamkit/core/inspect';
import { rabbitmq } from '@seamkit/rabbitmq';
import { connect } from 'amqplib';

const boundary = rabbitmq({ version: process.env.RABBITMQ_VERSION });
let server: Awaited<ReturnType<typeof openServer>>;
let driver: Driver<any, any, any>;

beforeAll(async () => {
  server = await openServer(boundary);
  const { endpoint, runtime } = server;
  driver = await driverOn(boundary, endpoint, { owner: 'recovered', runtime });
});
afterAll(async () => {
  await driver.close();
  await server.close();
});

test('a service that is about to close when its sandbox is recovered ends by itself', async () => {
  const id = { name: 'seamkit_recovered_s1', index: 1, owner: 'recovered' };
  const template = await driver.template(id);
  const data = await driver.create(id, template);
  const sandbox = await driver.open(data, template);
  const connection = await connect(sandbox.members.connection, { noDelay: true });
  let error: Error | undefined;
  connection.on('close', (reason) => {
    error = reason;
  });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('work');
  await channel.consume('work', () => {});
  expect(await sandbox.setBaseline!()).toBe(true);
  await sandbox.close();

  const recovered = driver.recover(data, template);
  for (let last = 0; last < 20; last++) {
    channel.sendToQueue('work', Buffer.from('before it closes'));
    await channel.waitForConfirms();
  }
  await connection.close();
  await recovered;
  expect(error).toBeUndefined();
  const next = await driver.open(data, template);
  expect((await next.members.topology()).queues).toEqual([]);
  await next.close();
  await driver.destroy(data);
});
