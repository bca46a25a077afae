import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { SeamkitError } from '../errors';
import { spawn } from '../system/spawn';
import { open } from '../test-process/open';
import { projectConfig } from './project-config';

/**
 * `seamkit run -- <command>`: the command with the boundaries of the project's config open, and its
 * variables set. @returns the command's exit code; 128 and the signal's number where one ended it
 */
export async function run([file, ...args]: readonly string[]): Promise<number> {
  const config = await projectConfig();
  if (!config?.variables) {
    throw new SeamkitError(
      'OPTION_INVALID',
      config ? 'seamkit.config has no variables' : 'there is no seamkit.config.js here',
      {
        hint: 'write seamkit.config.js: export default defineConfig({ boundaries: { db: postgres() }, variables: ({ db }) => ({ DATABASE_URL: db.url }) })',
      },
    );
  }
  await using _env = await open(config);
  const child = spawn(file!, args, { stdio: 'inherit', env: process.env });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  // A terminal sends Ctrl-C to both; what the command makes of it decides.
  const pass = (signal: NodeJS.Signals) => void (signal === 'SIGINT' || child.kill(signal));
  for (const signal of signals) process.on(signal, pass);
  try {
    return await ending(child, file!);
  } finally {
    for (const signal of signals) process.off(signal, pass);
  }
}

async function ending(child: ChildProcess, file: string): Promise<number> {
  try {
    const [code, signal] = await once(child, 'exit');
    return code ?? 128 + constants.signals[signal as NodeJS.Signals];
  } catch (error) {
    throw SeamkitError.wrap(error, 'OPTION_INVALID', `${file} cannot be run`, {
      hint: 'write the command as in a shell, after --: seamkit run -- npm start',
    });
  }
}
