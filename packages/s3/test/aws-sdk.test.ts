import { text } from 'node:stream/consumers';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { use } from '@seamkit/core';
import { s3 } from '@seamkit/s3';

const env = use({ store: s3() });
let aws: S3Client;

beforeAll(() => {
  aws = new S3Client(env.store.connection);
});
afterAll(() => aws.destroy());

test('the AWS SDK stores, reads, lists and deletes', async () => {
  const Bucket = env.store.bucket;
  const Key = 'invoices/ü 1.pdf';
  const Metadata = { order: '42' };
  await aws.send(
    new PutObjectCommand({
      Bucket,
      Key,
      Body: 'content',
      ContentType: 'application/pdf',
      Metadata,
    }),
  );

  const { Body, ContentType } = await aws.send(new GetObjectCommand({ Bucket, Key }));
  expect([ContentType, await Body!.transformToString()]).toEqual(['application/pdf', 'content']);
  expect(await aws.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({ Metadata });
  const { Contents } = await aws.send(new ListObjectsV2Command({ Bucket, Prefix: 'invoices/' }));
  expect(Contents).toMatchObject([{ Key, Size: 7 }]);
  expect(await env.store.text(Key)).toBe('content');

  await aws.send(new DeleteObjectCommand({ Bucket, Key }));
  expect(await env.store.keys()).toEqual([]);
});

test('the AWS SDK uploads in parts', async () => {
  const where = { Bucket: env.store.bucket, Key: 'parts' };
  const { UploadId } = await aws.send(new CreateMultipartUploadCommand(where));
  const parts = ['a'.repeat(5 * 1024 ** 2), 'b'];
  const Parts = await Promise.all(
    parts.map(async (Body, index) => {
      const PartNumber = index + 1;
      const { ETag } = await aws.send(
        new UploadPartCommand({ ...where, UploadId, PartNumber, Body }),
      );
      return { ETag, PartNumber };
    }),
  );
  await aws.send(
    new CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload: { Parts } }),
  );
  const content = await env.store.client.getObject(env.store.bucket, 'parts');
  expect(await text(content)).toBe(parts.join(''));
});
