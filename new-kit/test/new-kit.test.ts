import { WorkspaceCopy } from './workspace-copy';

// A kit is made in a copy of the workspace, is green at once, and thrown away.

const copy = new WorkspaceCopy();
afterAll(() => copy.remove());

const bin = (name: string) => `${copy.folder}/node_modules/.bin/${name}`;

test('it is made, with its entries', () => {
  const { status, output } = copy.newKit(['memo-pad', '--sandbox', 'a page', '--yes']);
  expect(output).toContain('packages/memo-pad is made');
  expect(status).toBe(0);

  expect(copy.read('README.md')).toMatch(
    /\| \[`@seamkit\/memo-pad`\]\(packages\/memo-pad\) +\| Memo Pad +\| a page +\| process, external +\|/,
  );
  for (const path of ['docs/package.json', 'consumers/package.json']) {
    expect(JSON.parse(copy.read(path)).devDependencies).toHaveProperty('@seamkit/memo-pad');
  }
  expect(copy.read('docs/support.md')).toMatch(/\| memo-pad +\| external/);
  expect(copy.read('.changeset/memo-pad-kit.md')).toMatch(
    /^---\n"@seamkit\/memo-pad": minor\n---\n/,
  );
}, 300_000);

test('nothing of the template is left in it', () => {
  const own = [...copy.files('packages/memo-pad')];
  expect(own.length).toBeGreaterThan(10);
  const named = own.filter(([path, text]) => /example/i.test(path + text));
  expect(named.map(([path]) => path)).toEqual([]);
  const manifest = JSON.parse(copy.read('packages/memo-pad/package.json'));
  expect(manifest).not.toHaveProperty('private');
  expect(manifest).toMatchObject({
    name: '@seamkit/memo-pad',
    version: JSON.parse(copy.read('packages/core/package.json')).version,
    seamkit: { kit: 'memoPad' },
  });
});

test.each([
  ['builds', '.', () => [bin('tsc'), '-b', 'packages/memo-pad']],
  ['has sound types', 'packages/memo-pad', () => [bin('tsc'), '-p', 'tsconfig.test.json']],
  ['is formatted and linted, its entries too', '.', () => [bin('biome'), 'check', '.']],
  ['passes its tests, the conformance suite among them', 'packages/memo-pad', () => [bin('jest')]],
])(
  'it %s',
  (_, folder, command) => {
    const { status, output } = copy.run(folder, command(), {
      SEAMKIT_WORKSPACE: copy.folder,
      SEAMKIT_CONFORMANCE_RESULTS: undefined, // those are of real kits
    });
    expect([status, output]).toEqual([0, expect.anything()]);
  },
  300_000,
);
