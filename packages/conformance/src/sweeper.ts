import { driverOn } from '@seamkit/core/inspect';
import type { Harness } from './harness';

/** Sweeps an external server as a run of another machine. Arguments: the harness and the url. */
async function main(harnessPath: string, url: string): Promise<void> {
  const { kit, options } = require(harnessPath) as Harness;
  const boundary = kit({ ...options, runtime: 'external', url });
  const driver = await driverOn(boundary, { url }, { owner: 'an0ther' });
  await driver.sweep?.();
  await driver.close();
}

void main(process.argv[2]!, process.argv[3]!);
