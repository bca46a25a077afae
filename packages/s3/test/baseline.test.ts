import { open } from '@seamkit/core';
import { type S3Access, s3 } from '@seamkit/s3';
import { collect, look, versions } from './look';

const names = { buckets: ['plain', 'versioned'] };

async function prepare(_url: string, { client, bucket, buckets }: S3Access) {
  for (const key of ['kept', 'other']) await client.putObject(bucket, key, 'prepared');
  await client.setBucketVersioning(buckets.versioned!, { Status: 'Enabled' });
  for (const text of ['first', 'second']) await client.putObject(buckets.versioned!, 'doc', text);
}

test('a baseline can be moved again and again, and ends with its file', async () => {
  const boundary = s3({ prepare, ...names, key: 'moved' });
  const env = await open({ store: boundary });
  const { put, text, keys, client, bucket } = env.store;
  const prepared = await look(env.store);
  await put('kept', 'first');
  await put('added', 'first');
  await env.store.setBaseline();
  await client.removeObject(bucket, 'added');
  await put('later', 'second');
  await env.store.setBaseline();
  await env.store.setBaseline();
  await put('kept', 'by a test');
  await put('later', 'by a test');
  await put('added', 'by a test');
  await client.removeObject(bucket, 'other');
  await env.reset();
  expect(await keys()).toEqual(['kept', 'later', 'other']);
  expect([await text('kept'), await text('later')]).toEqual(['first', 'second']);
  await env.close();

  await using next = await open({ store: boundary });
  expect(next.store.bucket).toBe(bucket);
  expect(await look(next.store)).toEqual(prepared);
});

test('a bucket that hooks gave versions is made anew with them', async () => {
  await using env = await open({ store: s3({ prepare, ...names }) });
  const { client, bucket, put, keys } = env.store;
  await client.setBucketVersioning(bucket, { Status: 'Enabled' });
  await put('kept', 'second version');
  await env.store.setBaseline();
  const baseline = await look(env.store);
  const items = await versions(env.store, bucket);
  for (const { key, id } of items) await client.removeObject(bucket, key, { versionId: id });
  expect(await keys()).toEqual([]);
  await client.removeBucket(bucket);
  await env.reset();
  expect(await look(env.store)).toEqual(baseline);
});

test('an upload that a hook did not finish is left alone until a reset', async () => {
  await using env = await open({ store: s3() });
  const { client, bucket } = env.store;
  await client.initiateNewMultipartUpload(bucket, 'unfinished', {});
  const uploads = () => collect(client.listIncompleteUploads(bucket, '', true));
  await env.store.setBaseline();
  expect(await uploads()).toHaveLength(1);
  await env.reset();
  expect(await uploads()).toHaveLength(0);
});
