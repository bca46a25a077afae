const { exchange } = require('@seamkit/core');
const { rabbitmq } = require('@seamkit/rabbitmq');
const amqp = require('amqplib');

/** Does `work` with a client that is not the kit's. */
async function withChannel(url, work) {
  const connection = await amqp.connect(url, { noDelay: true });
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  try {
    return await work(channel);
  } finally {
    await connection.close().catch(() => {});
  }
}

/** An entry is a queue that holds one message. */
async function put(channel, key, value) {
  await channel.assertQueue(key);
  await channel.purgeQueue(key);
  channel.sendToQueue(key, Buffer.from(value));
  await channel.waitForConfirms();
}

/** A request to the management API, with the members' own user. */
async function manage({ managementUrl }, method, path, body) {
  const { origin, username, password } = new URL(managementUrl);
  const response = await fetch(`${origin}/api/${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: { authorization: `Basic ${btoa(`${username}:${decodeURIComponent(password)}`)}` },
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return method === 'GET' ? response.json() : undefined;
}

/** What somebody without a password tries, by each protocol of RabbitMQ's and of Erlang's. */
const attempts = [
  async (port) => {
    await (await amqp.connect(`amqp://guest:guest@127.0.0.1:${port}`, { timeout: 5_000 })).close();
    return 'connect as guest';
  },
  async (port) => {
    const credentials = { mechanism: 'ANONYMOUS', response: () => Buffer.from('') };
    await (await amqp.connect(`amqp://127.0.0.1:${port}`, { timeout: 5_000, credentials })).close();
    return 'connect without a name';
  },
  async (port) => {
    const headers = { authorization: `Basic ${btoa('guest:guest')}` };
    const signal = AbortSignal.timeout(5_000);
    const url = `http://127.0.0.1:${port}/api/overview`;
    return (await fetch(url, { headers, signal })).ok && 'read the overview as guest';
  },
  // Erlang's name server tells its names to whoever asks, and ends when told to.
  async (port) =>
    /name \w+ at port/.test(await exchange(port, '\0\x01n')) && 'ask for the names of nodes',
  // An Erlang node that listens for others says `ok` to a name, before it asks for the cookie.
  async (port) => {
    const abilities = '\0\0\0\x0d\x07\xdf\xff\xff';
    const name = `N${abilities}\0\0\0\x01\0\x12stranger@localhost`;
    const answer = await exchange(
      port,
      Buffer.from(`\0${String.fromCharCode(name.length)}${name}`, 'latin1'),
    );
    return answer.includes('sok') && 'speak to an Erlang node';
  },
];

/** @type {import('@seamkit/conformance').Harness} */
module.exports = {
  kit: rabbitmq,
  // Another version than the machine's own, where it can be had: RABBITMQ_VERSION=4
  options: process.env.RABBITMQ_VERSION ? { version: process.env.RABBITMQ_VERSION } : {},
  prepare: (entries) => ({
    prepare: (url) =>
      withChannel(url, async (channel) => {
        for (const [key, value] of Object.entries(entries)) await put(channel, key, value);
      }),
    key: JSON.stringify(entries),
  }),
  write: ({ url }, key, value) => withChannel(url, (channel) => put(channel, key, value)),
  read: ({ url }, key) =>
    withChannel(url, async (channel) => {
      const message = await channel.get(key).catch((error) => {
        if (error.code !== 404) throw error;
      });
      if (!message) return undefined;
      channel.nack(message);
      return message.content.toString();
    }),
  changeShape: (members, round) =>
    withChannel(members.url, async (channel) => {
      await channel.assertExchange(`events ${round}`, 'topic', { autoDelete: false });
      await channel.assertQueue(`heard ${round}`, { arguments: { 'x-max-length': 10 * round } });
      await channel.bindQueue(`heard ${round}`, `events ${round}`, 'order.*');
      const definition = { 'max-length': round };
      const policy = { pattern: '^heard', definition, 'apply-to': 'queues' };
      await manage(members, 'PUT', `policies/${members.vhost}/limit ${round}`, policy);
    }),
  async describe(members) {
    const kinds = ['exchanges', 'queues', 'bindings', 'policies'];
    const lists = await Promise.all(
      kinds.map((kind) => manage(members, 'GET', `${kind}/${members.vhost}`)),
    );
    // What is declared; the rest counts what happens, and is late.
    return lists.map((list) =>
      list
        .map(({ name, type, source, destination, routing_key, arguments: extra, definition }) =>
          JSON.stringify({ name, type, source, destination, routing_key, extra, definition }),
        )
        .sort(),
    );
  },
  async leak({ url }) {
    const connection = await amqp.connect(url, { noDelay: true });
    connection.on('error', () => {});
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    await channel.assertQueue('left behind');
    for (let number = 0; number < 3; number++) {
      channel.sendToQueue('left behind', Buffer.from('unacknowledged'));
    }
    await channel.get('left behind');
    await new Promise((resolve, reject) => {
      channel.consume('left behind', resolve).catch(reject);
    });
    await channel.assertQueue('', { exclusive: true });
  },
  async list({ url }) {
    const { username, password, hostname, searchParams } = new URL(url);
    const ask = async (path) => {
      const response = await fetch(
        `http://${hostname}:${searchParams.get('management') ?? 15672}/api/${path}`,
        { headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` } },
      );
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      return (await response.json()).map(({ name }) => `${path} ${name}`);
    };
    const all = [...(await ask('vhosts')), ...(await ask('users'))];
    return all.filter((name) => /seamkit_(?!lease|unused)/.test(name));
  },
  async intrude(port) {
    for (const attempt of attempts) {
      const got = await attempt(port).catch(() => undefined);
      if (got) return got;
    }
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { prepare: 'a script' }, code: 'OPTION_INVALID' },
    { options: { plugins: 'rabbitmq_shovel' }, code: 'OPTION_INVALID' },
    { options: { plugins: ['a]. halt().'] }, code: 'OPTION_INVALID' },
    { options: { managementUrl: 'amqp://127.0.0.1' }, code: 'OPTION_INVALID' },
    { options: { url: 'http://127.0.0.1:5672' }, code: 'URL_INVALID' },
    { options: { url: 'nowhere' }, code: 'OPTION_INVALID' },
    { options: { version: '3.8' }, code: 'VERSION_UNAVAILABLE' },
    { options: { version: 'latest' }, code: 'OPTION_INVALID' },
  ],
};
