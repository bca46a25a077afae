import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exhaustModule, smallHeap } from './exhaust';
import { Run } from './run';
import { type RunnerName, runners } from './runners';
import { type Boundary, packagesOf, testFile } from './test-file';
import { until } from './until';

// What the runner that runs us told its own processes, or this machine's user told us.
const notPassedOn =
  /^(JEST_|VITEST|NODE_ENV|NODE_OPTIONS|NODE_TEST_CONTEXT|FORCE_COLOR|SEAMKIT_(RUN|WORKSPACE|LINGER|LOG|.*RUNTIME))/;

export interface ProjectOptions {
  runner: RunnerName;
  runtime: 'process' | 'container';
  /** What its test files use; default Redis. */
  boundary?: Boundary;
  /** Its processes can be told to run out of memory. Default false. */
  exhaustible?: boolean;
  /** A command that the runner's own command line is given to. Default none. */
  within?: readonly string[];
  /** Added to the runner's environment. */
  env?: Record<string, string>;
}

/** A throw-away project, outside of this workspace, with two test files and a keeper of its own. */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-project-')));
  readonly files = ['one', 'two'];
  /** Its keeper and runner have these too. */
  readonly env: NodeJS.ProcessEnv;
  private readonly runs = new Set<Run>();
  private readonly marks = join(this.folder, 'marks');
  private round = 1;

  constructor(readonly options: ProjectOptions) {
    const inherited = Object.entries(process.env).filter(([name]) => !notPassedOn.test(name));
    this.env = {
      ...Object.fromEntries(inherited),
      NO_COLOR: '1',
      SEAMKIT_RUNTIME: options.runtime,
      SEAMKIT_WORKSPACE: this.folder,
      ...(options.exhaustible && {
        NODE_OPTIONS: `${smallHeap} --require=${join(this.folder, 'exhaust.cjs')}`,
      }),
      ...options.env,
    };
    mkdirSync(this.marks);
    writeFileSync(join(this.folder, 'exhaust.cjs'), exhaustModule(this.marks));
    this.install(...packagesOf(options.boundary ?? 'redis'));
    writeFileSync(
      join(this.folder, 'jest.config.json'),
      JSON.stringify({
        rootDir: this.folder,
        transform: {},
        testEnvironment: 'node',
        // With the times of an earlier run Jest would run short files one after another.
        cache: false,
      }),
    );
    this.writeFiles();
  }

  /** Starts the runner on all files. They work until they are told to stop. */
  start({ watch = false, env = {} }: { watch?: boolean; env?: Record<string, string> } = {}): Run {
    const { args, watchArgs } = runners[this.options.runner];
    const command = [process.execPath, ...(watch ? watchArgs : args)];
    const run = new Run([...(this.options.within ?? []), ...command], {
      cwd: this.folder,
      env: { ...this.env, ...env },
    });
    this.runs.add(run);
    return run;
  }

  /** Resolves when the tests of all files are in the middle of their work, to their workers' pids. */
  async busy(run: Run): Promise<number[]> {
    const marks = this.files.map((name) => join(this.marks, `${name}-${this.round}`));
    await until(
      () => run.ending !== undefined || marks.every(existsSync),
      () => `the tests to be at work\n${run.output}`,
      45_000,
    );
    if (run.ending !== undefined) throw new Error(`the run ended (${run.ending})\n${run.output}`);
    return marks.map((mark) => Number(readFileSync(mark, 'utf8')));
  }

  /** The tests end, well or with a failure; those of runs to come too. */
  tell(what: 'stop' | 'fail'): void {
    this.leave(what === 'stop' ? `stop-${this.round}` : what);
  }

  /** What a test left as a mark. */
  mark(name: string): string {
    return readFileSync(join(this.marks, name), 'utf8');
  }

  /** Leaves a mark, for whoever looks for it. */
  leave(mark: string, text = ''): void {
    writeFileSync(join(this.marks, mark), text);
  }

  /** Forgets all marks. */
  forget(): void {
    rmSync(this.marks, { recursive: true });
    mkdirSync(this.marks);
  }

  /** Changes the test files, until a runner that watches has begun with one; `busy` then waits for those. */
  async edit(): Promise<void> {
    this.round++;
    const begun = join(this.marks, `begun-${this.round}`);
    for (let save = 0; !existsSync(begun); save++) {
      // What is saved while the runner does not listen goes by unseen.
      if (save % 50 === 0) this.writeFiles();
      if (save === 1_500) throw new Error('waited 30 s for a watching runner to start over');
      await delay(20);
    }
  }

  /** A whole run whose tests end at once. @returns its exit code and output */
  async shortRun(): Promise<{ ending: number | string; output: string }> {
    this.forget();
    this.tell('stop');
    const run = this.start({ env: { SEAMKIT_LINGER: '0' } });
    const ending = await run.ended;
    return { ending, output: run.output };
  }

  async remove(): Promise<void> {
    await Promise.all([...this.runs].map((run) => run.remove()));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** As npm would: a keeper loads only what its project depends on. */
  private install(...names: string[]): void {
    const dependencies = Object.fromEntries(names.map((name) => [name, '*']));
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify({ dependencies }));
    for (const name of names) {
      const link = join(this.folder, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(dirname(require.resolve(`${name}/package.json`)), link);
    }
  }

  private writeFiles(): void {
    const { boundary = 'redis' } = this.options;
    for (const name of this.files) {
      const text = testFile(name, boundary, this.marks, this.round);
      writeFileSync(join(this.folder, `${name}.test.js`), text);
    }
  }
}
