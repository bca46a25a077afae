import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RuntimeName } from '@seamkit/core';
import {
  driverOn,
  keeperStatus,
  type OpenServer,
  openServer,
  type Status,
} from '@seamkit/core/inspect';
import { Actor } from './actor';
import type { Harness } from './harness';

/** ms; a keeper lives on between two cases, however slow the machine. The last act ends it. */
const linger = 30_000;

/** Where a suite's cases play: a workspace of its own, and a runtime that is forced. */
export class Stage {
  readonly harness: Harness;
  readonly workspace = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-conformance-')));
  private readonly actors = new Set<Actor>();

  constructor(
    readonly harnessPath: string,
    readonly runtime: RuntimeName | 'local',
    /** The server that external cases share. */
    readonly externalUrl?: string,
  ) {
    this.harness = require(harnessPath);
  }

  get env(): NodeJS.ProcessEnv {
    return this.envOf(this.externalUrl);
  }

  /** As `env`, with the external server at this url. */
  envOf(externalUrl: string | undefined): NodeJS.ProcessEnv {
    const { kit } = this.harness.kit(this.harness.options);
    const prefix = `SEAMKIT_${kit.name.toUpperCase().replaceAll('-', '_')}`;
    return {
      ...process.env,
      SEAMKIT_WORKSPACE: this.workspace,
      SEAMKIT_RUN: 'conformance',
      SEAMKIT_LINGER: String(linger),
      SEAMKIT_RUNTIME: undefined,
      ...(this.runtime !== 'local' && { [`${prefix}_RUNTIME`]: this.runtime }),
      [`${prefix}_URL`]: externalUrl,
    };
  }

  actor(env: NodeJS.ProcessEnv = {}): Actor {
    const actor = new Actor(this.harnessPath, { ...this.env, ...env });
    this.actors.add(actor);
    return actor;
  }

  /** An actor whose sandbox is open. */
  async opened(opening: Parameters<Actor['open']>[0] = {}): Promise<Actor> {
    const actor = this.actor();
    await actor.open(opening);
    return actor;
  }

  status(): Promise<Status | undefined> {
    return keeperStatus(this.workspace);
  }

  /** Runs `work` in this process as the actors run in theirs. */
  async inEnvironment<R>(work: () => Promise<R>): Promise<R> {
    const before = { ...process.env };
    assign(this.env);
    try {
      return await work();
    } finally {
      assign(before);
    }
    function assign(env: NodeJS.ProcessEnv) {
      for (const name of new Set([...Object.keys(process.env), ...Object.keys(env)])) {
        if (env[name] === undefined) delete process.env[name];
        else process.env[name] = env[name];
      }
    }
  }

  /** Sweeps the external server as another machine would. */
  async sweepFromElsewhere(env: NodeJS.ProcessEnv): Promise<void> {
    const script = join(__dirname, 'sweeper.js');
    await promisify(execFile)(process.execPath, [script, this.harnessPath, this.externalUrl!], {
      env: { ...this.env, ...env },
    });
  }

  /** Ends what a case left on the stage. */
  async clear(): Promise<void> {
    await Promise.all([...this.actors].map((actor) => actor.leave()));
    this.actors.clear();
  }

  /** Ends the workspace's keeper, and with it every server. */
  async endKeeper(): Promise<void> {
    const status = await this.status();
    if (!status) return;
    try {
      process.kill(status.pid, 'SIGTERM');
    } catch {
      return; // just now, by itself
    }
    await until(() => !isRunning(status.pid), 'the keeper to end', 30_000);
  }

  /** Runs a file of node's test runner, whose `env.it` is the kit's boundary. */
  nodeTest(
    tests: string,
    more: NodeJS.ProcessEnv = {},
  ): Promise<{ code: number | null; output: string }> {
    const file = join(this.workspace, 'file.test.cjs');
    const load = (path: string) => `require(${JSON.stringify(path)})`;
    writeFileSync(
      file,
      `const { test } = require('node:test');
      const { strictEqual: equal } = require('node:assert/strict');
      const { use } = ${load(require.resolve('@seamkit/core'))};
      const harness = ${load(this.harnessPath)};
      const env = use({ it: harness.kit(harness.options) });
      ${tests}`,
    );
    const { NODE_TEST_CONTEXT: _, ...env } = { ...this.env, ...more };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        ['--test', '--test-reporter=tap', file],
        { env },
        (error, stdout, stderr) =>
          resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
      );
    });
  }

  /** Runs a CommonJS script that has `harness`. Resolves to its exit code and standard output. */
  script(code: string): Promise<{ code: number | null; output: string }> {
    const file = join(this.workspace, 'script.cjs');
    const core = JSON.stringify(require.resolve('@seamkit/core'));
    const harness = JSON.stringify(this.harnessPath);
    writeFileSync(
      file,
      `const harness = require(${harness});\n${code.replace("require('@seamkit/core')", `require(${core})`)}`,
    );
    return new Promise((resolve) => {
      execFile(process.execPath, [file], { env: this.env }, (error, stdout) =>
        resolve({ code: error ? Number(error.code) : 0, output: stdout }),
      );
    });
  }

  /** The last act. */
  async strike(): Promise<void> {
    await this.clear();
    await this.endKeeper();
    rmSync(this.workspace, { recursive: true, force: true });
  }
}

/** The stage's server, in this process. */
export async function withServer(
  stage: Stage,
  work: (server: OpenServer) => Promise<void>,
): Promise<void> {
  await stage.inEnvironment(async () => {
    const server = await openServer(stage.harness.kit(stage.harness.options));
    try {
      await work(server);
    } finally {
      await server.close();
    }
  });
}

/** The kit's driver on a server, as core makes it. */
export function driverFor({ harness }: Stage, { endpoint, runtime }: OpenServer) {
  return driverOn(harness.kit(harness.options), endpoint, { owner: 'c0nf0rm', runtime });
}

/** Polls until `condition` holds. Rejects after `deadline` ms (default 10,000). */
export async function until(
  condition: () => Promise<boolean> | boolean,
  what: string,
  deadline = 10_000,
): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${deadline} ms for ${what}`);
    await delay(20);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
