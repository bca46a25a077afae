import {
  type ContainerOptions,
  check,
  containerFields,
  is,
  type OptionChecks,
  type ServerOptions,
} from '@seamkit/core';
import type { S3Access } from './members';
import type { ContainerRecipe } from './server';
import { type Capability, capabilityNames } from './server-kind';

export interface S3Options extends ServerOptions {
  /**
   * Makes the baseline: puts objects, and sets versioning, policy, lifecycle, CORS or tags, with any
   * client. Called once per run and per distinct source of the function and `key`, with the url of
   * an empty bucket, and the same as fields (and all buckets, where there are several). Default:
   * empty buckets.
   */
  prepare?: (url: string, s3: S3Access & { signal: AbortSignal }) => unknown;
  /**
   * Several buckets instead of one, by names of your own: 1 to 20 lower-case letters, digits and
   * inner hyphens each. Their names on the server are in `buckets`.
   */
  buckets?: readonly string[];
  /** What the server must be able to do, else `UNSUPPORTED` rather than a wrong answer later. */
  requires?: readonly Capability[];
  /** Limits and the like; and how to run `image` where it is not MinIO's: `port`, `env`, `command`. */
  container?: ContainerOptions & Partial<ContainerRecipe>;
}

const texts = (values: unknown[]) => values.every((text) => typeof text === 'string');

const containerShape = is.fields({
  ...containerFields,
  port: check('a port', (value) => Number.isInteger(value) && Number(value) > 0),
  env: check(
    'strings by name',
    (env) => is.record.accepts(env) && texts(Object.values(env as object)),
  ),
  command: check('a list of strings', (list) => Array.isArray(list) && texts(list)),
});

const names = check(
  'a list of different names, each 1 to 20 lower-case letters, digits and inner hyphens',
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    new Set(value).size === value.length &&
    value.every(
      (name) => typeof name === 'string' && /^(?!.{21})[a-z0-9]+(-+[a-z0-9]+)*$/.test(name),
    ),
);

/** What each must be. */
export const checks: OptionChecks<S3Options, ServerOptions> = {
  prepare: is.function,
  buckets: names,
  container: containerShape,
  requires: check(
    `a list of ${capabilityNames.map((name) => `'${name}'`).join(', ')}`,
    (value) =>
      Array.isArray(value) && value.every((name) => capabilityNames.includes(name as Capability)),
  ),
};
