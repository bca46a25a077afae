import { connect } from 'node:net';
import { type Driver, type Endpoint, type Sandbox, SeamkitError } from '@seamkit/core';
import {
  type ComposeFacts,
  type ServiceMembers,
  type StackMembers,
  serviceMembers,
} from './members';
import type { StackOptions } from './options';

type Members = StackMembers | ServiceMembers;

/**
 * A stack is one for all: it has no sandboxes to tell apart, and what a test writes to a service
 * that no kit knows stays there.
 */
export async function connectDriver(
  endpoint: Endpoint,
  { service }: StackOptions,
): Promise<Driver<Members>> {
  const facts = endpoint.services as { [name: string]: ComposeFacts } | undefined;
  if (!facts) {
    throw new SeamkitError('UNSUPPORTED', 'a stack is started by us, and has no url of its own', {
      hint: 'unset SEAMKIT_COMPOSE_URL',
    });
  }
  if (service !== undefined && !facts[service]) {
    throw new SeamkitError('OPTION_INVALID', `the stack does not run a service '${service}'`, {
      hint: `it has a profile that is not enabled, or the option services leaves it out; there are: ${Object.keys(facts).join(', ')}`,
    });
  }
  const members = (): Members => {
    if (service !== undefined) return serviceMembers(service, facts[service]!);
    const entries = Object.entries(facts).map(([name, one]) => [name, serviceMembers(name, one)]);
    return { services: Object.fromEntries(entries) };
  };
  return {
    template: async () => ({}),
    create: async ({ name }) => ({ name }),
    async open() {
      const sandbox: Sandbox<Members> = {
        members: members(),
        // A stack that ended is told by its ports; core then gets the one that replaces it.
        async reset() {
          await Promise.all(Object.entries(facts).map(([name, one]) => checkAlive(name, one)));
        },
        close: async () => {},
      };
      return sandbox;
    },
    recover: async () => {},
    destroy: async () => {},
    destroyTemplate: async () => {},
    close: async () => {},
  };
}

function checkAlive(name: string, { host, ports, first }: ComposeFacts): Promise<void> {
  const port = first === undefined ? undefined : ports[first];
  if (port === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', (cause) => {
      reject(
        new SeamkitError('RESET_FAILED', `service '${name}' does not answer any more`, {
          hint: 'see why it ended: docker events; the next test gets a new stack',
          cause,
        }),
      );
    });
  });
}
