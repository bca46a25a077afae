import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages';

test('each dependency of a published package is on docs/dependencies.md, with its reason', () => {
  const page = readFileSync(join(root, 'docs/dependencies.md'), 'utf8');
  const manifests = readdirSync(join(root, 'packages')).map((name) =>
    JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')),
  );
  const wanted = manifests
    .filter(({ private: hidden }) => !hidden)
    .flatMap(({ dependencies = {}, peerDependencies = {} }) =>
      Object.keys({ ...dependencies, ...peerDependencies }),
    )
    .filter((name) => !name.startsWith('@seamkit/'));
  const listed = [...page.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name!);
  expect(listed.sort()).toEqual([...new Set(wanted)].sort());
});
