const { jetstream, jetstreamManager } = require('@nats-io/jetstream');
const { connect } = require('@nats-io/transport-node');
const { nats } = require('@seamkit/nats');

const stream = 'ENTRIES';
const subjectOf = (key) => `entries.${Buffer.from(key).toString('base64url')}`;

/** Does `work` with a client that is not the kit's. */
async function withClient(access, work) {
  const client = await connect({ ...access, reconnect: false });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

async function fill(client, entries) {
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: stream, subjects: ['entries.*'] });
  for (const [key, value] of Object.entries(entries)) {
    await jetstream(client).publish(subjectOf(key), value);
  }
}

/** @type {import('@seamkit/conformance').Harness} */
module.exports = {
  kit: nats,
  options: {},
  prepare: (entries) => ({
    prepare: (_url, connection) => withClient(connection, (client) => fill(client, entries)),
    key: JSON.stringify(entries),
  }),
  write: ({ connection }, key, value) =>
    withClient(connection, (client) => fill(client, { [key]: value })),
  read: ({ connection }, key) =>
    withClient(connection, async (client) => {
      const manager = await jetstreamManager(client);
      const message = await manager.streams
        .getMessage(stream, { last_by_subj: subjectOf(key) })
        .catch((error) => {
          if (/not found/.test(error.message)) return null;
          throw error;
        });
      return message?.string();
    }),
  changeShape: ({ connection }, round) =>
    withClient(connection, async (client) => {
      const manager = await jetstreamManager(client);
      const name = `ADDED${round}`;
      await manager.streams.add({ name, subjects: [`added${round}.*`], max_msgs: 10 * round });
      await jetstream(client).publish(`added${round}.one`, 'text');
      await manager.consumers.add(name, { durable_name: 'worker', ack_policy: 'explicit' });
    }),
  describe: ({ connection }) =>
    withClient(connection, async (client) => {
      const manager = await jetstreamManager(client);
      const all = [];
      for await (const { config, state } of manager.streams.list()) {
        const consumers = [];
        for await (const one of manager.consumers.list(config.name)) consumers.push(one.name);
        const { name, subjects, max_msgs } = config;
        all.push({ name, subjects, max_msgs, messages: state.messages, consumers });
      }
      return all.sort((a, b) => a.name.localeCompare(b.name));
    }),
  async leak({ connection }) {
    const client = await connect({ ...connection, reconnect: false });
    client.subscribe('entries.*');
    const manager = await jetstreamManager(client);
    await manager.consumers.add(stream, { durable_name: 'left', ack_policy: 'explicit' });
    const consumer = await jetstream(client).consumers.get(stream, 'left');
    await consumer.next();
    consumer.next({ expires: 60_000 }).catch(() => {});
    await client.flush();
  },
  list: async ({ url }) => {
    const { host, username, password } = new URL(url);
    return withClient({ servers: host, user: username, pass: password }, async (client) => {
      const manager = await jetstreamManager(client);
      const names = [];
      for await (const name of manager.streams.names()) names.push(name);
      return names;
    });
  },
  async intrude(port) {
    for (const access of [{}, { user: 'account1', pass: '' }]) {
      const servers = `127.0.0.1:${port}`;
      const got = await withClient({ ...access, servers }, () => 'connect').catch(() => undefined);
      if (got) return got;
    }
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { prepare: 'a script' }, code: 'OPTION_INVALID' },
    { options: { exclusive: 'yes' }, code: 'OPTION_INVALID' },
    { options: { url: 'nats://127.0.0.1:4222' }, code: 'RUNTIME_UNAVAILABLE' },
    { options: { url: 'nowhere' }, code: 'OPTION_INVALID' },
    { options: { version: '2.8' }, code: 'VERSION_UNAVAILABLE' },
    { options: { version: 'latest' }, code: 'OPTION_INVALID' },
  ],
};
