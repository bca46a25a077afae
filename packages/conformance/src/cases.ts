import { strictEqual as equal, ok, deepStrictEqual as same } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { RuntimeName, Supports } from '@seamkit/core';
import { belongings, killGroup, leftovers, type OpenServer } from '@seamkit/core/inspect';
import { type Actor, Refusal } from './actor';
import type { Capability } from './capability';
import { securityCases } from './security-cases';
import { sharedServerCases } from './shared-server-cases';
import { type Stage, until, withServer } from './stage';
import { wireTo } from './wire';

/** What decides which cases a kit owes. */
export interface Owing {
  supports: Supports;
  runtime: RuntimeName | 'local';
  /** It has a server; what the harness can do. */
  server: boolean;
  leak: boolean;
  list: boolean;
}

/** One thing that every kit must do. */
export interface ConformanceCase {
  name: string;
  shows: Capability;
  /** Whether a kit that supports this owes it. */
  owed(kit: Owing): boolean;
  run(stage: Stage): Promise<void>;
}

const always = () => true;
const baseline = { kept: 'as it was', other: 'this too' };
/** A reset that finds nothing to do asks once, and may look in one more place. */
const fewRoundTrips = 2;
/** ms that a killed keeper's belongings may last. */
const grace = ({ runtime }: Stage) => (runtime === 'container' ? 10_000 : 5_000);

