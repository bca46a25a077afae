import type { FirstTest } from '@seamkit/core/first-test';

/** For `seamkit init`. */
export const firstTest: FirstTest = (style, { dependencies }) => {
  const from = ['@nats-io/transport-node', 'nats'].find((name) => dependencies.has(name));
  const lines = from
    ? `const service = await connect(env.bus.connection);
service.publish('orders.placed', JSON.stringify({ id: 7 }));
await service.drain();`
    : `env.bus.client.publish('orders.placed', JSON.stringify({ id: 7 }));`;
  return style.file(
    [...(from ? [{ from, names: ['connect'] }] : [])],
    `
const env = use({ bus: nats() });

test('an order is announced', async () => {
  const heard = env.bus.client.subscribe('orders.placed', { max: 1 });
  await env.bus.client.flush();

  // Your service connects with env.bus.connection, or to env.bus.url.
${style.indent(lines)}

  for await (const message of heard) {
    ${style.equal('message.json()', '{ id: 7 }')}
  }
});
`,
  );
};
