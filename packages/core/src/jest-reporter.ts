import { plural, seconds, serverTable } from './cli/server-table';
import { findWorkspace } from './project/workspace';
import { keeperStatus } from './test-process/keeper-session';

/** What a reporter is told at the end of a Jest run. */
interface Results {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTotalTestSuites: number;
  startTime: number;
}

/**
 * `@seamkit/core/jest-reporter`: after the run, what it ran on. Put it after `'default'`:
 *
 * ```js
 * reporters: ['default', '@seamkit/core/jest-reporter']
 * ```
 */
class SeamkitReporter {
  async onRunComplete(_contexts: unknown, results: Results): Promise<void> {
    // It lingers after the last file, so it can still be asked.
    const status = await keeperStatus(findWorkspace()).catch(() => undefined);
    const ofThisRun = (status?.servers ?? []).filter(
      ({ state, startedAt }) => state !== 'ended' || startedAt >= results.startTime,
    );
    const lines = serverTable(ofThisRun);
    const files = plural(results.numTotalTestSuites, 'file');
    const counts = [
      `${results.numPassedTests} passed`,
      `${results.numFailedTests} failed`,
      ...(results.numPendingTests ? [`${results.numPendingTests} skipped`] : []),
    ];
    lines.push(`${counts.join(', ')} in ${files}, ${seconds(Date.now() - results.startTime)}`);
    process.stderr.write(`\nSeamkit ran this on\n${lines.map((line) => `  ${line}\n`).join('')}`);
  }
}

// What `require` gives, since ES modules could not import a default without a `.default` of its own.
export = SeamkitReporter;
