import {
  type Driver,
  type Endpoint,
  type SandboxContext,
  type SandboxId,
  SeamkitError,
} from '@seamkit/core';
import { Baselines } from './baseline';
import { Buckets, type TemplateBucket } from './bucket';
import { connectServer } from './connect-server';
import { connect, makeMembers, type S3Members } from './members';
import type { S3Options } from './options';
import { Owner } from './owner';
import { capabilitiesOf, type ServerKind } from './server-kind';

/** Buckets by their names in the option `buckets`; null without `prepare`: an empty bucket. */
export type Template = { [name: string]: TemplateBucket } | null;
/** Names on the server, by the names in the option `buckets`. */
export type SandboxBuckets = { [name: string]: string };

/** @throws SeamkitError `UNSUPPORTED`, and what `connectServer` throws */
export async function connectDriver(
  endpoint: Endpoint,
  options: S3Options,
  context: SandboxContext,
): Promise<Driver<S3Members, Template, SandboxBuckets>> {
  const { access, requests, kind } = await connectServer(endpoint);
  try {
    requireAll(kind, options);
  } catch (error) {
    requests.close();
    throw error;
  }
  const buckets = new Buckets(requests, kind);
  const baselines = new Baselines(buckets);
  const owner =
    context.runtime === 'external'
      ? new Owner(buckets, context.owner.replaceAll('_', '-'))
      : undefined;

  const each = <R>(names: SandboxBuckets, work: (bucket: string, name: string) => Promise<R>) =>
    Promise.all(Object.entries(names).map(([name, bucket]) => work(bucket, name)));
  const remove = async (bucket: string) => {
    await buckets.remove(bucket);
    await owner?.disclaim(bucket);
  };
  const removeOwn = (bucket: string) => remove(ownOf(bucket));
  /** For a file's own baseline; one that a former file left is not it. */
  const makeOwn = async (bucket: string) => {
    const own = ownOf(bucket);
    await remove(own);
    await owner?.claim(own);
    await buckets.make(own);
    return own;
  };
  /** All, or none. */
  const make = async (
    id: SandboxId,
    fill: (bucket: string, name: string) => Promise<void>,
  ): Promise<SandboxBuckets> => {
    const names = bucketNames(id, options);
    try {
      await each(names, async (bucket, name) => {
        await owner?.claim(bucket);
        await fill(bucket, name);
      });
    } catch (error) {
      await each(names, (bucket) => remove(bucket).catch(() => {}));
      throw error;
    }
    return names;
  };

  return {
    async template(id) {
      const { prepare } = options;
      if (!prepare) return null;
      const names = await make(id, (bucket) => buckets.make(bucket));
      const { s3, close } = connect(access, names);
      try {
        const before = await buckets.settings(s3.bucket);
        await context.prepare((signal) => prepare(s3.url, { ...s3, signal }));
        const described = await each(names, async (bucket, name) => [
          name,
          await buckets.describe(bucket, before),
        ]);
        return Object.fromEntries(described);
      } catch (error) {
        await each(names, remove);
        throw error;
      } finally {
        close();
      }
    },

    create: (id, template) => make(id, (bucket, name) => buckets.clone(bucket, template?.[name])),

    async open(names, template) {
      await owner?.settle();
      const current = new Map(
        await each(names, async (bucket, name) => {
          return [bucket, await baselines.take(bucket, template?.[name])] as const;
        }),
      );
      const { s3, close } = connect(access, names);
      return {
        members: makeMembers(s3, kind, requests),
        async reset() {
          const undone = await each(names, async (bucket) => {
            const before = current.get(bucket)!;
            const now = await baselines.restore(bucket, before);
            current.set(bucket, now);
            return now !== before;
          });
          return undone.some(Boolean);
        },
        async setBaseline() {
          const differ = await each(names, async (bucket) => {
            const before = current.get(bucket)!;
            const now = await baselines.move(bucket, before, () => makeOwn(bucket));
            current.set(bucket, now);
            return now.items !== before.items;
          });
          return differ.some(Boolean);
        },
        async close() {
          close();
        },
      };
    },

    async recover(names, template) {
      await each(names, async (bucket, name) => {
        await Promise.all([buckets.remove(bucket), removeOwn(bucket)]);
        await buckets.clone(bucket, template?.[name]);
      });
    },

    async destroy(names) {
      await each(names, (bucket) => Promise.all([remove(bucket), removeOwn(bucket)]));
    },

    async hasTemplate(template) {
      const of = Object.values(template ?? {});
      const there = await Promise.all(of.map(({ bucket }) => buckets.exists(bucket)));
      return there.every(Boolean);
    },

    async destroyTemplate(template) {
      await Promise.all(Object.values(template ?? {}).map(({ bucket }) => remove(bucket)));
    },

    sweep: owner && ((ended) => owner.sweep(ended)),

    async close() {
      await owner?.leave().catch(() => {}); // the server is gone, or will be swept
      requests.close();
    },
  };
}

/** The bucket for what a file's own baseline has otherwise than the template. */
function ownOf(bucket: string): string {
  return `${bucket}.b`;
}

function bucketNames(id: SandboxId, { buckets }: S3Options): SandboxBuckets {
  const base = id.name.replaceAll('_', '-');
  if (!buckets) return { default: base };
  return Object.fromEntries(buckets.map((name) => [name, `${base}-${name}`]));
}

function requireAll(kind: ServerKind, { requires = [] }: S3Options): void {
  const missing = requires.filter((name) => !capabilitiesOf[kind][name]);
  if (missing.length === 0) return;
  const others = (['minio', 'ceph'] as const).filter((other) =>
    missing.every((name) => capabilitiesOf[other][name]),
  );
  throw new SeamkitError('UNSUPPORTED', `s3: this server (${kind}) has no ${missing.join(', ')}`, {
    hint: others.length
      ? `use ${others.join(' or ')}: ${others.includes('minio') ? 'SEAMKIT_S3_RUNTIME=container' : 'SEAMKIT_S3_RUNTIME=process'}`
      : 'test this against a server that has it: SEAMKIT_S3_URL',
  });
}
