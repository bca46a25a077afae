import type { Boundary, RuntimeName, SandboxContext, TestInfo } from '../contract';
import { SeamkitError } from '../errors';
import { print } from '../print';
import { millisecondsOf } from '../variables';
import { within } from '../within';

const prepareTimeoutDefault = 120_000;

/** Which boundary of a test file, and which of its tests runs: for messages. */
export interface Place {
  boundary: string;
  test: TestInfo;
}

/** What a kit gets from core in the test process. */
export function sandboxContext(
  { kit, options, folder }: Boundary<object>,
  runtime: RuntimeName | 'local',
  owner: string,
  place: Place,
): SandboxContext {
  return {
    kit: kit.name,
    runtime,
    owner,
    folder,
    warn(message) {
      const test = place.test.name ? ` (in "${place.test.name}")` : '';
      print('warn', `${place.boundary}: ${message}${test}`);
    },
    async prepare(work) {
      const timeout =
        options.prepareTimeout ?? millisecondsOf('SEAMKIT_PREPARE_TIMEOUT', prepareTimeoutDefault);
      const late = () =>
        new SeamkitError(
          'PREPARE_TIMEOUT',
          `${place.boundary}: prepare took more than ${timeout} ms`,
          {
            hint: 'see what it waits for (a connection left open?), or raise prepareTimeout (ms)',
          },
        );
      try {
        return await within(timeout, work, late);
      } catch (error) {
        throw SeamkitError.wrap(error, 'PREPARE_FAILED', `${place.boundary}: prepare failed`, {
          hint: 'fix the error above, and run again: nothing of the baseline was kept',
        });
      }
    },
  };
}
