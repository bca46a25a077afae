import { strictEqual as equal, ok, deepStrictEqual as same } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { baseline, type ConformanceCase } from '../conformance-case';
import { refusal } from '../refusal';
import { type Stage, withServer } from '../stage';

/** The baseline that `prepare` makes. */
export const prepareCases: readonly ConformanceCase[] = [
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
];

/** What bears our name on the stage's server; nothing where the harness cannot list. */
async function ourNames(stage: Stage): Promise<string[]> {
  if (!stage.harness.list) return [];
  let names: string[] = [];
  await withServer(stage, async (server) => {
    names = (await stage.harness.list!(server.endpoint)).sort();
  });
  return names;
}
