import { text } from 'node:stream/consumers';
import {
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetObjectAclCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Members } from '@seamkit/s3';

/** All that a client can see of the sandbox. */
export async function look(store: S3Members) {
  const { client, buckets, connection } = store;
  const aws = new S3Client(connection);
  const look = async (bucket: string) => ({
    objects: await versions(store, bucket),
    uploads: await collect(client.listIncompleteUploads(bucket, '', true)),
    versioning: (await client.getBucketVersioning(bucket)) || undefined,
    policy: await client.getBucketPolicy(bucket).catch(codeOf),
    lifecycle: await client.getBucketLifecycle(bucket).catch(codeOf),
    tags: await client.getBucketTagging(bucket).catch(codeOf),
    acl: (await aws.send(new GetBucketAclCommand({ Bucket: bucket }))).Grants,
    cors: await aws.send(new GetBucketCorsCommand({ Bucket: bucket })).then(
      ({ CORSRules }) => CORSRules,
      ({ name }) => name,
    ),
    access: (await aws.send(new GetPublicAccessBlockCommand({ Bucket: bucket })))
      .PublicAccessBlockConfiguration,
  });
  const looks = await Promise.all(Object.values(buckets).map(look));
  aws.destroy();
  return looks;
}

/** All versions of all objects. Their ids, which a copy does not share, do not count as content. */
export async function versions({ client, connection }: S3Members, bucket: string) {
  const aws = new S3Client(connection);
  const found = await collect(client.listObjects(bucket, '', true, { IncludeVersion: true }));
  const all = found.map(async ({ name: key, versionId: id, isLatest, isDeleteMarker }) => {
    const item: Record<string, unknown> = { key, isLatest };
    Object.defineProperty(item, 'id', { value: id });
    if (isDeleteMarker) return Object.assign(item, { isDeleteMarker });
    const version: any = id === 'null' ? {} : { versionId: id };
    const content = await text(await client.getObject(bucket, key, version));
    const { metaData } = await client.statObject(bucket, key, version);
    const tags = await client.getObjectTagging(bucket, key, version).catch(codeOf);
    const { Grants } = await aws.send(
      new GetObjectAclCommand({ Bucket: bucket, Key: key, VersionId: version.versionId }),
    );
    return Object.assign(item, { content, metaData, tags, Grants });
  });
  const looks = await Promise.all(all);
  aws.destroy();
  return looks as any[];
}

export async function collect(stream: AsyncIterable<any>) {
  const items: any[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

export function codeOf(error: { code?: string }) {
  if (!error.code) throw error;
  return error.code;
}
