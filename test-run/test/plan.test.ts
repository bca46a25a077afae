import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, shards, testedPackages, turboFilters } from '../dist/plan';

test('each package with tests is in one shard', () => {
  const dealt = Object.values(shards).flat();
  expect(dealt.sort()).toEqual(
    testedPackages()
      .map(({ name }) => name)
      .sort(),
  );
});

test('the public workflow runs each shard', () => {
  const workflow = readFileSync(join(root, '.github/workflows/ci.yml'), 'utf8');
  const [, names] = /shard: \[(.+)\]/.exec(workflow)!;
  expect(names!.split(', ')).toEqual(Object.keys(shards));
});

test('a name stands for a package, or for a shard', () => {
  expect(turboFilters(['redis', 'guarantees'])).toEqual([
    '--filter=@seamkit/redis',
    '--filter=@seamkit/guarantees',
  ]);
  expect(turboFilters(['data'])).toEqual(shards.data!.map((name) => `--filter=@seamkit/${name}`));
});

test('a name that is neither is refused, with the names that there are', () => {
  expect(() => turboFilters(['sqllite'])).toThrow(
    /called 'sqllite'\.\nShards: foundation, .*\nPackages: .*postgres/,
  );
});
