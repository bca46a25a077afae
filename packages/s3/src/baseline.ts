import { SeamkitError } from '@seamkit/core';
import type { Buckets, TemplateBucket } from './bucket';
import {
  abortUploads,
  copyItems,
  type Item,
  keyIn,
  listItems,
  listUploads,
  removeItems,
} from './bucket-content';
import { Stamps } from './bucket-stamp';
import { concurrently } from './concurrently';
import { S3Refusal } from './requests';

/** What a bucket looked like: equal snapshots, nothing written. */
interface Snapshot {
  /** Where the server has one, and it can be relied on. */
  stamp?: string;
  items: Item[];
  uploads: string;
  /** Bodies, or `!` and the server's code where there is none. */
  settings: Record<string, string>;
}

/** What a bucket returns to, and where its content is once it was overwritten there. */
export interface Baseline extends Snapshot {
  template?: TemplateBucket;
  /** A bucket with all versions of the `keys` that a file's own baseline has otherwise than the template. */
  own?: { bucket: string; keys: ReadonlySet<string>; acls: TemplateBucket['acls'] };
}

const limit = 16;

/** Takes the baselines of one server's buckets, and brings the buckets back to them. */
export class Baselines {
  private readonly stamps: Stamps;

  constructor(private readonly buckets: Buckets) {
    this.stamps = new Stamps(buckets.requests, buckets.kind === 'ceph');
  }

  /** Of a bucket that is like the template's. */
  async take(bucket: string, template: TemplateBucket | undefined): Promise<Baseline> {
    return { ...(await this.snapshot(bucket)), template };
  }

  /**
   * What is in the bucket now. What was written since `baseline` is copied to another bucket, which
   * `make` makes the first time. Unfinished uploads are not part of it. One request, or one round of
   * them, where nothing was written; then the baseline has the same `items`.
   */
  async move(bucket: string, baseline: Baseline, make: () => Promise<string>): Promise<Baseline> {
    if (await this.isUntouched(bucket, baseline)) return baseline;
    const now = await this.snapshot(bucket);
    if (isSame(now, baseline)) return { ...baseline, stamp: now.stamp };
    const keys = differing(now.items, baseline.items);
    const own = keys.size > 0 ? await this.keep(bucket, now, keys, baseline, make) : baseline.own;
    const stamp = now.uploads ? undefined : now.stamp;
    return { ...baseline, ...now, own, stamp, uploads: '' };
  }

  /**
   * Back to `baseline`. One request, or one round of them, where nothing was written. Resolves to
   * the new baseline. @throws SeamkitError `RESET_FAILED`
   */
  async restore(bucket: string, baseline: Baseline): Promise<Baseline> {
    if (await this.isUntouched(bucket, baseline)) return baseline;
    let now: Snapshot | undefined = await this.read(bucket).catch(noRefusal);
    if (now && isSame(now, baseline)) {
      return baseline.stamp === undefined
        ? baseline
        : { ...baseline, ...(await this.snapshot(bucket)) };
    }
    if (!(await this.restoreSettings(bucket, baseline.settings, now?.settings))) {
      return this.makeAnew(bucket, baseline);
    }
    // A policy of the test's own may have kept the kit out.
    now ??= await this.read(bucket);
    if (now.uploads) await abortUploads(this.buckets.requests, bucket);

    const wanted = new Set(baseline.items.map(({ identity }) => identity));
    const present = new Set(now.items.map(({ identity }) => identity));
    const damaged = new Set(
      baseline.items.filter(({ identity }) => !present.has(identity)).map(({ key }) => key),
    );
    await removeItems(
      this.buckets.requests,
      bucket,
      now.items.filter(({ identity, key }) => !wanted.has(identity) || damaged.has(key)),
    );
    await this.copyBack(bucket, damaged, baseline);
    const next = await this.stamps.read(bucket);
    return withStamp(next, { ...baseline, items: await this.items(bucket) });
  }

  private async isUntouched(bucket: string, { stamp }: Baseline): Promise<boolean> {
    return stamp !== undefined && (await this.stamps.read(bucket)) === stamp;
  }

  /** Copies all versions of these keys to the bucket that holds a file's own baseline. */
  private async keep(
    bucket: string,
    { items, settings }: Snapshot,
    keys: ReadonlySet<string>,
    former: Baseline,
    make: () => Promise<string>,
  ): Promise<Baseline['own']> {
    const { requests } = this.buckets;
    const own = former.own ?? { bucket: await make(), keys: new Set(), acls: {} };
    if (isVersioned(settings))
      await this.buckets.set(own.bucket, 'versioning', settings.versioning!);
    const those = async () =>
      (await listItems(requests, own.bucket)).filter(({ key }) => keys.has(key));
    await removeItems(requests, own.bucket, await those());
    const written = items.filter(({ key }) => keys.has(key));
    const acls = await this.buckets.acls(bucket, written);
    await copyItems(requests, bucket, own.bucket, written, acls);
    const others = Object.entries(own.acls).filter(([name]) => !keys.has(keyIn(name)));
    return {
      bucket: own.bucket,
      keys: new Set([...own.keys, ...keys]),
      // By the copies' own versions.
      acls: {
        ...Object.fromEntries(others),
        ...(Object.keys(acls).length > 0 && (await this.buckets.acls(own.bucket, await those()))),
      },
    };
  }

