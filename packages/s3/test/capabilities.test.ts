import {
  HeadObjectCommand,
  PutBucketCorsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { use } from '@seamkit/core';
import { type Capability, type S3Members, s3 } from '@seamkit/s3';

const env = use({ store: s3() });
let aws: S3Client;

beforeAll(() => {
  aws = new S3Client(env.store.connection);
});
afterAll(() => aws.destroy());

const anonymous = ({ endpoint, bucket }: S3Members, key: string) =>
  fetch(`${endpoint}/${bucket}/${key}`);

/** Whether a client gets what the capability's name promises. May reject where it does not. */
const probes: Record<Capability, (store: S3Members) => Promise<boolean>> = {
  async versioning({ client, bucket, put }) {
    await client.setBucketVersioning(bucket, { Status: 'Enabled' });
    await put('a', '1');
    await put('a', '2');
    const versions = [];
    for await (const item of client.listObjects(bucket, '', true, { IncludeVersion: true }))
      versions.push(item);
    return versions.length === 2;
  },
  async objectLock({ client, bucket }) {
    const locked = `${bucket}-locked`;
    await client.makeBucket(locked, undefined, { ObjectLocking: true });
    const { objectLockEnabled } = (await client.getObjectLockConfig(locked)) as any;
    await client.removeBucket(locked);
    return objectLockEnabled === 'Enabled';
  },
  async objectAcl(store) {
    await store.put('a', 'public');
    await aws.send(new PutObjectAclCommand({ Bucket: store.bucket, Key: 'a', ACL: 'public-read' }));
    return (await anonymous(store, 'a')).status === 200;
  },
  async lifecycle({ client, bucket }) {
    const rule = {
      ID: 'rule',
      Status: 'Enabled',
      Filter: { Prefix: 'tmp/' },
      Expiration: { Days: 1 },
    };
    await client.setBucketLifecycle(bucket, { Rule: [rule] });
    return ((await client.getBucketLifecycle(bucket)) as any).Rule.ID === 'rule';
  },
  async policy(store) {
    await store.put('a', 'public');
    const Resource = `arn:aws:s3:::${store.bucket}/*`;
    const Statement = [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource }];
    await store.client.setBucketPolicy(
      store.bucket,
      JSON.stringify({ Version: '2012-10-17', Statement }),
    );
    return (await anonymous(store, 'a')).status === 200;
  },
  async cors({ endpoint, bucket }) {
    const CORSRules = [{ AllowedOrigins: ['http://shop.test'], AllowedMethods: ['GET'] }];
    await aws.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules } }));
    const headers = { Origin: 'http://shop.test', 'Access-Control-Request-Method': 'GET' };
    const preflight = await fetch(`${endpoint}/${bucket}/a`, { method: 'OPTIONS', headers });
    return preflight.headers.get('access-control-allow-origin') === 'http://shop.test';
  },
  async tagging({ client, bucket, put }) {
    await put('a', '');
    await client.setObjectTagging(bucket, 'a', { state: 'new' });
    return JSON.stringify(await client.getObjectTagging(bucket, 'a')).includes('state');
  },
  async conditionalWrites({ bucket, text }) {
    const create = (Body: string) =>
      aws.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body, IfNoneMatch: '*' }));
    await create('first');
    const second = await create('second').catch(({ name }) => name);
    return second === 'PreconditionFailed' && (await text('a')) === 'first';
  },
  async postPolicy({ client, bucket, text }) {
    const policy = client.newPostPolicy();
    policy.setBucket(bucket);
    policy.setKey('form');
    policy.setExpires(new Date(Date.now() + 60_000));
    const { postURL, formData } = await client.presignedPostPolicy(policy);
    const form = new FormData();
    for (const [name, value] of Object.entries(formData)) form.append(name, value);
    form.append('file', new Blob(['by form']));
    await fetch(postURL, { method: 'POST', body: form });
    return (await text('form')) === 'by form';
  },
  async checksums({ bucket }) {
    const where = { Bucket: bucket, Key: 'a' };
    await aws.send(
      new PutObjectCommand({ ...where, Body: 'content', ChecksumAlgorithm: 'SHA256' }),
    );
    const head = await aws.send(new HeadObjectCommand({ ...where, ChecksumMode: 'ENABLED' }));
    return head.ChecksumSHA256 !== undefined;
  },
  async encryption({ bucket }) {
    const where = { Bucket: bucket, Key: 'a' };
    await aws.send(
      new PutObjectCommand({ ...where, Body: 'content', ServerSideEncryption: 'AES256' }),
    );
    return (await aws.send(new HeadObjectCommand(where))).ServerSideEncryption === 'AES256';
  },
  async listenNotifications({ client, bucket, put, capabilities }) {
    const poller = client.listenBucketNotification(bucket, '', '', ['s3:ObjectCreated:*']);
    let heard: boolean | undefined;
    poller.once('notification', () => {
      heard = true;
    });
    poller.on('error', () => {
      heard ??= false;
    });
    const deadline = performance.now() + (capabilities.listenNotifications ? 20_000 : 2_000);
    while (heard === undefined && performance.now() < deadline) await put('a', '');
    poller.stop();
    return heard ?? false;
  },
};

test.each(Object.keys(probes) as Capability[])(
  '%s: as the table of capabilities says',
  async (name) => {
    const { store } = env;
    const can = await probes[name](store).catch((error) => {
      if (store.capabilities[name]) throw error;
      return false;
    });
    expect(can).toBe(store.capabilities[name]);
  },
);
