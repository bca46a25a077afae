import type { Boundary, Driver, Endpoint, RuntimeName } from './contract';

export interface Around {
  /** The run that its sandboxes belong to. */
  owner: string;
  /** What the server is for the kit. Default `external`. */
  runtime?: RuntimeName;
  /** Gets the kit's warnings. Default: nobody. */
  warn?(message: string): void;
}

/**
 * A boundary's driver on a server, with no run around it: `prepare` has no deadline, and whoever
 * calls closes the driver. @throws Error for a kit without a server; what the kit's `driver` throws
 */
export async function driverOn<Members extends object>(
  { kit, options, folder }: Boundary<Members>,
  endpoint: Endpoint,
  { owner, runtime = 'external', warn = () => {} }: Around,
): Promise<Driver<Members, any, any>> {
  if (kit.kind !== 'server') throw new Error(`the kit ${kit.name} has no server`);
  return kit.driver(endpoint, options, {
    kit: kit.name,
    runtime,
    owner,
    folder,
    warn,
    prepare: async (work) => work(new AbortController().signal),
  });
}
