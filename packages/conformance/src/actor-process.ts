import { appendFileSync } from 'node:fs';
import { type Boundary, type OpenEnvironment, open, SeamkitError } from '@seamkit/core';
import type { Opening, Order } from './actor';
import type { Harness } from './harness';

/** One process of a case: opens a sandbox of the harness' kit, and does what it is told to. */
const harness = require(process.argv[2]!) as Harness;
let env: OpenEnvironment<{ it: Boundary<any> }> | undefined;

const orders: { [Name in Order['name']]: (order: any) => Promise<unknown> } = {
  async open({ opening }) {
    env = await open({ it: harness.kit(optionsFor(opening)) });
  },
  write: ({ key, value }) => harness.write(env!.it, key, value),
  read: ({ key }) => harness.read(env!.it, key),
  changeShape: ({ round }) => harness.changeShape!(env!.it, round),
  describe: () => harness.describe!(env!.it),
  leak: () => harness.leak!(env!.it),
  async reset() {
    const { it, url } = { it: env!.it, url: env!.it.url };
    await env!.reset();
    return env!.it === it && env!.it.url === url;
  },
  setBaseline: () => env!.setBaseline(),
  close: () => env!.close(),
  async refuse({ options }) {
    harness.kit({ ...harness.options, ...options });
  },
};

function optionsFor({ baseline, counter, failing }: Opening): Record<string, unknown> {
  const prepared = baseline && harness.prepare!(baseline);
  const options: Record<string, any> = { ...harness.options, ...prepared };
  if (failing) {
    const fill = options.prepare;
    options.prepare = async (...args: unknown[]) => {
      await fill(...args);
      throw new Error('broken on purpose');
    };
    options.key = `failing ${options.key}`;
  }
  if (counter) {
    const fill = options.prepare;
    options.prepare = async (...args: unknown[]) => {
      appendFileSync(counter, '.');
      await fill(...args);
    };
  }
  return options;
}

process.on('message', async (order: Order) => {
  try {
    // Not what a client returned beside its rows: not everything can be sent.
    const value = JSON.stringify(await orders[order.name](order));
    process.send!({ value: value && JSON.parse(value) });
  } catch (error) {
    const known = error instanceof SeamkitError;
    process.send!({
      error: known
        ? { code: error.code, message: error.message, hint: error.hint }
        : { message: error instanceof Error ? error.stack : String(error) },
    });
  }
});
process.on('disconnect', () => process.exit(0));
// A client that a case leaked on purpose may complain when its server ends it.
process.on('uncaughtException', () => {});
