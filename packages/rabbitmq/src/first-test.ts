import type { FirstTest } from '@seamkit/core/first-test';

/** For `seamkit init`. */
export const firstTest: FirstTest = (style, { dependencies }) => {
  const own = dependencies.has('amqplib') ? [{ from: 'amqplib', names: ['connect'] }] : [];
  const lines = own.length
    ? `const service = await connect(env.mq.url);
const channel = await service.createConfirmChannel();
channel.sendToQueue('placed', Buffer.from(JSON.stringify({ id: 7 })));
await channel.waitForConfirms();
await service.close();`
    : `await env.mq.publish('', 'placed', { id: 7 });`;
  return style.file(
    own,
    `
const env = use({ mq: rabbitmq() });

test('an order is announced', async () => {
  await env.mq.channel.assertQueue('placed');

  // Your service connects to env.mq.url, as to any RabbitMQ server.
${style.indent(lines)}

  const message = await env.mq.next('placed');
  ${style.equal('message.json()', '{ id: 7 }')}
});

test('and the next test begins with an empty virtual host', async () => {
  ${style.equal('(await env.mq.topology()).queues', '[]')}
});
`,
  );
};
