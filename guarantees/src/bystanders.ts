import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { Engine } from './engine';
import { look } from './processes';
import { Project, type ProjectOptions } from './project';
import type { Run } from './run';
import { Watch } from './watch';

/**
 * What must survive, whatever happens to a project: another workspace of the same user with tests
 * at work, and things of others whose names look like ours.
 */
export class Bystanders {
  private readonly id = randomBytes(4).toString('hex');
  private readonly folders: string[] = [];
  private neighbour!: { project: Project; run: Run; seen: string[]; watch: Watch };
  private stranger!: ChildProcess;
  private identity!: string;
  private engine: Engine | undefined;
  private container: Docker.Container | undefined;
  private network: Docker.Network | undefined;

  private constructor(private readonly options: ProjectOptions) {}

  static async plant(options: ProjectOptions): Promise<Bystanders> {
    const bystanders = new Bystanders(options);
    await bystanders.plantNeighbour();
    bystanders.plantFolders();
    bystanders.plantProcess();
    if (options.runtime === 'container') await bystanders.plantInEngine();
    return bystanders;
  }

  /** What has happened to them, as words; nothing, if all is well. */
  async harmed(): Promise<string[]> {
    const harm: string[] = [];
    const { run, watch, seen } = this.neighbour;
    if (run.ending !== undefined) {
      harm.push(`the other workspace's run ended (${run.ending})\n${run.output}`);
    }
    const now = await watch.left();
    harm.push(...seen.filter((thing) => !now.includes(thing)).map((thing) => `gone: ${thing}`));
    for (const path of this.folders) if (!existsSync(path)) harm.push(`gone: folder ${path}`);
    if (look(this.stranger.pid!)?.identity !== this.identity) harm.push('gone: a process');
    harm.push(...(await this.harmedInEngine()));
    return harm;
  }

  /** Takes them away. @returns how the other workspace's tests ended; 0: they passed */
  async remove(): Promise<number | string> {
    const { project, run, watch } = this.neighbour;
    project.tell('stop');
    const ending = await run.ended;
    this.stranger.kill('SIGKILL');
    for (const path of this.folders) rmSync(path, { recursive: true, force: true });
    await this.container?.remove({ force: true });
    await this.network?.remove();
    await this.engine?.docker.getVolume(this.name).remove();
    await watch.nothingLeft(10_000);
    await project.remove();
    return ending;
  }

  private get name(): string {
    return `seamkit-redis-${this.id}`;
  }

  private async plantNeighbour(): Promise<void> {
    const project = new Project({ ...this.options, boundary: 'redis' });
    const run = project.start({ env: { SEAMKIT_LINGER: '0' } });
    await project.busy(run);
    const watch = new Watch(project);
    this.neighbour = { project, run, watch, seen: await watch.left() };
  }

  /** Beside our data folders and sockets, with names of the same form. */
  private plantFolders(): void {
    for (const base of ['/dev/shm', tmpdir()]) {
      const folder = join(base, `seamkit-data-${this.id}`);
      this.folders.push(folder, mkdtempSync(join(base, 'seamkit-project-')));
      mkdirSync(this.folders.at(-2)!);
    }
    for (const folder of this.folders) writeFileSync(join(folder, 'server.conf'), 'not yours');
  }

  /** A Redis of somebody else, by its looks. */
  private plantProcess(): void {
    this.stranger = spawn('sleep', ['3600'], {
      argv0: 'redis-server',
      cwd: this.folders[0],
      detached: true,
      stdio: 'ignore',
    });
    this.identity = look(this.stranger.pid!)!.identity;
  }

  private async plantInEngine(): Promise<void> {
    this.engine = new Engine(this.options.env?.DOCKER_HOST);
    const { docker } = this.engine;
    await docker.createVolume({ Name: this.name });
    this.network = await docker.createNetwork({ Name: this.name });
    this.container = await docker.createContainer({
      name: this.name,
      Image: process.env.SEAMKIT_REDIS_IMAGE ?? 'redis:8',
      Entrypoint: ['sleep'],
      Cmd: ['3600'],
      Labels: { 'seamkit.kit': 'redis', 'seamkit.owner': this.id, 'seamkit.server': this.name },
      HostConfig: { Binds: [`${this.name}:/data`], NetworkMode: this.name },
    });
    await this.container.start();
  }

  private async harmedInEngine(): Promise<string[]> {
    if (!this.engine || !this.container) return [];
    const { State } = await this.container.inspect();
    const things = { containers: [], networks: [this.network!.id], volumes: [this.name] };
    const there = await this.engine.remaining(things);
    return [
      ...(State.Running ? [] : ['ended: a container']),
      ...(there.length === 2 ? [] : [`of a network and a volume there is: ${there}`]),
    ];
  }
}
