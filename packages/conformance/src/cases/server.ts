import { strictEqual as equal, deepStrictEqual as same } from 'node:assert/strict';
import { always, baseline, type ConformanceCase } from '../conformance-case';
import { driverFor, withServer } from '../stage';

/** Sandboxes of one server: apart from each other, and gone without a trace. */
export const serverCases: readonly ConformanceCase[] = [
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
];
