import type { Endpoint } from '../contract';
import type { Service, ServiceFacts } from '../contract-stack';
import { SeamkitError } from '../errors';

/** A service of a server's, by its name. @throws SeamkitError `OPTION_INVALID` */
export function serviceOf({ services }: Endpoint, name: string): Service {
  const facts = (services as { [name: string]: ServiceFacts } | undefined)?.[name];
  if (!facts) {
    throw new SeamkitError('OPTION_INVALID', `there is no service ${name}`, {
      hint: `use one of: ${Object.keys(services ?? {}).join(', ')}`,
    });
  }
  return {
    ...facts,
    name,
    port(inside) {
      const port = facts.ports[inside];
      if (port !== undefined) return port;
      throw new SeamkitError('OPTION_INVALID', `service ${name} does not publish port ${inside}`, {
        hint: `add it to the service's ports, or see what its image (${facts.image}) listens on`,
        tried: Object.keys(facts.ports).map((port) => `published: ${port}`),
      });
    },
  };
}
