import { checkOptions, defineKit, is, SeamkitError, type ServerOptions } from '@seamkit/core';
import { connectDriver, type Entries, type Space } from './sandbox';

export interface ExampleOptions extends ServerOptions {
  /**
   * Makes the baseline: called with the url of an empty space, once per run and per distinct source
   * of the function and `key`. Default: an empty space.
   */
  prepare?: (url: string, stop: { signal: AbortSignal }) => unknown;
  /** The longest text that the server takes, in characters. Default: no limit. Not for external servers. */
  maxLength?: number;
}

/** What the test gets. */
export interface ExampleMembers {
  /** For the service under test: the url of this test file's own space. */
  readonly url: string;
  /** All that is in the space now. */
  entries(): Promise<Entries>;
}

/**
 * A private space on Example.
 *
 * The factory throws `OPTION_INVALID` and `URL_INVALID`. Connecting throws `SERVER_UNREACHABLE`,
 * `SERVER_MISMATCH` (not Example) and `PERMISSION_MISSING` (credentials).
 */
export const example = defineKit<ExampleOptions, ExampleMembers, Entries, Space>({
  kind: 'server',
  name: 'example',
  supports: { runtimes: ['process', 'external'], prepare: true },
  server: require.resolve('./server'),
  plan(options) {
    checkOptions(
      'example',
      options,
      { prepare: is.function, maxLength: is.count },
      { server: true },
    );
    const { prepare, maxLength, url } = options;
    if (url !== undefined && !url.startsWith('http:')) {
      throw new SeamkitError('URL_INVALID', 'example() takes an http: url', {
        hint: 'pass e.g. http://user:password@127.0.0.1:8080; the space is chosen by the kit',
      });
    }
    // What makes one server different from another, and what the baseline depends on.
    return { settings: { ...(maxLength !== undefined && { maxLength }) }, baseline: prepare };
  },
  driver: connectDriver,
});
