import { text } from 'node:stream/consumers';
import type { Endpoint, ServerModule } from '../contract';
import { driverOn } from '../driver-on';
import { runShort } from '../system/short-program';

const deadline = 20_000;

interface SweepOrder {
  /** The kit's server module. */
  module: string;
  endpoint: Endpoint;
  /** The owner whose run is over. */
  ended?: string;
}

/**
 * Has a process of its own remove what dead runs left on an external server: the keeper has no
 * client for it. Never rejects; what it could not remove waits for the next run.
 */
export async function sweep(order: SweepOrder, log: (line: string) => void): Promise<void> {
  const input = JSON.stringify(order);
  const ran = await runShort(process.execPath, [__filename], { input, timeout: deadline }).catch(
    ({ message }) => ({ stdout: '', stderr: message }),
  );
  for (const line of `${ran.stdout}\n${ran.stderr}`.split('\n')) if (line) log(line);
}

/** The process: its work comes by standard input, since an endpoint holds a password. */
async function main(): Promise<void> {
  const { module, endpoint, ended } = JSON.parse(await text(process.stdin)) as SweepOrder;
  const { server } = require(module) as { server: ServerModule };
  if (!server.boundary) return;
  const around = { owner: 'sweep', warn: (line: string) => console.log(line) };
  const driver = await driverOn(server.boundary(), endpoint, around);
  const removed = (await driver.sweep?.(ended)) ?? [];
  await driver.close();
  for (const name of removed) console.log(`swept ${name}`);
}

if (require.main === module) {
  main().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
