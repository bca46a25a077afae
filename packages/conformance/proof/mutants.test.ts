import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformance, type Suite } from '@seamkit/conformance';

// Each kit that is broken on purpose, and the cases that must catch it.
const caughtBy: Record<string, string[]> = {
  'resets nothing': ['reset returns to an empty baseline', 'reset returns to what prepare left'],
  'says that it undid something each time': [
    'a reset that says whether it undid something is right',
  ],
  'is replaced at every reset': ['reset returns to an empty baseline'],
  'has another url after a reset': ['reset returns to an empty baseline'],
  'leaves the shape of things': [
    'reset returns what is no value to the baseline as well: schema, counters, topology',
    'what the hooks of a file made of it is its baseline, and ends with it',
  ],
  'undoes what hooks wrote': [
    'what the hooks of a file wrote before its first test is its baseline',
    'the baseline that a file set is its own, and ends with it',
  ],
  'trusts what the last file left': ['the baseline that a file set is its own, and ends with it'],
  'looks at each thing one by one': [
    'a reset of a sandbox on which nothing was written takes about one round trip',
  ],
  'keeps the process alive': ['a process that never closes its sandbox ends by itself'],
  'resets by emptying': ['reset returns to what prepare left'],
  'stops resetting after 40 rounds': ['reset works 50 times in a row'],
  'gives everybody the same sandbox': [
    'sandboxes are isolated from each other',
    'processes that start at the same instant share one server and no sandbox',
  ],
  'trusts what the dead left': ['a holder killed with SIGKILL gives its sandbox back'],
  'prepares every time': ['prepare runs once per key, and again when its inputs change'],
  'prepares only once for all inputs': [
    'prepare runs once per key, and again when its inputs change',
  ],
  'swallows the error of prepare': ['a failing prepare shows its error and leaves nothing behind'],
  'leaves the template of a failing prepare': [
    'a failing prepare shows its error and leaves nothing behind',
  ],
  'destroys nothing': ['destroy leaves no trace on the server'],
  'destroys no template': ['destroy leaves no trace on the server'],
  'minds a second destroy': ['destroy leaves no trace on the server'],
  'starts a server for everybody': [
    'processes that start at the same instant share one server and no sandbox',
  ],
  'sweeps nothing': ['a run that is over leaves nothing on the server'],
  'sweeps the living': ['a run that lives is never swept, whatever the clocks of the machines say'],
  'repeats the url in its errors': [
    'a password that the server refuses, or that nobody hears, is not repeated',
  ],
  'starts off the leash': ['a keeper killed with SIGKILL leaves no process, container or folder'],
  'listens on every interface': ['its server listens on loopback only'],
  ...Object.fromEntries(
    ['opens a port that asks for no password', 'opens a unix socket that no folder guards'].map(
      (mutant) => [
        mutant,
        ['its ports, sockets and folders refuse whoever was not told its passwords'],
      ],
    ),
  ),
  ...Object.fromEntries(
    [
      'shows its password in the list of processes',
      'always has the same password',
      'lets others into its folder',
      'prints its password',
    ].map((mutant) => [mutant, ['its passwords are new with each start, and nobody else is told']]),
  ),
  'accepts any option': ['options that make no sense are refused with a code and a hint'],
};

// A case fails by an assertion, or where the suite's own process of the kit says what is wrong.
const otherwise: Record<string, RegExp> = {
  'is replaced at every reset': /the sandbox was replaced by another/,
  'has another url after a reset': /the sandbox was replaced by another/,
  'swallows the error of prepare': /expected a refusal, got none/,
  'accepts any option': /expected a refusal, got none/,
  'minds a second destroy': /^DELETE .* answered 404$/,
};

describe.each(Object.entries(caughtBy))('a kit that %s', (mutant, cases) => {
  let suites: Suite[];
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'seamkit-mutant-'));
    process.env.MUTANT = mutant;
    process.env.MUTANT_PIDS = join(folder, 'pids');
    suites = conformance(require.resolve('../test/shelf-harness'));
  });

  afterAll(async () => {
    for (const suite of suites) await suite.close();
    killUnleashed(process.env.MUTANT_PIDS!);
    rmSync(folder, { recursive: true });
    delete process.env.MUTANT;
    delete process.env.MUTANT_PIDS;
  });

  test.each(cases)('is caught by: %s', async (name) => {
    const owed = suites.flatMap(({ tests }) => tests);
    const { run } = owed.find((candidate) => candidate.name === name)!;
    const error = await run().then(
      () => undefined,
      (reason) => reason,
    );
    const text = otherwise[mutant];
    const assertion = { code: 'ERR_ASSERTION' };
    expect(error).toMatchObject(text ? { message: expect.stringMatching(text) } : assertion);
  });
});

/** What runs without a leash is ours to end. */
function killUnleashed(file: string): void {
  if (!existsSync(file)) return;
  for (const pid of readFileSync(file, 'utf8').trim().split('\n')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // Ended in good order.
    }
  }
}
