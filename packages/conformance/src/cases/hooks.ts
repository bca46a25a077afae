import { strictEqual as equal, ok } from 'node:assert/strict';
import { always, baseline, type ConformanceCase } from '../conformance-case';
import { until } from '../stage';

/** What a file's hooks write, before and between its tests. */
export const hookCases: readonly ConformanceCase[] = [
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
];
