import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Supports } from '@seamkit/core';
import { type Capability, capabilities } from './capability';
import type { Suite } from './conformance';

/** What a suite came to: the file `<kit>-<runtime>.json` in `SEAMKIT_CONFORMANCE_RESULTS`. */
export interface Result {
  kit: string;
  runtime: Suite['runtime'];
  supports: Supports;
  /** Names of cases. */
  passed: string[];
  failed: string[];
  /** Those of which all cases were run and passed. */
  shown: Capability[];
  /** Why the runtime is not available here. */
  missing?: string;
}

/** The same suite, whose result is written when it is closed; at once where its runtime is missing. */
export function recorded(
  { name: kit, supports }: { name: string; supports: Supports },
  suite: Suite,
): Suite {
  const folder = process.env.SEAMKIT_CONFORMANCE_RESULTS;
  if (!folder) return suite;
  const { runtime, missing } = suite;
  const result: Result = { kit, runtime, supports, passed: [], failed: [], shown: [], missing };
  const all = Object.keys(capabilities) as Capability[];
  const write = () => {
    result.shown = all.filter((capability) => {
      // Loopback alone is half of what is told there.
      if (capability === 'secrecy' && supports.password === false) return false;
      const cases = suite.tests.filter(({ shows }) => shows === capability);
      return cases.length > 0 && cases.every(({ name }) => result.passed.includes(name));
    });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${kit}-${runtime}.json`), `${JSON.stringify(result, null, 2)}\n`);
  };
  if (missing) write();
  return {
    ...suite,
    tests: suite.tests.map((test) => ({
      ...test,
      run: () =>
        test.run().then(
          () => void result.passed.push(test.name),
          (error) => {
            result.failed.push(test.name);
            throw error;
          },
        ),
    })),
    close: async () => {
      write();
      await suite.close();
    },
  };
}