  /** A bucket that is gone, or was given what cannot be taken back. */
  private async makeAnew(bucket: string, baseline: Baseline): Promise<Baseline> {
    const { settings, items } = baseline;
    await this.buckets.remove(bucket);
    await this.buckets.make(bucket);
    if (isVersioned(settings)) await this.buckets.set(bucket, 'versioning', settings.versioning!);
    await this.copyBack(bucket, new Set(items.map(({ key }) => key)), baseline);
    if (!(await this.restoreSettings(bucket, settings))) {
      throw new SeamkitError('RESET_FAILED', `s3: bucket ${bucket} does not take its settings`, {
        tried: Object.keys(settings),
        hint: 'leave the settings of the bucket alone in tests',
      });
    }
    return { ...baseline, ...(await this.snapshot(bucket)) };
  }

  /** All versions of these keys, from where the baseline has them. */
  private async copyBack(bucket: string, keys: ReadonlySet<string>, { own, template }: Baseline) {
    const { requests } = this.buckets;
    const ours = [...keys].filter((key) => own?.keys.has(key));
    const others = [...keys].filter((key) => !own?.keys.has(key));
    for (const [from, wanted] of [
      [own, new Set(ours)],
      [template, new Set(others)],
    ] as const) {
      if (!from || wanted.size === 0) continue;
      const items = await listItems(requests, from.bucket);
      const lost = items.filter(({ key }) => wanted.has(key));
      await copyItems(requests, from.bucket, bucket, lost, from.acls);
    }
  }

  /** False where the bucket has to be made anew: it is gone, or was given what cannot be taken back. */
  private async restoreSettings(
    bucket: string,
    wanted: Record<string, string>,
    now?: Record<string, string>,
  ): Promise<boolean> {
    const current = now ?? (await this.buckets.settings(bucket));
    const changed = Object.keys(wanted).filter((name) => current[name] !== wanted[name]);
    if (changed.length === 0) return true;
    if (Object.values(current).includes('!NoSuchBucket')) return false;
    for (const name of changed) {
      const body = wanted[name]!;
      const back = body.startsWith('!')
        ? this.buckets.requests.ask('DELETE', { bucket, query: name })
        : this.buckets.requests.ask('PUT', { bucket, query: name, body });
      await back;
    }
    const after = await this.buckets.settings(bucket);
    return changed.every((name) => after[name] === wanted[name]);
  }

  private async snapshot(bucket: string): Promise<Snapshot> {
    // First: what is written while the rest is read then shows at the next reset.
    const stamp = await this.stamps.read(bucket);
    return withStamp(stamp, await this.read(bucket));
  }

  private async read(bucket: string): Promise<Snapshot> {
    const [items, uploads, settings] = await Promise.all([
      this.items(bucket),
      listUploads(this.buckets.requests, bucket),
      this.buckets.settings(bucket),
    ]);
    return { items, uploads, settings };
  }

  /** The items of a snapshot: told apart by whatever can be changed about them. */
  private async items(bucket: string): Promise<Item[]> {
    // MinIO's own extension: user metadata and tags in the listing.
    if (this.buckets.kind === 'minio')
      return listItems(this.buckets.requests, bucket, '&metadata=true');
    const items = await listItems(this.buckets.requests, bucket);
    if (this.buckets.kind === 'ceph') return items; // where changes of tags and ACLs change LastModified
    return concurrently(items, limit, async (item) => {
      if (item.deleted) return item;
      const { key, versionId } = item;
      const version = versionId === 'null' ? '' : `&versionId=${versionId}`;
      const ask = async (what: string) =>
        (await this.buckets.requests.ask('GET', { bucket, key, query: what + version })).body;
      const [tags, acl] = await Promise.all([ask('tagging'), ask('acl')]);
      return { ...item, identity: item.identity + withoutIds(tags) + withoutIds(acl) };
    });
  }
}

function withStamp<S extends Snapshot>(stamp: string | undefined, snapshot: S): S {
  return { ...snapshot, stamp: isVersioned(snapshot.settings) ? undefined : stamp };
}

function isVersioned({ versioning }: Snapshot['settings']): boolean {
  return versioning?.includes('<Status>') ?? false;
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

/** Keys whose versions are not the same in both. */
function differing(now: readonly Item[], then: readonly Item[]): Set<string> {
  const identities = (items: readonly Item[]) => {
    const all = new Map<string, string>();
    for (const { key, identity } of items) all.set(key, (all.get(key) ?? '') + identity);
    return all;
  };
  const [before, after] = [identities(then), identities(now)];
  const keys = [...before.keys(), ...after.keys()];
  return new Set(keys.filter((key) => before.get(key) !== after.get(key)));
}
