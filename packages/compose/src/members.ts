import { SeamkitError, type ServiceFacts } from '@seamkit/core';
import { readLogs } from './logs';

/** What the test gets of a stack. */
export interface StackMembers {
  /** By their names in the Compose file: those that were started. */
  readonly services: { readonly [name: string]: ServiceMembers };
}

/** What the test gets of one service. */
export interface ServiceMembers {
  /**
   * `http://host:port`, with the port that `port()` gives. For another protocol put it together
   * from `host` and `port()`. @throws SeamkitError `OPTION_INVALID` where no port is known
   */
  readonly url: string;
  /** 127.0.0.1, unless the container engine is another machine's. */
  readonly host: string;
  /**
   * Where a TCP port of the container answers. Default: the first under `ports`, else the first
   * under `expose`, else the lowest that its image exposes.
   * @throws SeamkitError `OPTION_INVALID` where it is not among these
   */
  port(inside?: number): number;
  /** What the service printed since it started, to both outputs; it is shared by all tests. */
  logs(): Promise<string>;
}

/** What the keeper tells of a service. */
export type ComposeFacts = ServiceFacts & {
  /** The container's id. */
  container: string;
  /** The port that `port()` means. */
  first?: number;
};

export function serviceMembers(name: string, facts: ComposeFacts): ServiceMembers {
  const { host, ports, first, container } = facts;
  function port(inside = first): number {
    const found = inside === undefined ? undefined : ports[inside];
    if (found !== undefined) return found;
    const known = Object.keys(ports);
    throw new SeamkitError(
      'OPTION_INVALID',
      inside === undefined
        ? `service '${name}' has no TCP port that is known`
        : `service '${name}' has no known port ${inside}`,
      {
        hint: known.length
          ? `use one of: ${known.join(', ')}; or add it to the service's ports or expose`
          : 'add it to ports or expose in the Compose file',
      },
    );
  }
  return {
    get url() {
      return `http://${host}:${port()}`;
    },
    host,
    port,
    logs: () => readLogs(container),
  };
}
