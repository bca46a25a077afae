import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kits, manifest, root } from './published';
import { npm, Project } from './stranger';

// One kit brings core and the client of its own boundary, and nothing else. What that comes to is
// the README's table, which `pnpm --filter @seamkit/consumers sizes` writes.

const readme = join(root, 'README.md');
const table = /(?<=<!-- installed on (?<date>\S+) -->\n\n).*?(?=\n\n)/s;

interface Installed {
  packages: number;
  megabytes: number;
}

/** What each kit may depend on, by docs/dependencies.md; optional peers come with nobody. */
const documented = [
  ...readFileSync(join(root, 'docs/dependencies.md'), 'utf8').matchAll(
    /^\| `([^`]+)` +\| ([^|]+?) +\| (?!optional peer)/gm,
  ),
].flatMap(([, name, users]) => users!.split(', ').map((user) => ({ name: name!, user })));

const dependenciesOf = (user: string) =>
  documented.filter((one) => one.user === user).map(({ name }) => name);

const update = process.env.UPDATE_README !== undefined;
const { date } = readFileSync(readme, 'utf8').match(table)!.groups!;
// The versions of one day, since those of others change by themselves.
const before = update ? new Date().toISOString().slice(0, 10) : date!;
const measured = new Map<string, Installed>();

test.each(kits())(
  '%s brings core, what is documented, and nothing else; and it loads',
  async (kit) => {
    const project = new Project();
    try {
      const ours = { '@seamkit/core': '*', [`@seamkit/${kit}`]: '*' };
      await project.install({ ...npm, install: [...npm.install, `--before=${before}`] }, ours);
      const { packages } = JSON.parse(
        readFileSync(join(project.folder, 'node_modules/.package-lock.json'), 'utf8'),
      ) as { packages: Record<string, Record<string, unknown>> };
      const direct = (name: string) =>
        Object.keys(manifest(join(project.folder, 'node_modules', name)).dependencies ?? {});

      expect(direct('@seamkit/core').sort()).toEqual(dependenciesOf('core').sort());
      expect(direct(`@seamkit/${kit}`).sort()).toEqual(
        ['@seamkit/core', ...dependenciesOf(kit)].sort(),
      );
      expect(Object.keys(packages).filter((path) => /@seamkit|testcontainers/.test(path))).toEqual(
        Object.keys(ours)
          .map((name) => `node_modules/${name}`)
          .sort(),
      );
      const loaded = `console.log(typeof require('@seamkit/${kit}').${kit})`;
      expect(await project.run(['node', '-e', loaded])).toBe('function\n');

      measured.set(kit, {
        packages: Object.keys(packages).length,
        megabytes: bytesIn(join(project.folder, 'node_modules')) / 1e6,
      });
    } finally {
      project.remove();
    }
  },
  300_000,
);

test('the README tells how many packages, and how many MB: `pnpm --filter @seamkit/consumers sizes`', () => {
  const text = readFileSync(readme, 'utf8');
  if (update) {
    const written = text.replace(table, render()).replace(date!, before);
    writeFileSync(readme, written);
    return;
  }
  const told = [...text.match(table)![0].matchAll(/^\| `(\w+)` +\| +(\d+) +\| +([\d.]+)/gm)];
  const counts = Object.fromEntries(told.map(([, kit, packages]) => [kit, Number(packages)]));
  expect(counts).toEqual(
    Object.fromEntries([...measured].map(([kit, { packages }]) => [kit, packages])),
  );
  for (const [, kit, , megabytes] of told) {
    const ratio = Number(megabytes) / measured.get(kit!)!.megabytes;
    expect([kit, Math.abs(1 - ratio) < 0.1 ? 'within 10 %' : `off by ${ratio}`]).toEqual([
      kit,
      'within 10 %',
    ]);
  }
});

function render(): string {
  const rows = [...measured].map(([kit, { packages, megabytes }]) => [
    `\`${kit}\``,
    String(packages),
    megabytes.toFixed(megabytes < 10 ? 1 : 0),
  ]);
  const width = Math.max(...rows.map(([kit]) => kit!.length));
  return [
    `| ${'kit'.padEnd(width)} | packages | MB installed |`,
    `| ${'-'.repeat(width)} | -------: | -----------: |`,
    ...rows.map(
      ([kit, packages, size]) =>
        `| ${kit!.padEnd(width)} | ${packages!.padStart(8)} | ${size!.padStart(12)} |`,
    ),
  ].join('\n');
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => lstatSync(join(folder, path)))
    .filter((stats) => stats.isFile())
    .reduce((sum, { size }) => sum + size, 0);
}
