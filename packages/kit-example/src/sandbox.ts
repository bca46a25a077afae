import { isDeepStrictEqual } from 'node:util';
import { type Driver, type Endpoint, type SandboxContext, SeamkitError } from '@seamkit/core';
import { type Call, callerOf } from './client';
import { endLease, renewLease, sweepDead } from './lease';
import type { Entries, ExampleMembers } from './members';
import type { ExampleOptions } from './options';

/** A sandbox: the name of a space on the server. */
export type Space = string;

/** Makes spaces on the endpoint's server, and brings them back to their baseline. */
export async function connectDriver(
  { url }: Endpoint,
  { prepare }: ExampleOptions,
  { owner, runtime, prepare: runPrepare }: SandboxContext,
): Promise<Driver<ExampleMembers, Entries, Space>> {
  const call = callerOf(url);
  await greet(call, new URL(url).host);
  const urlOf = (space: Space) => new URL(`/${space}`, url).href;
  const make = async (space: Space, entries: Entries) => {
    if (runtime === 'external') await renewLease(call, owner, space);
    await call('PUT', space, entries);
  };
  const destroy = async (space: Space) => {
    await call('DELETE', space);
    if (runtime === 'external') await endLease(call, space);
  };

  return {
    async template({ name }) {
      if (!prepare) return {};
      await make(name, {});
      try {
        await runPrepare((signal) => prepare(urlOf(name), { signal }));
        return await call('GET', name);
      } finally {
        await destroy(name);
      }
    },
    async create({ name }, baseline) {
      await make(name, baseline);
      return name;
    },
    async open(space, baseline) {
      await make(space, baseline); // again, should it have been swept after a long rest
      let current = baseline;
      return {
        members: { url: urlOf(space), entries: () => call('GET', space) },
        reset: () => call('PUT', space, current),
        async setBaseline() {
          const before = current;
          current = await call('GET', space);
          return !isDeepStrictEqual(current, before);
        },
        close: async () => {},
      };
    },
    recover: make,
    destroy,
    destroyTemplate: async () => {},
    sweep: (ended) => sweepDead(call, ended),
    close: async () => {},
  };
}

/** @throws SeamkitError `SERVER_UNREACHABLE`, `SERVER_MISMATCH`, `PERMISSION_MISSING` */
async function greet(call: Call, host: string): Promise<void> {
  const answer = await call('GET', '').catch((error) => {
    if (error.status === 401) {
      throw new SeamkitError('PERMISSION_MISSING', `${host} refuses the credentials`, {
        hint: 'put user and password into the url',
      });
    }
    throw SeamkitError.wrap(error, 'SERVER_UNREACHABLE', `nothing answers at ${host}`, {
      hint: 'see that the server runs, and that the url names its port',
    });
  });
  if (Array.isArray(answer)) return;
  throw new SeamkitError('SERVER_MISMATCH', `what answers at ${host} is not Example`, {
    hint: 'see that the url names the right port',
  });
}
