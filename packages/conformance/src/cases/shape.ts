import { notDeepStrictEqual as different, deepStrictEqual as same } from 'node:assert/strict';
import type { Actor } from '../actor';
import { baseline, type ConformanceCase } from '../conformance-case';
import type { Stage } from '../stage';

/** What keys and values do not show: schema, counters, topology, versions, settings. */
export const shapeCases: readonly ConformanceCase[] = [
  {
    name: 'reset returns what is no value to the baseline as well: schema, counters, topology',
    shows: 'reset',
    owed: ({ shape }) => shape,
    async run(stage) {
      const actor = await opened(stage);
      const before = await actor.describe();
      for (const round of [1, 2]) {
        await changed(actor, round);
        await actor.reset();
        same(await actor.describe(), before, `round ${round}`);
      }
    },
  },
  {
    name: 'what the hooks of a file made of it is its baseline, and ends with it',
    shows: 'hooks',
    owed: ({ shape, supports }) => shape && supports.prepare,
    async run(stage) {
      const actor = await opened(stage);
      const before = await actor.describe();
      await changed(actor, 1);
      await actor.setBaseline();
      const own = await actor.describe();
      await changed(actor, 2);
      await actor.reset();
      same(await actor.describe(), own, 'of the file');
      await actor.close();
      const next = await opened(stage);
      same(await next.describe(), before, 'of the next file');
    },
  },
];

function opened(stage: Stage): Promise<Actor> {
  const { prepare } = stage.harness;
  return stage.opened(prepare ? { baseline } : {});
}

/** A change that the harness would not see proves nothing. */
async function changed(actor: Actor, round: number): Promise<void> {
  const before = await actor.describe();
  await actor.changeShape(round);
  different(await actor.describe(), before, 'the harness describes what it changes');
}
