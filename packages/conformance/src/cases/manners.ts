import { strictEqual as equal, ok, deepStrictEqual as same } from 'node:assert/strict';
import { inspect } from 'node:util';
import { always, type ConformanceCase } from '../conformance-case';
import { refusal } from '../refusal';

/** How a kit behaves towards who uses it. */
export const mannersCases: readonly ConformanceCase[] = [
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
];
