import { SeamkitError } from '@seamkit/core';
import {
  abortUploads,
  aclKey,
  copyItems,
  type Item,
  listItems,
  removeItems,
  unlessGone,
} from './bucket-content';
import { concurrently } from './concurrently';
import { type Requests, S3Refusal } from './requests';
import { type ServerKind, settingsOf } from './server-kind';

/** A template's bucket, as plain data. */
export type TemplateBucket = {
  bucket: string;
  /** Sub-resources that `prepare` set, and their bodies. */
  settings: { [name: string]: string };
  /** Of objects that others may read or write: `aclKey` → body. */
  acls: { [key: string]: string };
};

const limit = 16;

/** The buckets of one server: made, described, set, removed. */
export class Buckets {
  constructor(
    readonly requests: Requests,
    readonly kind: ServerKind,
  ) {}

  /** @throws SeamkitError `PERMISSION_MISSING` */
  async make(bucket: string): Promise<void> {
    const { region } = this.requests;
    const body =
      region === 'us-east-1'
        ? undefined
        : `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
    try {
      await this.requests.send('PUT', { bucket, body });
    } catch (error) {
      if (!(error instanceof S3Refusal && error.code === 'AccessDenied')) throw error;
      throw new SeamkitError('PERMISSION_MISSING', 's3: these credentials may not make buckets', {
        hint: 'allow s3:CreateBucket, and everything else on buckets named seamkit-*',
        cause: error,
      });
    }
  }

  async exists(bucket: string): Promise<boolean> {
    const { status } = await this.requests.ask('HEAD', { bucket });
    return status !== 404;
  }

  /** With all that is in it. Resolves if it is gone already. */
  async remove(bucket: string): Promise<void> {
    // A policy may forbid all that follows.
    await this.requests.send('DELETE', { bucket, query: 'policy' }).catch(() => {});
    try {
      await abortUploads(this.requests, bucket);
      await removeItems(this.requests, bucket, await listItems(this.requests, bucket));
      await this.requests.send('DELETE', { bucket });
    } catch (error) {
      // The second is Ceph's word to all but one who remove a bucket at once.
      unlessGone('NoSuchBucket', 'NoSuchKey')(error);
    }
  }

  /** A new bucket like the template's; an empty one without a template. */
  async clone(bucket: string, template: TemplateBucket | undefined): Promise<void> {
    await this.make(bucket);
    if (!template) return;
    const { versioning, ...settings } = template.settings;
    if (versioning) await this.set(bucket, 'versioning', versioning);
    const items = await listItems(this.requests, template.bucket);
    await copyItems(this.requests, template.bucket, bucket, items, template.acls);
    for (const [name, body] of Object.entries(settings)) {
      await this.set(bucket, name, body.replaceAll(template.bucket, bucket));
    }
  }

  /** Describes a template's bucket after `prepare`; `before` is what a new bucket is set to. */
  async describe(bucket: string, before: Record<string, string>): Promise<TemplateBucket> {
    const after = await this.settings(bucket);
    const changed = Object.entries(after).filter(([name, body]) => body !== before[name]);
    return {
      bucket,
      settings: Object.fromEntries(changed.filter(([, body]) => !body.startsWith('!'))),
      acls: await this.acls(bucket, await listItems(this.requests, bucket)),
    };
  }

  /** The ACLs of those versions that others may read or write. */
  async acls(bucket: string, items: readonly Item[]): Promise<TemplateBucket['acls']> {
    const acls: TemplateBucket['acls'] = {};
    await concurrently(
      items.filter(({ deleted }) => !deleted),
      limit,
      async ({ key, versionId }) => {
        const query = `acl${versionId === 'null' ? '' : `&versionId=${versionId}`}`;
        const { body } = await this.requests.ask('GET', { bucket, key, query });
        if (body.split('<Grant>').length > 2) acls[aclKey(key, versionId)] = body;
      },
    );
    return acls;
  }

  /** What the bucket is set to, by the names of `settingsOf`: bodies, or `!` and the server's code. */
  async settings(bucket: string): Promise<Record<string, string>> {
    const read = async (name: string) => {
      const { status, body } = await this.requests.ask('GET', { bucket, query: name });
      const code = /<Code>(.*?)<\/Code>/.exec(body)?.[1] ?? status;
      // Ceph gives this one another name than it takes.
      const mended = body.replaceAll('BlockPublicAccessBlock', 'PublicAccessBlock');
      return [name, status === 200 ? mended : `!${code}`] as const;
    };
    return Object.fromEntries(await Promise.all(settingsOf[this.kind].map(read)));
  }

  async set(bucket: string, name: string, body: string): Promise<void> {
    await this.requests.send('PUT', { bucket, query: name, body });
  }
}
