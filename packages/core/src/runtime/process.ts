import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, ProcessContext, Program, ProgramSpec, SpawnOptions } from '../contract';
import { SeamkitError } from '../errors';
import { killGroup, type Ledger, removeFolder } from '../keeper/ledger';
import { identify } from '../keeper/process-identity';
import { removeSegments } from '../keeper/shared-memory';
import { once } from '../program/cache-folder';
import { endOf } from './ending';
import { freePort } from './port';
import { type Asker, programSearch } from './program-search';
import type { ServerStart } from './server-start';
import { serverUser } from './server-user';

// The server starts only once it is in the ledger: this waits for a line, and if the keeper dies
// first, the pipe closes and nothing was started.
const gate = 'read -r go || exit 1; exec "$@" </dev/null';

/** What a server process may be given by its keeper. */
export interface ProcessRuntime extends Asker {
  ledger: Ledger;
  /** The server's name in this run. */
  name: string;
  /** Folder of this run, in memory where there is room. */
  data: string;
}

/** The process runtime: servers as processes of this machine, on a leash. */
export function processContext(start: ServerStart, runtime: ProcessRuntime): ProcessContext {
  let folders = 0;
  const search = programSearch(start, runtime);

  return {
    ...start.context,

    async program(spec: ProgramSpec) {
      const program = await search(spec);
      start.source = program.source;
      start.parts.uses.push(program.root ?? program.path);
      return program;
    },

    cached(key: Json, title: string, build: (folder: string) => Promise<void>) {
      return start.step(title, () =>
        once({ kit: start.kit, key }, title, async (folder) => {
          start.tell(title);
          if (serverUser.uid !== undefined) chownSync(folder, serverUser.uid, serverUser.gid!);
          await build(folder);
        }),
      );
    },

    async folder(from?: string) {
      const path = join(runtime.data, `${runtime.name}-${++folders}`);
      start.defer(() => removeFolder(path));
      mkdirSync(path, { mode: 0o700 });
      if (serverUser.uid !== undefined) chownSync(path, serverUser.uid, serverUser.gid!);
      if (from) {
        await finish(launch('cp', ['-Rp', `${from}/.`, path]), `copying ${from}`);
        chmodSync(path, 0o700); // cp gave it the mode of what it copied
      }
      return path;
    },

    async port() {
      const { port, lock, release } = await freePort();
      let strike = () => {};
      start.defer(() => {
        release();
        strike();
      });
      strike = runtime.ledger.add({ kind: 'lock', path: lock }); // fails where the disk is full
      return port;
    },

    async run(program, args, options) {
      const command = commandLine(program, args);
      start.commands.push(command.join(' '));
      return finish(launch(command[0]!, command.slice(1), program, options), command.join(' '));
    },

    async spawn(program, args, options) {
      const command = commandLine(program, args);
      start.commands.push(command.join(' '));
      const child = launch('/bin/sh', ['-c', gate, 'sh', ...command], program, options);
      const leader = await started(child);
      start.parts.processes.push(child.pid!);
      let strike = () => {};
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      start.defer(async () => {
        killGroup(leader);
        await ended;
        await removeSegments([child.pid!]);
        strike();
      });
      strike = runtime.ledger.add({ kind: 'group', leader });
      child.once('exit', (code, signal) => {
        const { how, hint } = endOf(program.path, code, signal);
        start.end(how, hint);
      });
      start.logLines.follow(child.stdout);
      start.logLines.follow(child.stderr);
      child.stdin!.on('error', () => {}); // ended already; 'exit' says how
      child.stdin!.end('go\n');
      return { pid: child.pid! };
    },
  };

  /** As the server's user, in a process group of its own. */
  function launch(
    file: string,
    args: readonly string[],
    program?: Program,
    options: SpawnOptions = {},
  ) {
    return spawn(file, args, {
      ...serverUser,
      cwd: options.cwd ?? runtime.data,
      env: {
        PATH: process.env.PATH,
        LANG: 'C.UTF-8',
        TZ: process.env.TZ,
        HOME: runtime.data,
        ...program?.env,
        ...options.env,
      },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  async function finish(child: ChildProcess, what: string): Promise<string> {
    child.stdin!.on('error', () => {});
    child.stdin!.end();
    let output = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (...result) => resolve(result));
    }).catch((error) => {
      throw SeamkitError.wrap(error, 'START_FAILED', `${start.kit}: ${what} cannot be run`, {
        hint: 'see that the file is there and executable',
      });
    });
    if (code === 0) return output;
    for (const line of output.split('\n')) if (line.trim()) start.log(line);
    const { how, hint } = endOf(what, code, signal);
    throw start.failure('START_FAILED', `${start.kit}: ${how}`, hint);
  }
}

function commandLine(program: Program, args: readonly string[]): string[] {
  return [program.path, ...args];
}

/** Resolves to the identity of a child that runs. */
async function started(child: ChildProcess): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return identify(child.pid!) ?? `${child.pid}:gone`;
}
