import type { Harness } from './harness';

/** Sweeps an external server as a run of another machine. Arguments: the harness and the url. */
async function main(harnessPath: string, url: string): Promise<void> {
  const { kit, options } = require(harnessPath) as Harness;
  const boundary = kit({ ...options, runtime: 'external', url });
  if (boundary.kit.kind !== 'server') throw new Error('a local kit has no driver');
  const driver = await boundary.kit.driver({ url }, boundary.options, {
    kit: boundary.kit.name,
    runtime: 'external',
    owner: 'an0ther',
    warn: () => {},
    prepare: async (work) => work(new AbortController().signal),
  });
  await driver.sweep?.();
  await driver.close();
}

void main(process.argv[2]!, process.argv[3]!);
