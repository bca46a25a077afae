const { s3 } = require('@seamkit/s3');
const { Client } = require('minio');
const { connect } = require('node:net');
const { once } = require('node:events');
const { execFile } = require('node:child_process');
const { readdirSync, readFileSync } = require('node:fs');
const { promisify } = require('node:util');
const { enterWithoutKey } = require('./ceph-handshake');

/** A client that is not the kit's, from nothing but the url. */
function clientOf(text) {
  const url = new URL(text);
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: false,
    accessKey: url.username,
    secretKey: url.password,
    region: url.searchParams.get('region'),
  });
  return { client, bucket: url.pathname.slice(1) };
}

/** Ceph's own tool, as somebody else on this machine would use it. */
async function administer(port, stranger) {
  const gateway = runningGateway();
  if (!gateway) return undefined;
  const methods = ['cluster', 'service', 'client'].map((who) => `--auth-${who}-required=none`);
  const place = ['--conf=/dev/null', `--mon-host=[v2:127.0.0.1:${port}]`];
  const tool = gateway.path.replace(/radosgw$/, 'radosgw-admin');
  const options = { ...stranger, env: gateway.env, cwd: '/', timeout: 3_000 };
  const users = await promisify(execFile)(tool, [...place, ...methods, 'user', 'list'], options)
    .then(({ stdout }) => stdout)
    .catch(() => undefined);
  return users && `list users: ${users}`;
}

/** The program and the environment of a gateway that runs here. */
function runningGateway() {
  const read = (pid, file) => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const path = read(pid, 'cmdline').find((argument) => argument.endsWith('/radosgw'));
      if (!path) continue;
      const env = read(pid, 'environ').filter((line) => line.includes('='));
      return { path, env: Object.fromEntries(env.map((line) => line.split(/=(.*)/s, 2))) };
    } catch {
      // Ended meanwhile, or another user's.
    }
  }
}

/** @type {import('@seamkit/conformance').Harness} */
module.exports = {
  kit: s3,
  options: {},
  prepare: (entries) => ({
    prepare: async (url) => {
      const { client, bucket } = clientOf(url);
      for (const [key, value] of Object.entries(entries))
        await client.putObject(bucket, key, value);
    },
    key: JSON.stringify(entries),
  }),
  async write({ url }, key, value) {
    const { client, bucket } = clientOf(url);
    await client.putObject(bucket, key, value);
  },
  async read({ url }, key) {
    const { client, bucket } = clientOf(url);
    try {
      let text = '';
      for await (const chunk of await client.getObject(bucket, key)) text += chunk;
      return text;
    } catch (error) {
      if (error.code === 'NoSuchKey') return undefined;
      throw error;
    }
  },
  async changeShape({ url }, round) {
    const { client, bucket } = clientOf(url);
    await client.setBucketVersioning(bucket, { Status: 'Enabled' });
    await client.setBucketTagging(bucket, { round: String(round) });
    for (const text of ['first', 'second'])
      await client.putObject(bucket, `versions ${round}`, text);
    await client.setObjectTagging(bucket, `versions ${round}`, { kind: 'receipt' });
  },
  async describe({ url }) {
    const { client, bucket } = clientOf(url);
    const objects = [];
    for await (const one of client.listObjects(bucket, '', true, { IncludeVersion: true })) {
      objects.push([one.name, one.size, one.isDeleteMarker === true]);
    }
    const { Status = 'never' } = (await client.getBucketVersioning(bucket)) ?? {};
    const tags = await client.getBucketTagging(bucket).catch(({ code }) => code);
    return { objects, Status, tags };
  },
  async leak({ url }) {
    const { client, bucket } = clientOf(url);
    await client.initiateNewMultipartUpload(bucket, 'unfinished', {});
    // An upload that stops in its middle.
    const target = new URL(await client.presignedPutObject(bucket, 'half'));
    const socket = connect(Number(target.port), target.hostname);
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(
      `PUT ${target.pathname}${target.search} HTTP/1.1\r\nHost: ${target.host}\r\nContent-Length: 1000\r\n\r\nhalf`,
    );
  },
  async list({ url }) {
    const buckets = await clientOf(url).client.listBuckets();
    return buckets.map(({ name }) => name).filter((name) => name.startsWith('seamkit-'));
  },
  /** Anonymous requests to the gateway; Ceph's own protocol, where the server is one. */
  async intrude(port, _endpoint, stranger) {
    for (const [method, path] of [
      ['PUT', 'stranger'],
      ['GET', 'admin/user?list'],
      ['GET', 'admin/metadata/user?key=seamkit'],
    ]) {
      const signal = AbortSignal.timeout(5_000);
      const url = `http://127.0.0.1:${port}/${path}`;
      const answer = await fetch(url, { method, signal }).catch(() => undefined);
      if (answer?.ok) return `${method} ${path}`;
    }
    const { peer, letIn } = await enterWithoutKey(port);
    if (letIn) return 'enter a process of Ceph without a key';
    return peer === 'monitor' ? administer(port, stranger) : undefined;
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { prepare: 'a script' }, code: 'OPTION_INVALID' },
    { options: { buckets: [] }, code: 'OPTION_INVALID' },
    { options: { buckets: ['Receipts'] }, code: 'OPTION_INVALID' },
    { options: { buckets: ['a_b'] }, code: 'OPTION_INVALID' },
    { options: { buckets: ['a', 'a'] }, code: 'OPTION_INVALID' },
    { options: { buckets: ['a'.repeat(21)] }, code: 'OPTION_INVALID' },
    { options: { requires: ['time travel'] }, code: 'OPTION_INVALID' },
    { options: { container: { port: '9000' } }, code: 'OPTION_INVALID' },
    { options: { container: { port: 9000, volumes: [] } }, code: 'OPTION_INVALID' },
    { options: { url: 'nowhere' }, code: 'OPTION_INVALID' },
    { options: { url: 's3://key:secret@127.0.0.1:9000' }, code: 'URL_INVALID' },
    { options: { url: 'http://127.0.0.1:9000' }, code: 'URL_INVALID' },
    { options: { url: 'http://key:secret@127.0.0.1:9000/bucket' }, code: 'URL_INVALID' },
    { options: { url: 'http://key:secret@127.0.0.1:9000?zone=a' }, code: 'URL_INVALID' },
    { options: { version: 'latest' }, code: 'OPTION_INVALID' },
  ],
};
