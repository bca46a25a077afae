import { strictEqual as equal, ok } from 'node:assert/strict';
import { clockOff } from '../clock';
import type { ConformanceCase } from '../conformance-case';

/** Minutes. S3 refuses whoever is off by more than 15. */
const skews = [-12, 12];

/** Machines that share one external server. */
export const sharedServerCases: readonly ConformanceCase[] = [
  {
    name: 'a run that lives is never swept, whatever the clocks of the machines say',
    shows: 'traces',
    owed: ({ runtime }) => runtime === 'external',
    async run(stage) {
      for (const own of skews) {
        const actor = stage.actor(clockOff(own));
        await actor.open();
        await actor.write('key', 'of the living');
        await stage.sweepFromElsewhere(clockOff(-own));
        equal(await actor.read('key'), 'of the living');
        await actor.reset();
        equal(await actor.read('key'), undefined, 'it can go on');
        await actor.close();
      }
    },
  },
  {
    name: 'a password that the server refuses, or that nobody hears, is not repeated',
    shows: 'secrecy',
    owed: ({ runtime }) => runtime === 'external',
    async run(stage) {
      for (const change of [
        { password: 'wr0ngPassw0rd' },
        { password: 'unheardPassw0rd', port: '1' },
      ]) {
        const url = Object.assign(new URL(stage.externalUrl!), change).href;
        const { code, output } = await stage.nodeTest(`test('opens', () => env.it);`, {
          ...stage.envOf(url),
          SEAMKIT_LOG: 'debug',
        });
        equal(code, 1, output);
        ok(/[A-Z]+_[A-Z]+/.test(output), `an error with a code:\n${output}`);
        ok(!output.includes(change.password), output);
      }
    },
  },
];
