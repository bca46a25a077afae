import type { TestInfo } from '../contract';
import { SeamkitError } from '../errors';
import { print } from '../print';

/** @throws SeamkitError `OPTION_INVALID` for a name that is taken, or what is no boundary */
export function checkName(name: string, boundary: unknown): void {
  if (['close', 'reset', 'setBaseline', 'changes'].includes(name)) {
    throw new SeamkitError('OPTION_INVALID', `a boundary cannot be named '${name}'`, {
      hint: 'give it a name of its own, such as db or cache',
    });
  }
  if (typeof boundary !== 'object' || boundary === null || !('kit' in boundary)) {
    throw new SeamkitError('OPTION_INVALID', `'${name}' is not a boundary`, {
      hint: `call the kit: ${name}: postgres({ … }), not postgres`,
    });
  }
}

/** A member was asked for while there is none. */
export function notOpen(name: string, state: string): SeamkitError {
  return state === 'closed'
    ? new SeamkitError('NOT_STARTED', `env.${name} is closed`, {
        hint: 'use it in tests and hooks only; in afterAll it has been given back already',
      })
    : new SeamkitError('NOT_STARTED', `env.${name} has not started`, {
        hint: 'use it inside a test or a hook; at the top of the file nothing runs yet. Under node:test, put before() into a describe()',
      });
}

/** Says which calls of a boundary's members still run at the end of a test. */
export function nameCalls(
  boundary: string,
  calls: string[],
  { name = 'the test' }: TestInfo,
): void {
  if (calls.length === 0) return;
  const which = calls.map((call) => `${boundary}.${call}()`).join(', ');
  print('warn', `"${name}" ended while ${which} still ran: await each call in the test`);
}

/** Two tests at the same time, on one sandbox. */
export function concurrent({ name }: TestInfo, other: string): SeamkitError {
  return new SeamkitError(
    'UNSUPPORTED',
    `"${name}" begins while "${other}" still runs, and both share this file's sandboxes`,
    {
      hint: "run the tests of this file one after another (no test.concurrent); or share one baseline among them: use({ … }, { reset: 'file' })",
    },
  );
}
