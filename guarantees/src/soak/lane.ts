import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keeperStatus } from '@seamkit/core/inspect';
import { promised, type Runtime } from '../cells';
import { Project } from '../project';
import { type Ending, Run } from '../run';
import { runners } from '../runners';
import { Watch } from '../watch';
import { DataFolders } from './data-folders';
import { describePlan, type KillPlan, type Kind } from './kill-plan';
import { script } from './script';
import { find } from './victim';

/** ms more for a keeper that is stopped, until it counts as lost. */
const stoppedFor = 10_000;
/** ms between two looks, each of which reads all of /proc. */
const lookInterval = 60;
/** ms that a run may take to end once its tests were told to. */
const patience = 30_000;
/** ms to wait for a victim that is not there yet. */
const victimPatience = 5_000;

/** What came of one kill. */
export interface Outcome {
  /** The victim was there to be hit. */
  killed: boolean;
  /** What is still there, as words. */
  leaked: string[];
  /** Why the run failed, where the kill is no reason. */
  failed?: string;
}

/** What happened to a run. */
interface Course {
  killed: boolean;
  /** It may fail. */
  excused: boolean;
  strictly: boolean;
  /** ms after its end until nothing of it may be left. */
  grace: number;
}

/** One workspace with a run in it, again and again. */
export class Lane {
  private readonly project: Project;
  private readonly watch: Watch;
  private readonly data = new DataFolders();

  constructor(private readonly runtime: Runtime) {
    this.project = new Project({ runner: 'node', runtime, env: { SEAMKIT_LINGER: '0' } });
    this.watch = new Watch(this.project);
    const { folder } = this.project;
    for (const boundary of ['redis', 'shelf'] as const) {
      writeFileSync(join(folder, `${boundary}.js`), script(boundary, join(folder, 'marks')));
    }
  }

  /** A run that nobody disturbs. Must come first. */
  undisturbed(kind: Kind): Promise<Outcome> {
    return this.observe(`an undisturbed ${kind} run`, kind, async (run) => {
      await this.project.busy(run);
      await this.watch.look();
      this.data.begin(this.project.folder);
      return { killed: false, excused: false, strictly: true, grace: promised[this.runtime] };
    });
  }

  /** A run that is hit as planned. */
  hit(plan: KillPlan): Promise<Outcome> {
    return this.observe(describePlan(plan), plan.kind, async (run) => {
      if (plan.since === 'work') await this.project.busy(run);
      await delay(plan.delay);
      const killed = await this.kill(plan, run);
      // A leash is replaced without anybody's noticing.
      return {
        killed,
        excused: killed && plan.victim !== 'leash',
        strictly: false,
        grace: promised[this.runtime] + (plan.signal === 'SIGSTOP' ? stoppedFor : 0),
      };
    });
  }

  async remove(): Promise<void> {
    this.data.end();
    await this.project.remove();
  }

  /** Starts a run, lets `work` happen to it, and sees how it ends and what it leaves. */
  private async observe(
    what: string,
    kind: Kind,
    work: (run: Run) => Promise<Course>,
  ): Promise<Outcome> {
    this.data.watch();
    const run = this.start(kind);
    try {
      const { killed, excused, strictly, grace } = await work(run);
      this.project.tell('stop');
      const ending = await this.endOf(run);
      const failed =
        ending === 0 || excused ? undefined : `${what}: ended with ${ending}\n${run.output}`;
      return { killed, leaked: await this.leaked(strictly, grace), failed };
    } catch (error) {
      const failed = `${what}: ${(error as Error).message}\n${await this.situation()}`;
      await run.remove();
      return { killed: false, leaked: await this.leaked(false, promised[this.runtime]), failed };
    } finally {
      await run.remove();
    }
  }

  private start(kind: Kind): Run {
    this.project.forget();
    const args = {
      node: runners.node.args,
      jest: runners.jest.args,
      'redis script': ['redis.js'],
      'shelf script': ['shelf.js'],
    }[kind];
    return new Run([process.execPath, ...args], {
      cwd: this.project.folder,
      env: this.project.env,
    });
  }

  /** @returns whether somebody was hit */
  private async kill({ victim, signal, kind }: KillPlan, run: Run): Promise<boolean> {
    const whom = victim === 'worker' && kind.endsWith('script') ? 'runner' : victim;
    const end = performance.now() + victimPatience;
    while (performance.now() < end && run.ending === undefined) {
      const pids = await find(whom, run, this.watch);
      if (pids.length) {
        try {
          for (const pid of pids) process.kill(pid, signal);
          return true;
        } catch {
          // It has just ended by itself.
        }
      }
      await delay(victim === 'early runner' ? 5 : lookInterval);
    }
    return false;
  }

  private async endOf(run: Run): Promise<Ending> {
    const ending = await Promise.race([run.ended, delay(patience, undefined, { ref: false })]);
    if (ending === undefined) {
      throw new Error(`it did not end within ${patience} ms\n${run.output}`);
    }
    return ending;
  }

  /**
   * What is left once the grace is over. Unless `strictly`, two files of a few bytes do not count:
   * they stay where whoever starts a keeper is killed in the instant before there is one, and the
   * next keeper takes them along.
   */
  private async leaked(strictly: boolean, grace: number): Promise<string[]> {
    const end = performance.now() + grace;
    for (;;) {
      const left = [...(await this.watch.left()), ...this.data.left].filter(
        (what) => strictly || !/^file .*\/(start-lock(\.[^/]*)?|keeper\.log)$/.test(what),
      );
      if (left.length === 0 || performance.now() > end) return left;
      await delay(lookInterval);
    }
  }

  /** For whoever must find out why a run did not end. */
  private async situation(): Promise<string> {
    const status = await keeperStatus(this.project.folder).catch(String);
    return [`keeper: ${JSON.stringify(status)}`, ...(await this.watch.left())].join('\n');
  }
}
