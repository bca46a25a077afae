import type { FirstTest } from '@seamkit/core/first-test';

/** For `seamkit init`. */
export const firstTest: FirstTest = (style, { dependencies }) => {
  const aws = dependencies.has('@aws-sdk/client-s3');
  const own = aws ? [{ from: '@aws-sdk/client-s3', names: ['PutObjectCommand', 'S3Client'] }] : [];
  const lines = aws
    ? `const service = new S3Client(env.store.connection);
const place = { Bucket: env.store.bucket, Key: 'receipts/1.txt' };
await service.send(new PutObjectCommand({ ...place, Body: 'total: 12' }));
service.destroy();`
    : `await env.store.client.putObject(env.store.bucket, 'receipts/1.txt', 'total: 12');`;
  return style.file(
    own,
    `
const env = use({ store: s3() });

test('a receipt is stored', async () => {
  // Your service gets env.store.endpoint, accessKey, secretKey, region and bucket.
${style.indent(lines)}

  ${style.equal("await env.store.text('receipts/1.txt')", "'total: 12'")}
});

test('and the next test begins with an empty bucket', async () => {
  ${style.equal('await env.store.keys()', '[]')}
});
`,
  );
};