/** The suite. Each case has the stage for itself; servers stay warm between cases. */
export const conformanceCases: readonly ConformanceCase[] = [
  {
    name: 'what is written can be read',
    shows: 'manners',
    owed: always,
    async run(stage) {
      const actor = await stage.opened();
      await actor.write('key', 'value');
      equal(await actor.read('key'), 'value');
    },
  },
  {
    name: 'processes that start at the same instant share one server and no sandbox',
    shows: 'isolation',
    owed: ({ supports, server }) => server && supports.shared !== false,
    async run(stage) {
      const actors = Array.from({ length: 8 }, () => stage.actor());
      await Promise.all(actors.map((actor) => actor.open()));
      await Promise.all(actors.map((actor, index) => actor.write('mine', String(index))));
      const read = await Promise.all(actors.map((actor) => actor.read('mine')));
      same(
        read,
        actors.map((_, index) => String(index)),
        'each reads what it wrote',
      );
      const { kit } = stage.harness.kit(stage.harness.options);
      const running = (await stage.status())!.servers.filter(
        (server) => server.kit === kit.name && server.state !== 'ended',
      );
      equal(running.length, 1, 'one server');
    },
  },
  {
    name: 'sandboxes are isolated from each other',
    shows: 'isolation',
    owed: always,
    async run(stage) {
      const [one, other] = await Promise.all([stage.opened(), stage.opened()]);
      await one!.write('key', 'of one');
      equal(await other!.read('key'), undefined);
      await other!.reset();
      equal(await one!.read('key'), 'of one', 'a reset touches its own sandbox only');
    },
  },
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
    name: 'reset returns to what prepare left',
    shows: 'prepare',
    owed: ({ supports }) => supports.prepare,
    async run(stage) {
      const actor = await stage.opened({ baseline });
      equal(await actor.read('kept'), baseline.kept, 'prepared');
      await actor.write('kept', 'changed');
      await actor.write('added', 'by the test');
      await actor.reset();
      equal(await actor.read('kept'), baseline.kept, 'a changed entry is restored');
      equal(await actor.read('other'), baseline.other, 'an untouched entry stays');
      equal(await actor.read('added'), undefined, 'an added entry is gone');
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
        const driver = await driverFor(stage, { ...server, endpoint: wire.endpoint });
        try {
          const owner = 'c0nf0rm';
          const template = await driver.template({
            name: 'seamkit_c0nf0rm_t903',
            index: 903,
            owner,
          });
          const id = { name: 'seamkit_c0nf0rm_s904', index: 904, owner };
          const sandbox = await driver.create(id, template);
          const opened = await driver.open(sandbox, template);
          await opened.reset({}); // whatever is done once only
          const before = wire.roundTrips();
          for (let round = 0; round < 4; round++) await opened.reset({});
          const each = (wire.roundTrips() - before) / 4;
          ok(each <= fewRoundTrips, `${each} round trips`);
          await opened.close();
          await driver.destroy(sandbox);
          await driver.destroyTemplate(template);
        } finally {
          await driver.close();
          await wire.close();
        }
      });
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
    name: 'what the hooks of a file wrote before its first test is its baseline',
    shows: 'hooks',
    owed: ({ supports }) => supports.prepare,
    async run(stage) {
      const { code, output } = await stage.nodeTest(`
        const { before, describe } = require('node:test');
        describe('a file', () => {
          before(() => harness.write(env.it, 'seed', 'of a hook'));
          for (const name of ['one', 'two']) test(name, async () => {
            equal(await harness.read(env.it, 'seed'), 'of a hook');
            equal(await harness.read(env.it, 'added'), undefined);
            await harness.write(env.it, 'seed', 'changed');
            await harness.write(env.it, 'added', 'by a test');
          });
        });
      `);
      equal(code, 0, output);
      ok(/^# pass 2$/m.test(output), output);
    },
  },
  {
    name: 'what a hook writes after a test is gone before the next one',
    shows: 'hooks',
    owed: always,
    async run(stage) {
      const { code, output } = await stage.nodeTest(`
        const { afterEach } = require('node:test');
        afterEach(() => harness.write(env.it, 'flushed', 'by a hook'));
        for (const name of ['one', 'two']) test(name, async () => {
          equal(await harness.read(env.it, 'flushed'), undefined);
        });
      `);
      equal(code, 0, output);
      ok(/^# pass 2$/m.test(output), output);
    },
  },
  {
    name: 'the baseline that a file set is its own, and ends with it',
    shows: 'hooks',
    owed: ({ supports }) => supports.prepare,
    async run(stage) {
      // Given back, then left by a holder that was killed.
      for (const end of ['close', 'kill'] as const) {
        const actor = await stage.opened({ baseline });
        await actor.setBaseline(); // nothing differs
        await actor.write('kept', 'by a hook');
        await actor.write('seed', 'by a hook');
        await actor.setBaseline();
        await actor.write('kept', 'by a test');
        await actor.write('added', 'by a test');
        await actor.reset();
        equal(await actor.read('kept'), 'by a hook', 'changed, then restored');
        equal(await actor.read('seed'), 'by a hook');
        equal(await actor.read('other'), baseline.other);
        equal(await actor.read('added'), undefined);
        await actor.write('added', 'at the end');
        await actor[end]();
        await until(async () => !(await stage.status())?.sessions, 'the session to end');
        const next = await stage.opened({ baseline });
        equal(await next.read('kept'), baseline.kept, `after ${end}`);
        equal(await next.read('seed'), undefined, `after ${end}`);
        equal(await next.read('added'), undefined, `after ${end}`);
        await next.close();
        await until(async () => !(await stage.status())?.sessions, 'the session to end');
      }
    },
  },
  {
    name: 'prepare runs once per key, and again when its inputs change',
    shows: 'prepare',
    owed: ({ supports, server }) => supports.prepare && server && supports.shared !== false,
    async run(stage) {
      const counter = join(stage.workspace, `prepared-${Date.now()}`);
      const opening = { baseline: { ...baseline, counter }, counter };
      const actors = Array.from({ length: 4 }, () => stage.actor());
      await Promise.all(actors.map((actor) => actor.open(opening)));
      for (const actor of actors) equal(await actor.read('kept'), baseline.kept);
      equal(readFileSync(counter, 'utf8'), '.', 'once for four processes');
      await stage.opened({ baseline: { kept: 'new inputs', counter }, counter });
      equal(readFileSync(counter, 'utf8'), '..', 'again for other inputs');
    },
  },
  {
    name: 'a failing prepare shows its error and leaves nothing behind',
    shows: 'prepare',
    owed: ({ supports }) => supports.prepare,
    async run(stage) {
      const before = await ourNames(stage);
      const actor = stage.actor();
      const error = await refusal(actor.open({ baseline, failing: true }));
      equal(error.code, 'PREPARE_FAILED');
      ok(error.message.includes('broken on purpose'), 'shows the error that prepare threw');
      same(await ourNames(stage), before, 'nothing left on the server');
      await actor.open({ baseline });
      equal(await actor.read('kept'), baseline.kept, 'a sound prepare works right after');
    },
  },
  {
    name: 'destroy leaves no trace on the server',
    shows: 'traces',
    owed: ({ list }) => list,
    async run(stage) {
      await withServer(stage, async (server) => {
        const before = await stage.harness.list!(server.endpoint);
        const driver = await driverFor(stage, server);
        try {
          const owner = 'c0nf0rm';
          const template = await driver.template({
            name: `seamkit_${owner}_t901`,
            index: 901,
            owner,
          });
          const sandbox = await driver.create(
            { name: `seamkit_${owner}_s902`, index: 902, owner },
            template,
          );
          const opened = await driver.open(sandbox, template);
          await stage.harness.write(opened.members, 'key', 'value');
          await opened.close();
          await driver.destroy(sandbox);
          await driver.destroy(sandbox); // gone already: no error
          await driver.destroyTemplate(template);
          await driver.destroyTemplate(template);
        } finally {
          await driver.close();
        }
        same((await stage.harness.list!(server.endpoint)).sort(), before.sort());
      });
    },
  },
  {
    name: 'a holder killed with SIGKILL gives its sandbox back',
    shows: 'crashes',
    owed: ({ server }) => server,
    async run(stage) {
      const key = `killed ${Date.now()}`;
      const opening = stage.harness.prepare ? { baseline: { ...baseline, key } } : {};
      const killed = await stage.opened(opening);
      await killed.write('dirt', 'of the dead');
      if (stage.harness.leak) await killed.leak();
      const before = count(await stage.status());
      await killed.kill();
      await until(async () => (await stage.status())!.sessions === 0, 'the session to end');
      const next = await stage.opened(opening);
      equal(await next.read('dirt'), undefined, 'at its baseline');
      if (stage.harness.prepare) equal(await next.read('kept'), baseline.kept);
      equal(count(await stage.status()), before, 'recycled, not added');
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
  {
    name: 'a run that is over leaves nothing on the server',
    shows: 'traces',
    owed: ({ runtime, list }) => runtime === 'external' && list,
    async run(stage) {
      await stage.endKeeper();
      const endpoint = { url: stage.externalUrl! };
      const before = (await stage.harness.list!(endpoint)).sort();
      const actor = await stage.opened(stage.harness.prepare ? { baseline } : {});
      await actor.write('key', 'value');
      await actor.close();
      await stage.endKeeper();
      same((await stage.harness.list!(endpoint)).sort(), before);
    },
  },
  {
    name: 'options that make no sense are refused with a code and a hint',
    shows: 'manners',
    owed: always,
    async run(stage) {
      const actor = stage.actor();
      ok(stage.harness.refused.length > 0, 'the harness names some');
      const cyclic: Record<string, unknown> = {};
      cyclic.itself = cyclic;
      const noData = { options: { key: cyclic }, code: 'OPTION_INVALID' as const };
      for (const { options, code } of [...stage.harness.refused, noData]) {
        const error = await refusal(actor.refuse(options));
        equal(error.code, code, inspect(options));
        ok(error.hint, `${inspect(options)}: a hint`);
      }
    },
  },
  {
    name: 'closing twice is closing once',
    shows: 'manners',
    owed: always,
    async run(stage) {
      const actor = await stage.opened();
      await actor.close();
      await actor.close();
    },
  },
  {
    name: 'a process that never closes its sandbox ends by itself',
    shows: 'manners',
    owed: always,
    async run(stage) {
      // Its end is forced after 15 s, with another code.
      const { code, output } = await stage.script(
        `const { open } = require('@seamkit/core');
        open({ it: harness.kit(harness.options) }).then(async (env) => {
          await harness.write(env.it, 'key', 'value');
          await env.reset();
          process.stdout.write('reset');
        });
        setTimeout(() => process.exit(7), 15_000).unref();`,
      );
      same({ code, output }, { code: 0, output: 'reset' });
    },
  },
  {
    name: 'a server killed with SIGKILL is replaced',
    shows: 'crashes',
    owed: ({ runtime }) => runtime === 'process', // the others' servers are not our processes
    async run(stage) {
      const actor = await stage.opened();
      await actor.write('key', 'value');
      for (const entry of belongings(stage.workspace)) {
        if (entry.kind === 'group') killGroup(entry.leader);
      }
      await until(
        async () => (await stage.status())!.servers.every(({ state }) => state === 'ended'),
        'the keeper to notice',
      );
      await actor.goOn();
      await actor.write('key', 'on the new server');
      equal(await actor.read('key'), 'on the new server');
    },
  },
  {
    name: 'a keeper killed with SIGKILL leaves no process, container or folder',
    shows: 'crashes',
    owed: ({ server }) => server,
    async run(stage) {
      const actor = await stage.opened();
      await actor.write('key', 'value');
      const owned = belongings(stage.workspace);
      ok(owned.length > 0, 'the keeper owns something');
      process.kill((await stage.status())!.pid, 'SIGKILL');
      await until(
        async () => (await leftovers(owned)).length === 0,
        'everything to be gone',
        grace(stage),
      ).catch(async (error) => {
        throw new Error(`${error.message}; still there: ${(await leftovers(owned)).join(', ')}`);
      });
      if (stage.runtime !== 'external') ok(!(await answers(actor)), 'no server answers any more');
      await actor.kill();
      const next = await stage.opened();
      await next.write('key', 'value');
      equal(await next.read('key'), 'value', 'the next run works');
    },
  },
  ...sharedServerCases,
  ...securityCases,
];

function count(status: { servers: { state: string; sandboxes: number }[] } | undefined): number {
  const running = status!.servers.filter(({ state }) => state === 'running');
  return running.reduce((sum, { sandboxes }) => sum + sandboxes, 0);
}

/** Whether the actor's server still takes writes. A client that waits for ever counts as no. */
async function answers(actor: Actor): Promise<boolean> {
  const wrote = actor.write('key', 'after the end').then(
    () => true,
    () => false,
  );
  return Promise.race([wrote, delay(2_000, false, { ref: false })]);
}

async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  if (error instanceof Refusal) return error;
  throw new Error(`expected a refusal, got ${error ?? 'none'}`);
}

/** What bears our name on the stage's server; nothing where the harness cannot list. */
async function ourNames(stage: Stage): Promise<string[]> {
  if (!stage.harness.list) return [];
  let names: string[] = [];
  await withServer(stage, async (server) => {
    names = (await stage.harness.list!(server.endpoint)).sort();
  });
  return names;
}

async function driverFor(stage: Stage, { endpoint, runtime }: OpenServer) {
  const { kit, options } = stage.harness.kit(stage.harness.options);
  if (kit.kind !== 'server') throw new Error('a local kit has no driver');
  const context = {
    kit: kit.name,
    runtime,
    owner: 'c0nf0rm',
    warn: () => {},
    prepare: async <R>(work: (signal: AbortSignal) => R | Promise<R>) =>
      work(new AbortController().signal),
  };
  return kit.driver(endpoint, options, context);
}
