import { createRequire } from 'node:module';
import type { TestInfo } from '../contract';
import { afterOwn } from './after-own';
import type { Runner } from './runner-hooks';

type Hook = (run: () => Promise<void>) => void;

/** What is used of Playwright's `test`. */
export interface PlaywrightTest {
  beforeAll: Hook;
  beforeEach: Hook;
  afterEach: Hook;
  afterAll: Hook;
  setTimeout(ms: number): void;
  /** Of the test that runs. The path begins with its file. */
  info(): { titlePath: string[] };
}

/** Playwright's `test`, of the copy that runs this process: it refuses to be loaded twice. */
export function fromPlaywright(): PlaywrightTest | undefined {
  const program = require.main?.filename ?? '';
  if (!/[\\/]node_modules[\\/]@?playwright[\\/]/.test(program)) return undefined;
  return createRequire(program)('playwright/test').test;
}

export function isPlaywright(hooks: object): hooks is PlaywrightTest {
  return 'step' in hooks && 'info' in hooks && 'setTimeout' in hooks;
}

export function forPlaywright(test: PlaywrightTest): Runner {
  const named = (run: (test: TestInfo) => Promise<void>) => () =>
    run({ name: test.info().titlePath.slice(1).join(' ') });
  const unlimited = (run: () => Promise<void>) => () => {
    test.setTimeout(0); // of this hook alone
    return run();
  };
  return {
    beforeAll: (run) => test.beforeAll(unlimited(run)),
    beforeEach: (run) => test.beforeEach(named(run)),
    afterEach: (run) => test.afterEach(named(run)),
    afterAll: (run) => afterOwn(() => test.afterAll(unlimited(run))),
  };
}
