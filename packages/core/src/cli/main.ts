import { Command, CommanderError } from 'commander';
import { SeamkitError } from '../errors';
import { checkVariables } from '../variables';
import { version } from '../version';
import { paint, type Result } from './output';

/** Documented in docs/command-line.md. */
const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

const program = new Command('seamkit')
  .description(
    'The servers under your integration tests: what they run on, and the same for development.',
  )
  .version(version)
  .option('--json', 'print one JSON object on stdout, and nothing else')
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(seamkit --help tells more)')
  .addHelpText('after', '\nExit codes: 0 fine, 1 something failed or needs fixing, 2 wrong usage.')
  .enablePositionalOptions()
  .exitOverride();

command('doctor')
  .description('tell on what each installed kit would run here, and what is missing')
  .action(run(() => load<typeof import('./doctor')>('./doctor').doctor()));

command('init')
  .description('write a first integration test for each system that this project talks to')
  .option('--install', 'also install what the tests need')
  .action(run((options) => load<typeof import('./init')>('./init').init(options)));

command('up')
  .argument(
    '[kits...]',
    'default: those of seamkit.config, else every installed kit that has a server',
  )
  .description('start servers for development, until `seamkit down`')
  .option('--env', 'print KEY=VALUE lines only')
  .action(run((kits, options) => load<typeof import('./up')>('./up').up(kits, options)));

program
  .command('run')
  .argument('<command...>', 'after --, with its arguments')
  .description('run a command with the boundaries of seamkit.config open, and its variables set')
  .passThroughOptions()
  .action(async (args: string[]) => {
    checkVariables();
    process.exitCode = await load<typeof import('./run')>('./run').run(args);
  });

command('down')
  .description('end what `seamkit up` started')
  .action(run(() => load<typeof import('./down')>('./down').down()));

command('ps')
  .description('list the servers of this workspace')
  .option('--all', "of all this user's workspaces")
  .action(run((options) => load<typeof import('./ps')>('./ps').ps(options)));

command('url')
  .argument('<kit>')
  .description('print the url of what `seamkit up` started')
  .option('--admin', "the administrator's url of the server that runs, also for tests")
  .action(run((kit, options) => load<typeof import('./url')>('./url').url(kit, options)));

command('logs')
  .argument('<kit>')
  .description("print the log of a kit's servers")
  .option('-f, --follow', 'go on until the servers end')
  .action(
    run((kit, options) => load<typeof import('./logs')>('./logs').logs(kit, options, json())),
  );

command('clean')
  .description('remove the cache, and what dead runs left; tells first what that would be')
  .option('--cache', 'the cache only')
  .option('--leftovers', 'leftovers only')
  .option('--yes', 'remove it without asking')
  .action(run((options) => load<typeof import('./clean')>('./clean').clean(options, json())));

function command(name: string): Command {
  // A subcommand takes over what its parent is set to only when it is made by it.
  return program
    .command(name)
    .option('--json', 'print one JSON object on stdout, and nothing else');
}

/** Only the command that is asked for is loaded: `--help` is quick. */
function load<Module>(path: string): Module {
  return require(path);
}

/** An action that prints what the command found. Commander passes the command itself last. */
function run(work: (...args: any[]) => Promise<Result | undefined>) {
  return async (...args: any[]) => {
    checkVariables();
    const result = await work(...args);
    if (!result) return;
    if (json()) printJson(result.data);
    else print(result.lines);
    process.exitCode = result.failed ? exitCodes.failed : exitCodes.ok;
  };
}

function json(): boolean {
  return program.opts().json || program.commands.some((one) => one.opts().json);
}

function printJson(data: object): void {
  print([JSON.stringify(data, undefined, 2)]);
}

function print(lines: readonly string[]): void {
  if (lines.length) process.stdout.write(`${lines.join('\n')}\n`);
}

function fail(error: unknown): void {
  // Commander has told what is wrong already; `--help` and `--version` end like this, too.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return;
    process.exitCode = exitCodes.usage;
    const summary = error.message.replace(/^error: /, '');
    if (process.argv.includes('--json')) printJson({ error: { code: 'OPTION_INVALID', summary } });
    return;
  }
  const known = SeamkitError.wrap(error, 'STATE_INVALID', 'seamkit failed', {
    hint: 'this is a bug of Seamkit: please report it, with the line above',
  });
  process.exitCode = known.code === 'OPTION_INVALID' ? exitCodes.usage : exitCodes.failed;
  if (json()) printJson({ error: known.toData() });
  else process.stderr.write(`${paint('red', 'seamkit:')} ${known.message}\n`);
}

program.parseAsync().catch(fail);
