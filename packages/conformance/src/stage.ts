import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RuntimeName } from '@seamkit/core';
import { keeperStatus, type Status } from '@seamkit/core/inspect';
import { Actor } from './actor';
import type { Harness } from './harness';

/** Where a suite's cases play: a workspace of its own, and a runtime that is forced. */
export class Stage {
  readonly harness: Harness;
  readonly workspace = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-conformance-')));
  private readonly actors = new Set<Actor>();

  constructor(
    readonly harnessPath: string,
    readonly runtime: RuntimeName | 'local',
    /** The server that external cases share. */
    private readonly externalUrl?: string,
  ) {
    this.harness = require(harnessPath);
  }

  get env(): NodeJS.ProcessEnv {
    const { kit } = this.harness.kit(this.harness.options);
    const prefix = `SEAMKIT_${kit.name.toUpperCase().replaceAll('-', '_')}`;
    return {
      ...process.env,
      SEAMKIT_WORKSPACE: this.workspace,
      SEAMKIT_RUN: 'conformance',
      SEAMKIT_RUNTIME: undefined,
      ...(this.runtime !== 'local' && { [`${prefix}_RUNTIME`]: this.runtime }),
      [`${prefix}_URL`]: this.externalUrl,
    };
  }

  actor(): Actor {
    const actor = new Actor(this.harnessPath, this.env);
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

  /** Ends what a case left on the stage. */
  async clear(): Promise<void> {
    await Promise.all([...this.actors].map((actor) => actor.kill()));
    this.actors.clear();
  }

  /** Ends the workspace's keeper, and with it every server. */
  async strike(): Promise<void> {
    await this.clear();
    const status = await this.status();
    if (status) process.kill(status.pid, 'SIGTERM');
    await until(async () => !(await this.status()), 'the keeper to end');
    rmSync(this.workspace, { recursive: true, force: true });
  }
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
