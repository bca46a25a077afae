import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsAccess } from './connection';

/** What the test gets. */
export interface NatsMembers {
  /** For the service under test: names the account by user and password. */
  readonly url: string;
  /** The same for `connect()` of the NATS clients for JavaScript. */
  readonly connection: NatsAccess;
  /**
   * A ready connection to the account. Its subscriptions end with the test, and so does it where a
   * test closed it; so take it from here in each test.
   */
  readonly client: NatsConnection;
}
