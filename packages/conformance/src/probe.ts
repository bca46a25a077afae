import type { RuntimeName, SeamkitError } from '@seamkit/core';
import { findWorkspace, keeperStatus, openServer } from '@seamkit/core/inspect';
import type { Harness } from './harness';

/**
 * Tells, as JSON on standard output, why a runtime is not available on this machine; null where it
 * can. A process of its own, so that a suite knows before it defines its cases.
 *
 * Arguments: the harness and the runtime.
 */
const absent = [
  'RUNTIME_UNAVAILABLE',
  'BINARY_NOT_FOUND',
  'VERSION_UNAVAILABLE',
  'DOWNLOAD_FAILED',
];

async function main(harnessPath: string, runtime: RuntimeName): Promise<string | null> {
  const harness = require(harnessPath) as Harness;
  try {
    const server = await openServer(harness.kit({ ...harness.options, runtime }));
    await server.close();
    return null;
  } catch (error) {
    const { code, message } = error as SeamkitError;
    // Any other failure is not an absence: the cases will show it.
    if (!absent.includes(code)) return null;
    const keeper = await keeperStatus(findWorkspace());
    if (keeper) process.kill(keeper.pid, 'SIGTERM'); // nobody else will
    return message;
  }
}

main(process.argv[2]!, process.argv[3] as RuntimeName).then((reason) =>
  process.stdout.write(JSON.stringify(reason)),
);
