import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SeamkitError } from '../errors';
import { findProject } from '../project/workspace';
import { refuseForeign } from '../system/owner';
import { type Config, isConfig } from '../test-process/config';

const names = ['js', 'cjs', 'mjs', 'ts', 'cts', 'mts'].map((end) => `seamkit.config.${end}`);

/**
 * What the nearest `seamkit.config.*` exports, from here up to the project's root.
 * @throws SeamkitError `OPTION_INVALID` where it cannot be loaded; `FOLDER_UNUSABLE` where it is
 * another user's
 */
export async function projectConfig(from = process.cwd()): Promise<Config | undefined> {
  const root = findProject(from);
  for (let folder = from; ; folder = dirname(folder)) {
    const path = names.map((name) => join(folder, name)).find((path) => existsSync(path));
    if (path) return load(path);
    if (folder === root || folder === dirname(folder)) return undefined;
  }
}

async function load(path: string): Promise<Config> {
  refuseForeign([dirname(path), path]);
  const module = await import(pathToFileURL(path).href).catch((error) => {
    throw SeamkitError.wrap(error, 'OPTION_INVALID', `${path} cannot be loaded`, {
      hint: /\.[cm]?ts$/.test(path)
        ? 'write it in JavaScript (seamkit.config.mjs), or use Node 22.18 or newer, which reads TypeScript'
        : 'fix what the error says',
    });
  });
  // Of CommonJS `default` is module.exports, which a transpiled module puts its own default into.
  const config = [module.default?.default, module.default].find(isConfig);
  if (config) return config;
  throw new SeamkitError('OPTION_INVALID', `${path} does not export what defineConfig() made`, {
    hint: 'write: export default defineConfig({ boundaries: { … } })',
  });
}
