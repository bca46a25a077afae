import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Engine, type EngineThings } from './engine';
import { type Process, processes } from './processes';
import type { Project } from './project';
import { until } from './until';

/** ms that nothing must be left, so that nobody brings it back. */
const settled = 500;

/** What of a project runs or lies about at one moment. */
export interface Sight {
  keeper?: Process;
  leash?: Process;
  /** The keeper's. */
  socket?: string;
  /** Leaders of the servers' process groups. */
  servers: Process[];
  containers: string[];
}

/**
 * Watches everything that Seamkit owns on behalf of a project, from outside: by what /proc, the
 * file system and the engine show, not by what its keeper says of itself. What was seen once is
 * looked for until the end.
 */
export class Watch {
  private readonly engine: Engine | undefined;
  /** Names of runs: a killed keeper's is followed by another. */
  private readonly owners = new Set<string>();
  private readonly keepers = new Set<string>();
  /** The keeper's folder: its socket, lock and ledger. */
  private home: string | undefined;
  private readonly things: EngineThings = { containers: [], networks: [], volumes: [] };

  constructor(private readonly project: Project) {
    const { options, env } = project;
    if (options.runtime === 'container') this.engine = new Engine(env.DOCKER_HOST);
  }

  async look(): Promise<Sight> {
    let running = this.ourProcesses();
    const keeper = running.find(({ args }) => isKeeper(args));
    const leash = running.find(({ args }) => isLeash(args));
    if (keeper) this.keepers.add(keeper.identity);
    if (leash) this.home = dirname(leash.args.find((arg) => basename(arg) === 'socket')!);
    for (const name of this.home && existsSync(this.home) ? readdirSync(this.home) : []) {
      if (name.startsWith('run-')) this.owners.add(name.slice('run-'.length));
    }
    running = this.ourProcesses(); // servers are known by the names of runs
    await this.lookIntoEngine();
    return {
      keeper,
      leash,
      socket: this.home && join(this.home, 'socket'),
      servers: running.filter(({ pid, group, args }) => pid === group && !isOfCore(args)),
      containers: this.things.containers,
    };
  }

  /** Everything that is still there, as words; also what came after the last look. */
  async left(): Promise<string[]> {
    await this.look();
    const running = this.ourProcesses().map(
      ({ pid, args }) => `process ${pid}: ${args.join(' ').slice(0, 100)}`,
    );
    return [
      ...running,
      ...this.folders().map((path) => `folder ${path}`),
      ...this.keptByKeeper().map((path) => `file ${path}`),
      ...this.portLocks().map((path) => `lock ${path}`),
      ...(await this.inEngine()),
    ];
  }

  /**
   * Resolves once nothing is left, to the ms since `from` (`performance.now()`). Rejects, with
   * what is left, `deadline` ms after the call.
   */
  async nothingLeft(deadline: number, from = performance.now()): Promise<number> {
    let left: string[] = [];
    let gone: number | undefined;
    await until(
      async () => {
        left = await this.left();
        gone = left.length > 0 ? undefined : (gone ?? performance.now());
        return gone !== undefined && performance.now() - gone >= settled;
      },
      () => `nothing to be left, but there is\n${left.join('\n')}`,
      deadline + settled,
    );
    return gone! - from;
  }

  /** The keeper and its children by the workspace they serve, servers by the folder they live in. */
  private ourProcesses(): Process[] {
    const workspace = `SEAMKIT_WORKSPACE=${this.project.folder}`;
    const data = this.dataFolders();
    return processes().filter(({ args, environment, folder }) => {
      if (isOfCore(args)) return environment.includes(workspace);
      return data.some(
        (path) =>
          environment.includes(`HOME=${path}`) ||
          `${folder}/`.startsWith(`${path}/`) ||
          args.some((arg) => arg.includes(`${path}/`)),
      );
    });
  }

  private async inEngine(): Promise<string[]> {
    if (!this.engine) return [];
    if (!(await this.engine.answers())) return ['the engine does not answer'];
    return this.engine.remaining(this.things);
  }

  private async lookIntoEngine(): Promise<void> {
    if (!this.engine || !(await this.engine.answers())) return;
    for (const owner of this.owners) {
      const found = await this.engine.ownedBy(owner);
      for (const kind of ['containers', 'networks', 'volumes'] as const) {
        this.things[kind] = [...new Set([...this.things[kind], ...found[kind]])];
      }
    }
  }

  private dataFolders(): string[] {
    const bases = ['/dev/shm', this.project.env.TMPDIR ?? tmpdir()];
    return bases.flatMap((base) =>
      [...this.owners].map((owner) => join(base, `seamkit-data-${owner}`)),
    );
  }

  private folders(): string[] {
    return this.dataFolders().filter((path) => existsSync(path));
  }

  /** The socket, the lock, the ledger, the log. */
  private keptByKeeper(): string[] {
    if (!this.home || !existsSync(this.home)) return [];
    return readdirSync(this.home).map((name) => join(this.home!, name));
  }

  /** A lock is written beside its place first, under a name with its owner's pid. */
  private isAside(name: string): boolean {
    const pid = name.split('.')[1];
    return [...this.keepers].some((keeper) => keeper.split(':')[0] === pid);
  }

  private portLocks(): string[] {
    const folder = this.home && join(dirname(this.home), 'ports');
    if (!folder || !existsSync(folder)) return [];
    return readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => this.keepers.has(contents(path)) || this.isAside(basename(path)));
  }
}

function isOfCore(args: readonly string[]): boolean {
  return args.slice(0, 2).some((arg) => arg.includes('/dist/keeper/'));
}

function isKeeper(args: readonly string[]): boolean {
  return isOfCore(args) && basename(args[1] ?? '') === 'main.js';
}

function isLeash(args: readonly string[]): boolean {
  return isOfCore(args) && basename(args[1] ?? '') === 'leash.js';
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // given back meanwhile
  }
}
