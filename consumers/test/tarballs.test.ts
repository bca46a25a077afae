import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { manifest, packages, root, tarball } from './published';
import { run } from './stranger';

// What is published: whole manifests, what runs, types that resolve, and no test.

const names = packages().map(({ folder }) => folder);

test.each(names)('%s: the manifest has what a registry and a bundler ask for', (name) => {
  const home = 'https://github.com/seamkit/seamkit';
  const written = manifest(join(root, 'packages', name));
  expect(written).toMatchObject({
    name: `@seamkit/${name}`,
    description: expect.stringMatching(/\.$/),
    keywords: expect.arrayContaining(['seamkit', 'testing', 'integration-testing']),
    license: 'MIT',
    homepage: `${home}/tree/main/packages/${name}#readme`,
    bugs: `${home}/issues`,
    repository: { type: 'git', url: `git+${home}.git`, directory: `packages/${name}` },
    publishConfig: { access: 'public', provenance: true },
    engines: manifest(root).engines,
    type: 'commonjs',
    sideEffects: false,
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
  });
  const { version } = manifest(join(root, 'packages/core'));
  expect(written.version).toBe(version); // all packages are released together
});

test.each(names)('%s: the tarball holds what runs, its types, README and licence', (name) => {
  const files = execFileSync('tar', ['-tzf', tarball(name)], { encoding: 'utf8' })
    .trim()
    .split('\n');
  expect(files).toEqual(
    expect.arrayContaining([
      'package/package.json',
      'package/README.md',
      'package/LICENSE',
      'package/dist/index.js',
      'package/dist/index.d.ts',
    ]),
  );
  // Neither tests, nor maps to sources that are not there.
  expect(files.filter((file) => /\.map$|\.tsbuildinfo$|(?<!\.d)\.ts$|\/test\//.test(file))).toEqual(
    [],
  );
  const packed = execFileSync('tar', ['-xzOf', tarball(name), 'package/package.json'], {
    encoding: 'utf8',
  });
  expect(packed).not.toContain('workspace:');
});

test('publint and attw find nothing to say', async () => {
  const paths = names.map(tarball);
  const output = await run(__dirname, process.execPath, ['inspect-tarballs.mjs', ...paths]);
  expect(JSON.parse(output)).toEqual(Object.fromEntries(paths.map((path) => [path, []])));
});
