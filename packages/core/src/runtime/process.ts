import type { ChildProcess } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Json, ProcessContext, Program, ProgramSpec, ToolOptions } from '../contract';
import { SeamkitError } from '../errors';
import { once } from '../program/cache-folder';
import { killGroup, type Ledger, removeFolder } from '../system/ledger';
import { identify } from '../system/process-identity';
import { removeSegments } from '../system/shared-memory';
import { spawn } from '../system/spawn';
import { dyingWithUs } from './dying-with-us';
import { endOf } from './ending';
import { handOver } from './hand-over';
import { freePort } from './port';
import { type Asker, programSearch } from './program-search';
import { share, writeForServer } from './server-file';
import type { ServerStart } from './server-start';
import { named, type ServerUser } from './server-user';

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
  /** Who servers run as, where not as the keeper itself. */
  user?: ServerUser;
}

/** The process runtime: servers as processes of this machine, on a leash. */
export function processContext(start: ServerStart, runtime: ProcessRuntime): ProcessContext {
  let folders = 0;
  let files: string | undefined;
  const { user } = runtime;
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
        once({ kit: start.kit, key, owner: 'keeper' }, title, async (folder) => {
          start.tell(title);
          if (user) share(folder, user, 0o770);
          await build(folder);
          if (user) await handOver(folder);
        }),
      );
    },

    async folder(from?: string) {
      const path = join(runtime.data, `${runtime.name}-${++folders}`);
      start.defer(() => removeFolder(path));
      mkdirSync(path, { mode: 0o700 });
      if (user) chownSync(path, user.uid, user.gid);
      if (from) await finish(launch('cp', ['-R', `${from}/.`, path]), `copying ${from}`);
      return path;
    },

    async file(name: string, content: string) {
      if (!files) {
        const folder = join(runtime.data, `${runtime.name}-files`);
        start.defer(() => removeFolder(folder));
        files = folder;
      }
      return writeForServer(files, name, content, user);
    },

    async port() {
      const { port, release } = await freePort(runtime.ledger);
      start.defer(release);
      return port;
    },

    async run(program, args, options) {
      const command = commandLine(program, args);
      start.commands.push(command.join(' '));
      if (options?.named && !user && !hasName()) throw nameless(command[0]!);
      return finish(launch(command[0]!, command.slice(1), program, options), command.join(' '));
    },

    async spawn(program, args, options) {
      const command = commandLine(program, args);
      start.commands.push(command.join(' '));
      const gated = [...dyingWithUs(user), '/bin/sh', '-c', gate, 'sh', ...command] as const;
      const child = launch(gated[0]!, gated.slice(1), program, options);
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
    options: ToolOptions = {},
  ) {
    return spawn(file, args, {
      ...(user && options.named ? named(user) : user),
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
        hint: 'check that the file exists and is executable',
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

/** Whether this process' user is in the user database: one of a container that was given a bare number is not. */
function hasName(): boolean {
  try {
    return Boolean(userInfo().username);
  } catch {
    return false;
  }
}

function nameless(program: string): SeamkitError {
  const uid = process.getuid?.();
  return new SeamkitError(
    'START_FAILED',
    `user ${uid} has no name here, and ${program} insists on one`,
    {
      hint: `add it to the image: RUN echo 'tests:x:${uid}:0::/tmp:/bin/sh' >> /etc/passwd; or set SEAMKIT_RUNTIME=container`,
    },
  );
}
