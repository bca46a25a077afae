import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Clone } from './clone';
import { manifest, packages, root } from './published';

// What the release workflow would do, as far as it can be done without a registry.

const workflow = parse(readFileSync(join(root, '.github/workflows/release.yml'), 'utf8'));
const { permissions, steps } = workflow.jobs.release;
const release = steps.find(({ uses }: any) => uses?.startsWith('changesets/action')).with;

test('packages are published with provenance', () => {
  expect(permissions).toMatchObject({ 'id-token': 'write' });
  expect(release.publish).toBe('pnpm changeset publish');
});

test('a change of a package asks for a changeset, which gives all packages one new version', async () => {
  const clone = await Clone.make();
  const changeset = (...args: string[]) => clone.bin('changeset', args);
  try {
    const waiting = join(clone.folder, '.changeset');
    for (const file of readdirSync(waiting).filter((name) => name.endsWith('.md'))) {
      rmSync(join(waiting, file));
    }
    await clone.git('commit', '--quiet', '--all', '--allow-empty', '--message', 'None waits');
    const before = manifest(join(clone.folder, 'packages/core')).version;
    await clone.git('checkout', '--quiet', '-b', 'streams');
    appendFileSync(join(clone.folder, 'packages/redis/src/index.ts'), '// streams\n');
    await clone.commit();
    await expect(changeset('status')).rejects.toThrow('no changesets were found');

    writeFileSync(
      join(clone.folder, '.changeset/streams.md'),
      `---\n'@seamkit/redis': minor\n---\n\nStreams are part of the baseline.\n`,
    );
    await clone.commit();
    expect(await changeset('status')).toContain('@seamkit/redis');

    const [, ...version] = release.version.split(' ').slice(1);
    await changeset(...version);
    const [major, minor] = before.split('.').map(Number);
    const versions = packages().map(({ folder }) =>
      manifest(join(clone.folder, 'packages', folder)),
    );
    expect(new Set(versions.map(({ version }) => version))).toEqual(
      new Set([`${major}.${minor! + 1}.0`]),
    );
    const changelog = join(clone.folder, 'packages/redis/CHANGELOG.md');
    expect(readFileSync(changelog, 'utf8')).toContain('Streams are part of the baseline.');
    // The demo and whatever else is private is no release.
    const changed = (await clone.git('diff', '--name-only')).split('\n');
    expect(changed.filter((path) => !/^(packages\/|\.changeset\/)/.test(path))).toEqual([]);
    expect(existsSync(join(clone.folder, '.changeset/streams.md'))).toBe(false);
  } finally {
    clone.remove();
  }
});

test('what is private and has no version is no part of the version that all share', () => {
  const folders = (
    parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')).packages as string[]
  )
    .flatMap((pattern) => {
      const parent = pattern.replace(/\/\*$/, '');
      return parent === pattern
        ? [pattern]
        : readdirSync(join(root, parent)).map((name) => join(parent, name));
    })
    .filter((folder) => existsSync(join(root, folder, 'package.json')));
  const without = folders
    .map((folder) => manifest(join(root, folder)))
    .filter(({ version }) => version === undefined)
    .map(({ name }) => name.replace('@seamkit/', ''));
  const config = JSON.parse(readFileSync(join(root, '.changeset/config.json'), 'utf8'));
  expect(config.fixed).toEqual([['@seamkit/*', `!@seamkit/{${without.sort()}}`]]);
});

test('every changeset that waits names packages that are published', () => {
  const folder = join(root, '.changeset');
  const names = packages().map(({ name }) => name);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.md'))) {
    const [, matter] = readFileSync(join(folder, file), 'utf8').match(/^---\n(.*?)\n---\n/s) ?? [];
    expect([file, matter]).toEqual([file, expect.stringMatching(/: (patch|minor|major)$/m)]);
    expect(Object.keys(parse(matter!)).filter((name) => !names.includes(name))).toEqual([]);
  }
});
