import { strictEqual as equal, notStrictEqual as notEqual, ok } from 'node:assert/strict';
import type { OpenServer } from '@seamkit/core/inspect';
import { always, type ConformanceCase } from '../conformance-case';
import { driverFor, type Stage, withServer } from '../stage';
import { wireTo } from '../wire';

/** A reset that finds nothing to do asks once, and may look in one more place. */
const fewRoundTrips = 2;

/** Back to the baseline, from whatever a test did. */
export const resetCases: readonly ConformanceCase[] = [
  {
    name: 'reset returns to an empty baseline',
    shows: 'reset',
    owed: always,
    async run(stage) {
      const actor = await stage.opened();
      await actor.write('key', 'value');
      await actor.reset();
      equal(await actor.read('key'), undefined);
    },
  },
  {
    name: 'reset works 50 times in a row',
    shows: 'reset',
    owed: always,
    async run(stage) {
      const actor = await stage.opened();
      for (let round = 1; round <= 50; round++) {
        await actor.write(`key ${round % 7}`, String(round));
        await actor.reset();
        equal(await actor.read(`key ${round % 7}`), undefined, `round ${round}`);
      }
    },
  },
  {
    name: 'a reset of a sandbox on which nothing was written takes about one round trip',
    shows: 'reset',
    owed: ({ server, runtime }) => server && runtime === 'process',
    async run(stage) {
      await withServer(stage, async (server) => {
        const wire = await wireTo(server.endpoint);
        try {
          await withSandbox(stage, { ...server, endpoint: wire.endpoint }, async ({ reset }) => {
            await reset(); // whatever is done once only
            const before = wire.roundTrips();
            for (let round = 0; round < 4; round++) await reset();
            const each = (wire.roundTrips() - before) / 4;
            ok(each <= fewRoundTrips, `${each} round trips`);
          });
        } finally {
          await wire.close();
        }
      });
    },
  },
  {
    name: 'a reset that says whether it undid something is right',
    shows: 'reset',
    owed: ({ server, runtime }) => server && runtime === 'process',
    async run(stage) {
      await withServer(stage, (server) =>
        withSandbox(stage, server, async ({ members, reset }) => {
          await reset(); // a new sandbox may differ in what nobody sees
          for (let round = 0; round < 3; round++) {
            notEqual(await reset(), true, 'nothing was written');
            await stage.harness.write(members, 'key', 'value');
            notEqual(await reset(), false, 'an entry was written');
          }
        }),
      );
    },
  },
  {
    name: 'reset does not wait for a client that a test left behind',
    shows: 'leftovers',
    owed: ({ leak }) => leak,
    async run(stage) {
      const actor = await stage.opened();
      await actor.write('key', 'value');
      await actor.leak();
      await actor.reset();
      equal(await actor.read('key'), undefined);
      await actor.write('key', 'next test');
      equal(await actor.read('key'), 'next test', 'the sandbox still works');
    },
  },
  {
    name: 'a sandbox that is given back is at its baseline for the next holder',
    shows: 'reset',
    owed: always,
    async run(stage) {
      const first = await stage.opened();
      await first.write('key', 'value');
      await first.close();
      const next = await stage.opened();
      equal(await next.read('key'), undefined);
    },
  },
  {
    name: 'a test that fails does not spoil the next one',
    shows: 'reset',
    owed: always,
    async run(stage) {
      const { code, output } = await stage.nodeTest(`
        test('fails', async () => {
          await harness.write(env.it, 'key', 'of the failed test');
          throw new Error('on purpose');
        });
        test('the next one', async () => equal(await harness.read(env.it, 'key'), undefined));
      `);
      equal(code, 1, output);
      ok(/^# pass 1$/m.test(output) && /^# fail 1$/m.test(output), output);
    },
  },
];

/** A sandbox of a driver's own, for what an actor does not tell. */
async function withSandbox(
  stage: Stage,
  server: OpenServer,
  work: (sandbox: { members: object; reset(): Promise<unknown> }) => Promise<void>,
): Promise<void> {
  const driver = await driverFor(stage, server);
  const owner = 'c0nf0rm';
  try {
    const template = await driver.template({ name: 'seamkit_c0nf0rm_t903', index: 903, owner });
    const id = { name: 'seamkit_c0nf0rm_s904', index: 904, owner };
    const sandbox = await driver.create(id, template);
    const opened = await driver.open(sandbox, template);
    await work({ members: opened.members, reset: () => opened.reset({}) });
    await opened.close();
    await driver.destroy(sandbox);
    await driver.destroyTemplate(template);
  } finally {
    await driver.close();
  }
}
