import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { use } from '@seamkit/core';
import { s3 } from '@seamkit/s3';
import { Client } from 'minio';

const env = use({ store: s3(), several: s3({ buckets: ['receipts', 'exports'] }) });

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const awkward = [
  'a b  c.txt',
  'ümläut/日本語/😀.txt',
  'plus+and&equals=?#%25.txt',
  'quotes\'"<xml>&amp;',
  '007',
  '1e5',
  'true',
  'star*(1)!~.txt',
  'dots/../not-a-path',
];

test('an object keeps its content, type and metadata', async () => {
  const { client, bucket, put, text } = env.store;
  await put('receipts/1.txt', 'total: 12 €', {
    contentType: 'text/plain; charset=utf-8',
    metadata: { order: '42' },
  });

  expect(await text('receipts/1.txt')).toBe('total: 12 €');
  const stat = await client.statObject(bucket, 'receipts/1.txt');
  expect(stat.size).toBe(Buffer.byteLength('total: 12 €'));
  expect(stat.metaData).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', order: '42' });
});

test('bytes come back as they were, from text, bytes and streams', async () => {
  const bytes = Buffer.from([0, 255, 128, 10, 13]);
  const whole = new Uint8Array([9, ...bytes, 9]);
  await env.store.put('buffer', bytes);
  await env.store.put('part of an array', whole.subarray(1, 6));
  await env.store.put('stream', Readable.from([bytes.subarray(0, 2), bytes.subarray(2)]));
  await env.store.put('nothing', '');

  expect(await env.store.bytes('buffer')).toEqual(bytes);
  expect(await env.store.bytes('part of an array')).toEqual(bytes);
  expect(await env.store.bytes('stream')).toEqual(bytes);
  expect(await env.store.text('nothing')).toBe('');
});

test('what is not there is undefined, and what goes wrong is not', async () => {
  expect(await env.store.text('nowhere')).toBeUndefined();
  expect(await env.store.bytes('nowhere')).toBeUndefined();
  await env.store.client.removeBucket(env.store.bucket);
  await expect(env.store.text('nowhere')).rejects.toMatchObject({ code: 'NoSuchBucket' });
});

test('keys may hold anything that a file name must not', async () => {
  await Promise.all(awkward.map((key) => env.store.put(key, key)));

  expect((await env.store.keys()).sort()).toEqual([...awkward].sort());
  for (const key of awkward) expect(await env.store.text(key)).toBe(key);
  expect(await env.store.keys('ümläut/')).toEqual(['ümläut/日本語/😀.txt']);
});

test('more than 1,000 keys are listed whole', async () => {
  const keys = Array.from({ length: 1_005 }, (_, index) => `key ${String(index).padStart(4, '0')}`);
  for (let at = 0; at < keys.length; at += 50) {
    await Promise.all(keys.slice(at, at + 50).map((key) => env.store.put(key, '')));
  }
  expect(await env.store.keys()).toEqual(keys);
});

test('a range is read alone', async () => {
  await env.store.put('digits', '0123456789');
  const chunks = [];
  const part = await env.store.client.getPartialObject(env.store.bucket, 'digits', 3, 4);
  for await (const chunk of part) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('3456');
});

test('100 MB are sent and read in parts, in little memory', async () => {
  const chunk = Buffer.alloc(1024 ** 2, 'seam');
  const sent = createHash('sha256');
  let peak = 0;
  const before = process.memoryUsage().arrayBuffers;
  const look = () => {
    collectGarbage();
    collectGarbage(); // the memory of what one finds is freed behind it, at the latest by the next
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  };
  function* chunks() {
    for (let index = 0; index < 100; index++) {
      const part = Buffer.from(chunk);
      part.writeUInt32BE(index);
      sent.update(part);
      if (index % 10 === 0) look();
      yield part;
    }
  }
  const { client, bucket, put } = env.store;
  await put('large', Readable.from(chunks()));

  const stat = await client.statObject(bucket, 'large');
  expect(stat.size).toBe(100 * 1024 ** 2);
  expect(stat.etag).toMatch(/-13$/); // 13 parts of 8 MiB

  const read = createHash('sha256');
  for await (const part of await client.getObject(bucket, 'large')) read.update(part);
  look();
  expect(read.digest('hex')).toBe(sent.digest('hex'));
  expect(peak).toBeLessThan(48 * 1024 ** 2);
});

describe('a presigned url', () => {
  test('gets and puts without credentials', async () => {
    const { presignedGet, presignedPut, text, put } = env.store;
    const stored = await fetch(await presignedPut('a b.txt'), { method: 'PUT', body: 'by url' });
    expect(stored.status).toBe(200);
    expect(await text('a b.txt')).toBe('by url');

    await put('ü.txt', 'ü');
    const got = await fetch(await presignedGet('ü.txt', 60));
    expect([got.status, await got.text()]).toEqual([200, 'ü']);
  });

  test('is good for what was signed, and for nothing else', async () => {
    const { presignedGet, put, bucket, endpoint } = env.store;
    await put('one', '1');
    await put('two', '2');
    const url = await presignedGet('one');
    const status = async (url: string, method = 'GET') => (await fetch(url, { method })).status;
    expect(await status(url)).toBe(200);
    expect(await status(url.replace('/one?', '/two?'))).toBe(403);
    expect(await status(url.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).toBe(403);
    expect(await status(url, 'DELETE')).toBe(403);
    expect(await status(`${endpoint}/${bucket}/one`)).toBe(403);
  });
});

test('wrong keys are refused', async () => {
  const { endpoint, accessKey, secretKey, bucket } = env.store;
  const { hostname, port } = new URL(endpoint);
  const attempt = async (accessKey: string, secretKey: string) => {
    const client = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      accessKey,
      secretKey,
      region: 'us-east-1',
    });
    for await (const _ of client.listObjectsV2(bucket)) throw new Error('listed something');
  };
  await attempt(accessKey, secretKey);
  await expect(attempt(accessKey, `${secretKey}x`)).rejects.toMatchObject({
    code: 'SignatureDoesNotMatch',
  });
  await expect(attempt('nobody', secretKey)).rejects.toMatchObject({ code: 'InvalidAccessKeyId' });
});

test('several buckets are told apart by their names', async () => {
  const { buckets, bucket, put, text, keys, presignedGet } = env.several;
  expect(Object.keys(buckets)).toEqual(['receipts', 'exports']);
  expect(buckets.receipts).toBe(bucket);
  expect(buckets.exports).not.toBe(bucket);

  await put('a', 'receipt');
  await put('a', 'export', { bucket: 'exports' });
  expect(await text('a')).toBe('receipt');
  expect(await text('a', { bucket: 'exports' })).toBe('export');
  expect(await keys('', { bucket: 'exports' })).toEqual(['a']);
  const url = await presignedGet('a', 60, { bucket: 'exports' });
  expect(await (await fetch(url)).text()).toBe('export');
  await expect(text('a', { bucket: 'imports' })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    hint: expect.stringContaining('receipts, exports'),
  });
});
