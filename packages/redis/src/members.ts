import { setTimeout } from 'node:timers/promises';
import { SeamkitError } from '@seamkit/core';
import { type RedisOptions as ClientOptions, Redis } from 'ioredis';
import { connectionName, disconnectTimeout, restsBetweenCommands } from './connection';
import { advance } from './scripts';

/** The parts of a url, by the names of ioredis' options. */
export interface RedisConnection {
  host: string;
  port: number;
  username?: string;
  password?: string;
  /** The number of this test file's own database. */
  db: number;
  /** Where the url says rediss: */
  tls?: object;
}

/** What the test gets. */
export interface RedisMembers {
  /** Connection string with the number of this test file's own database. */
  readonly url: string;
  /** The same in parts: `new Redis(env.cache.connection)`. */
  readonly connection: RedisConnection;
  /**
   * A ready ioredis client, connected at its first command. Reset replaces it when a test left it
   * blocked, subscribed, in a transaction or in another database; so take it from here in each test.
   */
  readonly client: Redis;
  /** The names of the keys that match a glob pattern (default: all), sorted. */
  keys(pattern?: string): Promise<string[]>;
  /**
   * Lets a key expire now, by the server itself (with its `expired` event). Throws
   * `EXPECTATION_FAILED` when there is no such key, or when it has no time to live: it would not
   * expire in production either.
   */
  expireNow(key: string): Promise<void>;
  /**
   * Lets `ms` pass for every key and hash field that has a time to live: what is due is gone when
   * this resolves. The server's clock stays (`TIME`, stream ids).
   */
  advance(ms: number): Promise<void>;
}

/** The kit's ready client, which can be replaced. */
export class ReadyClient {
  name = connectionName('client', 'test');
  private current: Redis | undefined;

  constructor(private readonly url: string) {}

  get client(): Redis {
    if (!this.current) {
      this.current = new Redis(this.url, {
        lazyConnect: true,
        connectionName: this.name,
        disconnectTimeout,
        // A test whose server is gone should hear of it; ioredis' 20 take longer than a test may.
        maxRetriesPerRequest: 3,
      });
      restsBetweenCommands(this.current);
      // A duplicate is the test's own: by its name it would be taken for this one.
      const { current } = this;
      const { duplicate } = current;
      const nameless: Partial<ClientOptions> = { connectionName: undefined };
      current.duplicate = (options) => duplicate.call(current, { ...nameless, ...options });
      // The command in hand rejects with the reason; without a listener ioredis prints it as well.
      this.current.on('error', () => {});
    }
    return this.current;
  }

  replace(): void {
    this.close();
    this.name = connectionName('client', 'test');
  }

  close(): void {
    this.current?.disconnect();
    this.current = undefined;
  }
}

/** @param connection the driver's own, to the sandbox's database */
export function makeMembers(
  url: string,
  ready: ReadyClient,
  connection: () => Redis,
): RedisMembers {
  return {
    url,
    connection: partsOf(url),
    get client() {
      return ready.client;
    },
    async keys(pattern = '*') {
      return (await connection().keys(pattern)).sort();
    },
    async expireNow(key) {
      const line = connection();
      const left = await line.pttl(key);
      if (left < 0) {
        throw new SeamkitError(
          'EXPECTATION_FAILED',
          left === -2 ? `there is no key '${key}'` : `the key '${key}' has no time to live`,
          { hint: left === -2 ? 'look at keys()' : 'set it with EX, PX or EXPIRE' },
        );
      }
      await line.pexpire(key, 1);
      await gone(line, [key]);
    },
    async advance(ms) {
      if (!(Number.isSafeInteger(ms) && ms > 0)) {
        throw new SeamkitError('OPTION_INVALID', `advance() cannot pass ${ms} ms`, {
          hint: 'pass a whole number of ms above 0',
        });
      }
      const line = connection();
      await gone(line, (await line.eval(advance, 0, ms)) as string[]);
    },
  };
}

function partsOf(text: string): RedisConnection {
  const url = new URL(text);
  const [username, password] = [url.username, url.password].map(decodeURIComponent);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    ...(username && { username }),
    ...(password && { password }),
    db: Number(url.pathname.slice(1)),
    ...(url.protocol === 'rediss:' && { tls: {} }),
  };
}

/** Resolves when the server has expired what has 1 ms left. Asking for a key makes it look. */
async function gone(line: Redis, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  // A few tries, since the server's clock ticks in ms; not for ever, since somebody may set it anew.
  for (let tries = 0; tries < 10; tries++) {
    await setTimeout(2);
    if ((await line.exists(...keys)) === 0) return;
  }
}
