import { basename, relative } from 'node:path';
import { writeResult } from './results';

interface Test {
  fullName: string;
  status: string;
}

interface Results {
  startTime: number;
  testResults: {
    testFilePath: string;
    testExecError?: unknown;
    perfStats: { start: number; end: number };
    testResults: Test[];
  }[];
}

/**
 * Jest's reporter in every package: in a whole run it leaves what ran for `summary.ts`, and fails
 * the run where a test is skipped without a reason in its title (see `unless.ts`).
 */
class TestRunReporter {
  private refused?: Error;

  constructor(private readonly config: { rootDir: string }) {}

  onRunComplete(_contexts: unknown, { testResults, startTime }: Results): void {
    const folder = process.env.SEAMKIT_TEST_RESULTS;
    if (!folder) return;
    const tests = testResults.flatMap((file) => file.testResults);
    const count = (status: string) => tests.filter((test) => test.status === status).length;
    const skipped = tests.filter(({ status }) => status === 'pending' || status === 'todo');
    this.refuse(skipped.filter((test) => !reasonOf(test)));
    const name = basename(this.config.rootDir);
    writeResult(folder, `${name}-${process.env.npm_lifecycle_event}`, {
      package: name,
      passed: count('passed'),
      // A file that could not be loaded has no tests to count.
      failed: count('failed') + testResults.filter((file) => file.testExecError).length,
      skipped: skipped.flatMap((test) => reasonOf(test) ?? []),
      ms: Date.now() - startTime,
      files: testResults.map(({ testFilePath, perfStats }) => ({
        path: relative(this.config.rootDir, testFilePath),
        ms: perfStats.end - perfStats.start,
      })),
    });
  }

  getLastError(): Error | undefined {
    return this.refused;
  }

  /** Jest exits with 1 for it, and leaves it to us to say why. */
  private refuse(unexplained: Test[]): void {
    if (unexplained.length === 0) return;
    const titles = unexplained.map(({ fullName }) => `  ${fullName}\n`).join('');
    this.refused = new Error('tests are skipped without a reason');
    process.stderr.write(`These tests are skipped without a reason in their titles:\n${titles}`);
  }
}

/** Of the test, or of a group that it is in: a group's title stands before those of its tests. */
function reasonOf({ fullName }: Test): string | undefined {
  const [, rest] = fullName.split(' (skipped: ');
  let depth = 1;
  const end = [...(rest ?? '')].findIndex((character) => {
    depth += character === '(' ? 1 : character === ')' ? -1 : 0;
    return depth === 0;
  });
  return rest && end > 0 ? rest.slice(0, end) : undefined;
}

// What `require` gives.
export = TestRunReporter;
