import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { devNull, homedir } from 'node:os';
import { join } from 'node:path';

/** npm's keys that stay: how the registry is reached, and where downloads are kept. */
const kept =
  /^(registry|@[^:]+:registry|\/\/.+|(https?-)?proxy|noproxy|ca|cafile|cert|key|strict-ssl|cache|store-dir|maxsockets|fetch-.+)$/;

/**
 * Gives `env`, the environment of a test run, a configuration of npm, pnpm and git of its own, in
 * place. A user's `save-exact`, a hook that signs commits, a key that the next npm does not know:
 * none of it may decide whether our tests pass. A second call changes nothing.
 */
export function ownConfiguration(env: NodeJS.ProcessEnv): void {
  const folder = join(__dirname, '../../node_modules/.cache/seamkit-test-run');
  mkdirSync(folder, { recursive: true });

  const given = (key: string) => Object.entries(env).find(([name]) => npmKey(name) === key)?.[1];
  // Where npm looks for it: https://docs.npmjs.com/cli/v11/configuring-npm/npmrc
  const global = given('globalconfig') ?? join(process.execPath, '../../etc/npmrc');
  const user = given('userconfig') ?? join(homedir(), '.npmrc');
  const npmrc = [...keptLines(global), ...keptLines(user), 'update-notifier=false'];
  for (const name of Object.keys(env)) {
    const key = npmKey(name);
    if (key === undefined ? /^(pnpm_config_|git_)/i.test(name) : !kept.test(key)) delete env[name];
  }
  env.npm_config_userconfig = write(join(folder, 'npmrc'), npmrc);
  env.npm_config_globalconfig = devNull;
  env.XDG_CONFIG_HOME = folder; // where pnpm looks for its own
  env.GIT_CONFIG_NOSYSTEM = '1';
  // The checkout may belong to another user than the one who runs the tests.
  env.GIT_CONFIG_GLOBAL = write(join(folder, 'gitconfig'), ['[safe]', '  directory = *']);
  // Tests read what their children print.
  for (const name of ['FORCE_COLOR', 'CLICOLOR_FORCE']) delete env[name];
  env.NO_COLOR = '1';
}

/** The key of npm's that a variable sets: `npm_config_save_exact` is `save-exact`. */
function npmKey(variable: string): string | undefined {
  const [, key] = /^npm_config_(.+)$/i.exec(variable) ?? [];
  return key?.toLowerCase().replaceAll('_', '-');
}

/** The lines of an npm configuration that stay. */
function keptLines(file: string): string[] {
  if (!existsSync(file)) return [];
  const key = (line: string) => line.split('=', 1)[0]!.trim().replace(/\[\]$/, '');
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => kept.test(key(line)));
}

/** Aside and renamed, since the tests of several packages may begin at once. */
function write(path: string, lines: string[]): string {
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, `${lines.join('\n')}\n`, { mode: 0o600 });
  renameSync(aside, path);
  return path;
}
