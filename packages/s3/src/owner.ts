import { clearInterval, setInterval } from 'node:timers';
import type { Buckets } from './bucket';
import { unlessGone } from './bucket-content';

/** ms between two signs of life. */
export const heartbeat = 30_000;
/** ms without one after which an owner counts as dead. */
export const timeToLive = 600_000;

const ofOwner = /^seamkit-([a-z0-9]+)-owner$/;
const sign = 'alive';
const claims = 'buckets/';
/** How often an owner's bucket is made, since others of the owner's may take it for left just then. */
const makings = 5;

/**
 * Who owns which bucket on a server that many machines share, kept in that server: a bucket per
 * owner, `seamkit-<owner>-owner`, with an object `alive`, written again every 30 s while a test file
 * is connected, and an empty object `buckets/<name>` for each bucket of that owner's, written before
 * the bucket is made. Only what has both the name and such a claim is ever removed by `sweep`.
 */
export class Owner {
  private readonly home: string;
  private settled: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly buckets: Buckets,
    private readonly name: string,
  ) {
    this.home = `seamkit-${name}-owner`;
  }

  /** Says that this bucket will be ours. */
  async claim(bucket: string): Promise<void> {
    await this.settle();
    await this.write(claims + bucket);
  }

  async disclaim(bucket: string): Promise<void> {
    const { requests } = this.buckets;
    await requests
      .send('DELETE', { bucket: this.home, key: claims + bucket })
      .catch(unlessGone('NoSuchBucket'));
  }

  /** Signs of life from now on. Idempotent. */
  settle(): Promise<void> {
    this.settled ??= (async () => {
      await this.write(sign);
      this.timer = setInterval(() => void this.write(sign).catch(() => {}), heartbeat);
      this.timer.unref();
    })();
    return this.settled;
  }

  /** Removes what `ended` left, and owners whose last sign of life is older than `life` ms. */
  async sweep(ended?: string, life = timeToLive): Promise<string[]> {
    const { requests } = this.buckets;
    const { body } = await requests.send('GET', {});
    const removed: string[] = [];
    for (const [, home] of body.matchAll(/<Name>(.*?)<\/Name>/g)) {
      const owner = ofOwner.exec(home!)?.[1];
      if (!owner || owner === this.name) continue;
      const age = await this.sinceSignOfLife(home!);
      if (age === undefined || (owner !== ended && age <= life)) continue;
      // Gone meanwhile: another sweep was faster.
      await this.removeAll(owner, home!, removed).catch(unlessGone('NoSuchBucket', 'NoSuchKey'));
    }
    return removed;
  }

  private async removeAll(owner: string, home: string, removed: string[]): Promise<void> {
    const { requests } = this.buckets;
    const list = await requests.send('GET', {
      bucket: home,
      query: `list-type=2&prefix=${encodeURIComponent(claims)}`,
    });
    for (const [, key] of list.body.matchAll(/<Key>(.*?)<\/Key>/g)) {
      const bucket = key!.slice(claims.length);
      if (!bucket.startsWith(`seamkit-${owner}-`)) continue;
      await this.buckets.remove(bucket);
      removed.push(bucket);
      await requests.send('DELETE', { bucket: home, key });
    }
    // More claims than a page has: the rest is for the next sweep.
    if (/<IsTruncated>true/.test(list.body)) return;
    await this.buckets.remove(home);
    removed.push(home);
  }

  /** No more signs of life; where nothing is claimed, nothing is left. */
  async leave(): Promise<void> {
    clearInterval(this.timer);
    if (!this.settled) return;
    await this.settled.catch(() => {});
    const { requests } = this.buckets;
    const query = `list-type=2&prefix=${encodeURIComponent(claims)}`;
    const { body } = await requests.ask('GET', { bucket: this.home, query });
    if (/<Key>/.test(body)) return;
    await requests.ask('DELETE', { bucket: this.home, key: sign });
    // Refused where another process of this owner's claimed something meanwhile.
    await requests.ask('DELETE', { bucket: this.home });
  }

  /** ms, by the server's clock alone. Without a sign of life a bucket is not ours, whatever its name. */
  private async sinceSignOfLife(home: string): Promise<number | undefined> {
    const { status, headers } = await this.buckets.requests.ask('HEAD', {
      bucket: home,
      key: sign,
    });
    if (status !== 200) return undefined;
    return Date.parse(headers.date ?? '') - Date.parse(headers['last-modified'] ?? '');
  }

  private async write(key: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.buckets.requests.send('PUT', { bucket: this.home, key, body: '' });
        return;
      } catch (error) {
        if (tries > makings) throw error;
        unlessGone('NoSuchBucket')(error);
      }
      await this.buckets.make(this.home).catch(unlessGone('BucketAlreadyOwnedByYou'));
    }
  }
}
