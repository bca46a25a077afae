import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages';

// What `seamkit init` knows of kits that are not installed: what their package.json says.
// To write it anew: UPDATE_KNOWN_KITS=1 npx jest known-kits

const file = join(root, 'packages/core/src/cli/known-kits.json');

test('core knows the clients of our kits as the kits name them', () => {
  const kits = readdirSync(join(root, 'packages')).flatMap((name) => {
    const path = join(root, 'packages', name, 'package.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    const { kit, clients } = manifest.seamkit ?? {};
    return clients ? [{ package: manifest.name, kit, clients }] : [];
  });
  if (process.env.UPDATE_KNOWN_KITS) writeFileSync(file, `${JSON.stringify(kits, null, 2)}\n`);
  expect(kits.length).toBeGreaterThan(5);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(kits);
});

test('core names no kit in its code', () => {
  const home = join(root, 'packages/core/src');
  const kits = JSON.parse(readFileSync(file, 'utf8')) as { kit: string; package: string }[];
  const sources = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const named = sources.flatMap((name) => {
    const text = readFileSync(join(home, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    return kits
      .filter(({ kit, package: home }) => text.includes(`'${kit}'`) || text.includes(`'${home}'`))
      .map(({ kit }) => `${name}: ${kit}`);
  });
  expect(named).toEqual([]);
});
