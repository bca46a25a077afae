const { connect } = require('node:net');
const { memcached } = require('@seamkit/memcached');
const memjs = require('memjs');

/** Does `work` with a client that is not the kit's. */
async function withClient(url, work) {
  const client = memjs.Client.create(new URL(url).host, {
    retries: 0,
    timeout: 20,
    conntimeout: 20,
  });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/**
 * Sends raw commands; resolves to the answer once `end` is in it. Leaves the connection open.
 * @type {(url: string, commands: string, end?: string) => Promise<string>}
 */
function send(url, commands, end = '') {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  return new Promise((resolve, reject) => {
    let answer = '';
    const look = () => answer.includes(end) && resolve(answer);
    socket.on('error', reject).write(commands, look);
    socket.on('data', (data) => {
      answer += data;
      look();
    });
  }).finally(() => socket.unref());
}

/** @type {import('@seamkit/conformance').Harness} */
const harness = {
  kit: memcached,
  prepare: (entries) => ({
    prepare: (url) =>
      withClient(url, async (client) => {
        for (const [key, value] of Object.entries(entries)) await client.set(key, value, {});
      }),
    key: JSON.stringify(entries),
  }),
  write: ({ url }, key, value) => withClient(url, (client) => client.set(key, value, {})),
  read: ({ url }, key) =>
    withClient(url, async (client) => (await client.get(key)).value?.toString()),
  changeShape: ({ url }, round) =>
    send(url, `touch kept ${3_600 * round}\r\nset flags${round} ${round} 0 1\r\n1\r\n`, 'STORED'),
  async describe({ url }) {
    const keys = ['kept', 'other', 'flags1', 'flags2'];
    const answer = await send(
      url,
      `${keys.map((key) => `mg ${key} k f t\r\n`).join('')}mn\r\n`,
      'MN',
    );
    return answer.replace(/ t(\d+)/g, (_, seconds) => ` t${Math.ceil(seconds / 3_600)}`);
  },
  async leak({ url }) {
    await send(url, 'watch mutations\r\n', 'OK');
    await send(url, 'flush_all 1\r\n', 'OK'); // in a second
    await send(url, 'set key 0 0 100\r\nhalf a value');
  },
  async list({ url }) {
    const answer = await send(url, 'lru_crawler metadump all\r\n', 'END\r\n');
    return answer.match(/^key=\S+/gm) ?? [];
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { prepare: 'a script' }, code: 'OPTION_INVALID' },
    { options: { memory: 4 }, code: 'OPTION_INVALID' },
    { options: { memory: '64m' }, code: 'OPTION_INVALID' },
    { options: { version: '1.5.22' }, code: 'VERSION_UNAVAILABLE' },
  ],
};

module.exports = { ...harness, send };
