import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Program } from '../contract';
import type { RunOptions } from '../contract-stack';
import { killGroup, type Ledger } from '../system/ledger';
import { identify } from '../system/process-identity';
import { spawn } from '../system/spawn';
import type { ServerStart } from './server-start';

// As for servers: it begins only once it is in the ledger. The rest of the input is the program's.
const gate = 'read -r go || exit 1; exec "$@"';

/** `StackContext.run`. */
export async function runTool(
  start: ServerStart,
  ledger: Ledger,
  program: Program,
  args: readonly string[],
  { cwd, env, input = '', onLine }: RunOptions = {},
): Promise<string> {
  const command = [program.path, ...args];
  start.commands.push(command.join(' '));
  const child = spawn('/bin/sh', ['-c', gate, 'sh', ...command], {
    cwd,
    env: { ...program.env, ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`),
    );
  });
  const leader = child.pid === undefined ? undefined : identify(child.pid);
  const strike = leader && ledger.add({ kind: 'group', leader });
  start.defer(async () => {
    if (leader && child.exitCode === null && child.signalCode === null) killGroup(leader);
    await ended;
  });
  child.stdin.on('error', () => {}); // ended already; 'close' says how
  child.stdin.end(`go\n${input}`);
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => {
    start.log(line);
    onLine?.(line);
  });
  const [output, failure] = await Promise.all([text(child.stdout), ended]);
  if (strike) strike();
  if (failure) throw start.failure('START_FAILED', `${start.kit}: ${command.join(' ')} ${failure}`);
  return output;
}
