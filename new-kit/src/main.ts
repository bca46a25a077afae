import { Command } from 'commander';
import { askFor } from './ask';
import { describeKit, Refused, type Wishes } from './kit-names';
import { writeKit } from './write-kit';

/** `pnpm new:kit`: a kit from the live template, green at once. */
const command = new Command('pnpm new:kit')
  .description('Makes packages/<name>, a kit that passes its tests at once, for you to fill in.')
  .argument('[name]', 'of the package and its factory: lower-case, e.g. memcached')
  .option('--title <text>', 'what the boundary is called, e.g. Memcached')
  .option('--sandbox <text>', 'what a test file gets of it, e.g. "a server of its own"')
  .option('-y, --yes', 'ask nothing: defaults for what is not given')
  .showHelpAfterError()
  .action(async (name: string | undefined, { yes, ...options }: Wishes & { yes?: boolean }) => {
    const given = { name, ...options };
    const wishes = yes ? given : await askFor(given, process.stdin, process.stdout);
    const kit = describeKit(wishes);
    await writeKit(kit);
    console.log(`
packages/${kit.name} is made, and its tests pass as it is:

  pnpm --filter @seamkit/${kit.name} build
  pnpm --filter @seamkit/${kit.name} test

What to change now, step by step: docs/contributing/a-new-kit.md`);
  });

command.parseAsync().catch((error) => {
  if (!(error instanceof Refused)) throw error;
  console.error(`${error.message}\nNothing was changed.`);
  process.exitCode = 1;
});
