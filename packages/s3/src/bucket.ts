import { SeamkitError } from '@seamkit/core';
import {
  abortUploads,
  aclKey,
  copyItems,
  type Item,
  listItems,
  listUploads,
  removeItems,
  unlessGone,
} from './bucket-content';
import { Stamps } from './bucket-stamp';
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

/** What a bucket looked like: equal snapshots, nothing written. */
interface Snapshot {
  /** Where the server has one, and it can be relied on. */
  stamp?: string;
  items: Item[];
  uploads: string;
  /** Bodies, or `!` and the server's code where there is none. */
  settings: Record<string, string>;
}

const limit = 16;

/** The buckets of one server: made, read, put back, removed. */
export class Buckets {
  private readonly stamps: Stamps;

  constructor(
    readonly requests: Requests,
    readonly kind: ServerKind,
  ) {
    this.stamps = new Stamps(requests, kind === 'ceph');
  }

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
    const acls: TemplateBucket['acls'] = {};
    const items = await listItems(this.requests, bucket);
    await concurrently(
      items.filter(({ deleted }) => !deleted),
      limit,
      async ({ key, versionId }) => {
        const query = `acl${versionId === 'null' ? '' : `&versionId=${versionId}`}`;
        const { body } = await this.requests.ask('GET', { bucket, key, query });
        if (body.split('<Grant>').length > 2) acls[aclKey(key, versionId)] = body;
      },
    );
    return {
      bucket,
      settings: Object.fromEntries(changed.filter(([, body]) => !body.startsWith('!'))),
      acls,
    };
  }

  /** What the bucket is set to, by the names of `settingsOf`. */
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

  async snapshot(bucket: string): Promise<Snapshot> {
    // First: what is written while the rest is read then shows at the next reset.
    const stamp = await this.stamps.read(bucket);
    return withStamp(stamp, await this.read(bucket));
  }

  /**
   * Back to `baseline`, whose content the template has, too. One request, or one round of
   * them, where nothing was written. Resolves to the new baseline.
   */
  async restore(
    bucket: string,
    baseline: Snapshot,
    template: TemplateBucket | undefined,
  ): Promise<Snapshot> {
    const { stamp } = baseline;
    if (stamp !== undefined && (await this.stamps.read(bucket)) === stamp) return baseline;
    let now: Snapshot | undefined = await this.read(bucket).catch(noRefusal);
    if (now && isSame(now, baseline)) return stamp === undefined ? baseline : this.snapshot(bucket);
    if (!(await this.restoreSettings(bucket, baseline.settings, now?.settings))) {
      await this.remove(bucket);
      await this.clone(bucket, template);
      return this.snapshot(bucket);
    }
    // A policy of the test's own may have kept the kit out.
    now ??= await this.read(bucket);
    if (now.uploads) await abortUploads(this.requests, bucket);

    const wanted = new Set(baseline.items.map(({ identity }) => identity));
    const present = new Set(now.items.map(({ identity }) => identity));
    const damaged = new Set(
      baseline.items.filter(({ identity }) => !present.has(identity)).map(({ key }) => key),
    );
    await removeItems(
      this.requests,
      bucket,
      now.items.filter(({ identity, key }) => !wanted.has(identity) || damaged.has(key)),
    );
    if (damaged.size && template) {
      const items = await listItems(this.requests, template.bucket);
      const lost = items.filter(({ key }) => damaged.has(key));
      await copyItems(this.requests, template.bucket, bucket, lost, template.acls);
    }
    const next = await this.stamps.read(bucket);
    return withStamp(next, { ...baseline, items: await this.items(bucket) });
  }

  /** False where the bucket has to be made anew: it is gone, or was given what cannot be taken back. */
  private async restoreSettings(
    bucket: string,
    wanted: Record<string, string>,
    now?: Record<string, string>,
  ): Promise<boolean> {
    const current = now ?? (await this.settings(bucket));
    const changed = Object.keys(wanted).filter((name) => current[name] !== wanted[name]);
    if (changed.length === 0) return true;
    if (Object.values(current).includes('!NoSuchBucket')) return false;
    for (const name of changed) {
      const body = wanted[name]!;
      const back = body.startsWith('!')
        ? this.requests.ask('DELETE', { bucket, query: name })
        : this.requests.ask('PUT', { bucket, query: name, body });
      await back;
    }
    const after = await this.settings(bucket);
    return changed.every((name) => after[name] === wanted[name]);
  }

  private async read(bucket: string): Promise<Snapshot> {
    const [items, uploads, settings] = await Promise.all([
      this.items(bucket),
      listUploads(this.requests, bucket),
      this.settings(bucket),
    ]);
    return { items, uploads, settings };
  }

  private async set(bucket: string, name: string, body: string): Promise<void> {
    await this.requests.send('PUT', { bucket, query: name, body });
  }

  /** The items of a snapshot: told apart by whatever can be changed about them. */
  private async items(bucket: string): Promise<Item[]> {
    // MinIO's own extension: user metadata and tags in the listing.
    if (this.kind === 'minio') return listItems(this.requests, bucket, '&metadata=true');
    const items = await listItems(this.requests, bucket);
    if (this.kind === 'ceph') return items; // where changes of tags and ACLs change LastModified
    return concurrently(items, limit, async (item) => {
      if (item.deleted) return item;
      const { key, versionId } = item;
      const version = versionId === 'null' ? '' : `&versionId=${versionId}`;
      const ask = async (what: string) =>
        (await this.requests.ask('GET', { bucket, key, query: what + version })).body;
      const [tags, acl] = await Promise.all([ask('tagging'), ask('acl')]);
      return { ...item, identity: item.identity + withoutIds(tags) + withoutIds(acl) };
    });
  }
}

function withStamp(stamp: string | undefined, snapshot: Snapshot): Snapshot {
  const versioned = snapshot.settings.versioning?.includes('<Status>');
  return { ...snapshot, stamp: versioned ? undefined : stamp };
}

function isSame(now: Snapshot, then: Snapshot): boolean {
  return (
    now.uploads === then.uploads &&
    now.items.length === then.items.length &&
    now.items.every(({ identity }, index) => identity === then.items[index]!.identity) &&
    Object.entries(then.settings).every(([name, body]) => now.settings[name] === body)
  );
}

/** The bucket is gone, or a policy keeps us out: to be looked into. */
function noRefusal(error: unknown): undefined {
  if (!(error instanceof S3Refusal)) throw error;
}

/** Errors carry an id that is never the same twice. */
function withoutIds(body: string): string {
  return body.replace(/<(RequestId|HostId)>.*?<\/\1>/g, '');
}
