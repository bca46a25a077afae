import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kits } from './published';
import { npm, Project } from './stranger';

// Types are found, and are sound, however a project resolves modules, under the oldest and the
// newest TypeScript that docs/releases.md names.

const resolutions = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' };
const compilers = { oldest: '5.2.2', newest: '7.0.2' };

/** Every kit at once, from an ES module and from a CommonJS one. */
const source = [
  `import { open, use } from '@seamkit/core';`,
  ...kits().map((kit) => `import { ${kit} } from '@seamkit/${kit}';`),
  `export const env = use({ ${kits().map((kit) => `${kit}: ${kit}()`)} });`,
  `export const text: string = env.postgres.url;`,
  `export async function script() {`,
  `  await using own = await open({ redis: redis() });`,
  `  return own.redis.client.get('key');`,
  `}`,
  `// @ts-expect-error a member that no kit has, so types are not \`any\``,
  `env.postgres.nothing;`,
].join('\n');

let project: Project;

beforeAll(async () => {
  project = new Project();
  const aliases = Object.entries(compilers).map(([name, version]) => [
    `typescript-${name}`,
    `npm:typescript@${version}`,
  ]);
  const ours = ['core', ...kits()].map((name) => [`@seamkit/${name}`, '*']);
  await project.install(
    npm,
    Object.fromEntries([...ours, ...aliases, ['@types/node', '20.19.43']]),
  );
  for (const extension of ['mts', 'cts'])
    writeFileSync(join(project.folder, `tests.${extension}`), source);
}, 300_000);

afterAll(() => project.remove());

describe.each(Object.keys(compilers))('TypeScript, the %s', (compiler) => {
  test.each(Object.entries(resolutions))('%s', async (moduleResolution, module) => {
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      types: ['node'],
      strict: true,
      noEmit: true,
      // The types of pg itself need TypeScript 5.7; the newest looks into every file.
      skipLibCheck: compiler === 'oldest',
    };
    writeFileSync(
      join(project.folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['tests.*'] }),
    );
    await project.run(['node', `node_modules/typescript-${compiler}/bin/tsc`]);
  });
});
