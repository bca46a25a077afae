import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Row } from './cells';
import { Engine } from './engine';
import type { OwnEngine } from './own-engine';
import { look } from './processes';
import type { Project } from './project';
import type { Run } from './run';
import { type SmallDisk, shrink } from './small-disk';
import { until } from './until';
import type { Sight } from './watch';

/** ms between the signals of a CI system. */
const grace = 1_000;

/** What is to be struck. A bare project has neither sight, disk nor engine. */
export interface Target {
  project: Project;
  run: Run;
  /** The workers'. */
  pids: number[];
  sight?: Sight;
  disk?: SmallDisk;
  engine?: OwnEngine;
}

/** Strikes, and sees to it that the run ends, where it would go on. */
export async function strike(row: Row, target: Target): Promise<void> {
  const { project, run, pids } = target;
  switch (row.victim) {
    case 'worker': {
      const [worker] = pids as [number];
      await killNode(row, worker, project);
      await until(() => look(worker) === undefined, 'the worker to die');
      return project.tell('stop');
    }
    case 'runner':
      return row.cause === 'watch' ? restart(target) : killNode(row, run.pid, project);
    case 'group':
      if (row.cause !== 'cancelled') return run.signalGroup(row.cause as NodeJS.Signals);
      run.signalGroup('SIGTERM');
      await delay(grace);
      return run.signalGroup('SIGKILL');
    case 'keeper':
      return killKeeper(row, target);
    case 'server':
      return killServer(row, target);
    case 'engine':
      return target.engine!.restart(row.cause as NodeJS.Signals);
  }
}

async function killNode({ cause }: Row, pid: number, project: Project): Promise<void> {
  if (cause === 'memory') project.leave(`exhaust-${pid}`);
  else process.kill(pid, cause);
}

/** Files are edited and the runner starts over; then the user ends it by Ctrl-C. */
async function restart({ project, run }: Target): Promise<void> {
  // Jest and Vitest let tests that run come to their end, node:test kills them.
  project.tell('stop');
  await project.edit();
  await project.busy(run);
  run.signalGroup('SIGINT');
}

async function killKeeper({ cause }: Row, { project, sight, disk }: Target): Promise<void> {
  const { pid, identity } = sight!.keeper!;
  if (cause === 'disk') {
    disk!.fill();
    return project.leave('more');
  }
  if (cause !== 'memory') return void process.kill(pid, cause);
  starve(pid);
  await until(async () => {
    await post(sight!.socket!, 'x'.repeat(1 << 20));
    return look(pid)?.identity !== identity;
  }, 'the keeper to run out of memory');
}

async function killServer({ cause }: Row, target: Target): Promise<void> {
  const { project, sight, disk, engine } = target;
  const [leader] = sight!.servers;
  if (project.options.runtime === 'process') {
    if (cause === 'disk') return disk!.fill();
    if (cause !== 'memory') return void process.kill(leader!.pid, cause);
    starve(leader!.pid);
    return storeMuch(project.mark('url'));
  }
  const { docker } = new Engine(engine?.host ?? project.env.DOCKER_HOST);
  const container = docker.getContainer(sight!.containers[0]!);
  if (cause === 'disk') {
    const { State } = await container.inspect();
    return shrink('/seamkit', State.Pid); // where the kit keeps its data, in memory
  }
  if (cause !== 'memory') return container.kill({ signal: cause });
  const limit = 24 * 1024 * 1024;
  await container.update({ Memory: limit, MemorySwap: limit });
  return storeMuch(project.mark('url'));
}

/** A process that has had all the memory it will ever get. */
function starve(pid: number): void {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const data = Number(/^VmData:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  // As the user whose process it is: root may not everywhere.
  const { uid, gid } = statSync(`/proc/${pid}`);
  execFileSync('prlimit', ['--pid', String(pid), `--data=${data}:${data}`], { uid, gid });
}

/** 64 MB of values. Rejects never: the server is to die of it. */
async function storeMuch(url: string): Promise<void> {
  const client = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  const values = Array.from({ length: 16 }, (_, index) =>
    client.set(`much-${index}`, 'x'.repeat(4 << 20)).catch(() => {}),
  );
  await Promise.all(values);
  client.disconnect();
}

/** Resolves once there was an answer, or none will come. */
function post(socketPath: string, body: string): Promise<void> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const call = request(
      { socketPath, path: '/ensure', method: 'POST', headers, agent: false },
      (response) => response.resume().once('close', resolve),
    );
    call.once('error', () => resolve());
    call.end(JSON.stringify(body));
  });
}
