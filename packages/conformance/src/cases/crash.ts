import { strictEqual as equal, ok } from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { belongings, killGroup, leftovers } from '@seamkit/core/inspect';
import type { Actor } from '../actor';
import { baseline, type ConformanceCase } from '../conformance-case';
import { type Stage, until } from '../stage';

/** ms that a killed keeper's belongings may last. */
const grace = ({ runtime }: Stage) => (runtime === 'container' ? 10_000 : 5_000);

/** Processes that are killed. */
export const crashCases: readonly ConformanceCase[] = [
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
