import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const jestBin = require.resolve('jest/bin/jest');
const core = require.resolve('@seamkit/core');
const kit = require.resolve('./shelf/kit');

/** What an ES module needs to have `require`. */
const required = `
  import { createRequire } from 'node:module';
  const require = createRequire(import.meta.url);
`;

const fromTheOuterRun = [
  'FORCE_COLOR',
  'JEST_WORKER_ID',
  'NODE_ENV',
  'NODE_TEST_CONTEXT',
  'SEAMKIT_WORKSPACE',
];

/** A throw-away project, outside of this workspace, with test files of its own. */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-project-')));

  constructor() {
    // The kit is in core's folder, and a keeper loads only what its project depends on.
    const manifest = { name: 'project', devDependencies: { '@seamkit/core': '*' } };
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(manifest));
    mkdirSync(join(this.folder, 'node_modules/@seamkit'), { recursive: true });
    symlinkSync(join(__dirname, '..'), join(this.folder, 'node_modules/@seamkit/core'));
    this.jestConfig();
    mkdirSync(join(this.folder, 'marks'));
  }

  jestConfig(more: object = {}): void {
    const config = {
      rootDir: this.folder,
      transform: {},
      testEnvironment: 'node',
      testTimeout: 60_000,
      // With the times of an earlier run Jest would run short files one after another.
      cache: false,
      ...more,
    };
    writeFileSync(join(this.folder, 'jest.config.json'), JSON.stringify(config));
  }

  /** Adds a test file; `body` has `use`, `shelf`, `caller`, and `mark(name)` that leaves a file. */
  file(name: string, body: string): void {
    const head = `
      const { use } = require(core);
      const { shelf, caller } = require(kit);
    `;
    this.bare(name, head + body);
  }

  /** As `file`, with nothing of ours loaded: `core` and `kit` are where it is to be had. */
  bare(name: string, body: string): void {
    const head = `${name.endsWith('.mjs') ? required : ''}
      const { renameSync, writeFileSync } = require('node:fs');
      const { setTimeout: delay } = require('node:timers/promises');
      const core = ${JSON.stringify(core)};
      const kit = ${JSON.stringify(kit)};
      const mark = (name, text = '') => {
        const path = ${JSON.stringify(join(this.folder, 'marks'))} + '/' + name;
        writeFileSync(path + '.new', text);
        renameSync(path + '.new', path);
      };
    `;
    writeFileSync(join(this.folder, name), head + body);
  }

  /** A file as it stands. */
  plain(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** An ES module that has `core`, loaded, and `require`. */
  module(name: string, body: string): void {
    writeFileSync(
      join(this.folder, name),
      `${required} const core = require(${JSON.stringify(core)});${body}`,
    );
  }

  /** Gives it a package that is installed elsewhere, in `folder`. */
  install(name: string, folder: string): void {
    const link = join(this.folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(folder, link);
  }

  marked(name: string): boolean {
    return existsSync(join(this.folder, 'marks', name));
  }

  /** Names of the marks that begin so. */
  marks(start: string): string[] {
    return readdirSync(join(this.folder, 'marks')).filter((name) => name.startsWith(start));
  }

  mark(name: string): string {
    return readFileSync(join(this.folder, 'marks', name), 'utf8');
  }

  /** Runs Jest in a process group of its own. */
  jest(...args: string[]): Run {
    return this.start([jestBin, '--config', 'jest.config.json', ...args]);
  }

  /** Runs node's test runner. */
  nodeTest(...args: string[]): Run {
    return this.start(['--test', ...args]);
  }

  vitest(...args: string[]): Run {
    const manifest = require.resolve('vitest/package.json');
    return this.start([join(manifest, '../vitest.mjs'), 'run', ...args]);
  }

  mocha(...args: string[]): Run {
    return this.start([join(require.resolve('mocha/package.json'), '../bin/mocha.js'), ...args]);
  }

  /** A script, with no runner. */
  node(file: string): Run {
    return this.start([file]);
  }

  /** Node as process 1 of a number space of its own, as in a container; undefined where that is not allowed. */
  firstProcess(...args: string[]): Run | undefined {
    const apart = ['--pid', '--fork', '--kill-child', '--mount-proc'];
    if (spawnSync('unshare', [...apart, 'true']).status !== 0) return undefined;
    return this.start([...apart, process.execPath, ...args], 'unshare');
  }

  /** A program of the project's, in a process group of its own. */
  start(args: string[], program = process.execPath): Run {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !fromTheOuterRun.includes(name),
    );
    const env = { ...Object.fromEntries(inherited), NO_COLOR: '1' };
    return new Run(
      spawn(program, args, {
        cwd: this.folder,
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A runner's process. */
export class Run {
  output = '';
  /** Resolves to the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;

  constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    this.ended = new Promise((resolve) =>
      child.once('close', (code, signal) => resolve(code ?? signal!)),
    );
  }

  get pid(): number {
    return this.child.pid!;
  }
}
