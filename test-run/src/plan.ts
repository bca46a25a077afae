import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const root = join(__dirname, '../..');

/** Parts of the whole, for machines that share it. Each package is in one of them. */
export const shards: Record<string, string[]> = {
  foundation: ['core', 'conformance', 'kit-example', 'new-kit', 'test-run'],
  data: ['postgres', 'redis', 'memcached', 's3'],
  messages: ['rabbitmq', 'nats', 'compose', 'test-images'],
  local: ['http', 'auth', 'files', 'demo', 'docs'],
  consumers: ['consumers'],
  guarantees: ['guarantees'],
};

export interface TestedPackage {
  /** Its folder's name. */
  name: string;
  package: string;
  /** `test`: what the package does. `proof`: what the project promises with it. */
  tasks: ('test' | 'proof')[];
}

export function testedPackages(): TestedPackage[] {
  const below = (parent: string) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name));
  return [...readdirSync(root), ...below('packages'), ...below('apps')]
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const tasks = (['test', 'proof'] as const).filter((task) => manifest.scripts?.[task]);
      return { name: basename(folder), package: manifest.name, tasks };
    })
    .filter(({ tasks }) => tasks.length > 0);
}

/**
 * Turbo's filters for a run.
 * @param names of shards or packages; none means all
 * @throws Error where a name is neither
 */
export function turboFilters(names: readonly string[]): string[] {
  const packages = testedPackages();
  const chosen = names.flatMap((name) => shards[name] ?? [name]);
  return chosen.map((name) => {
    const found = packages.find((one) => one.name === name);
    if (found) return `--filter=${found.package}`;
    throw new Error(
      `No shard and no package with tests is called '${name}'.\n` +
        `Shards: ${Object.keys(shards).join(', ')}.\n` +
        `Packages: ${packages.map((one) => one.name).join(', ')}.`,
    );
  });
}
