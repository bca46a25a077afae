import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fingerprint, isCyclic, readNamedFile, SeamkitError } from '@seamkit/core';
import { parseDocument } from 'yaml';

/** What Compose files say, as far as it can be told without Compose. */
export interface Composition {
  /** Absolute, in the order given. */
  files: string[];
  /** What relative paths in them are relative to. */
  directory: string;
  /** Names of the services; undefined where a file includes what only Compose can find. */
  services: string[] | undefined;
  /** Stands for the text of everything that was read. */
  content: string;
  /** Every word that may be a variable's name. */
  words: ReadonlySet<string>;
}

/** What `docker compose` takes in a folder where no file is named: the first there is, and what overrides it. */
export function usualFiles(folder: string): string[] {
  const first = (names: string[]) =>
    names.flatMap(variants).find((name) => existsSync(join(folder, name)));
  const main = first(['compose', 'docker-compose']);
  if (!main) {
    throw new SeamkitError('OPTION_INVALID', 'compose(): there is no Compose file in the package', {
      hint: "name it: compose('path/to/docker-compose.yml')",
      tried: ['compose', 'docker-compose'].flatMap(variants).map((name) => join(folder, name)),
    });
  }
  const override = first([main.replace(/\.ya?ml$/, '.override')]);
  return override ? [main, override] : [main];
}

function variants(name: string): string[] {
  return [`${name}.yaml`, `${name}.yml`];
}

/**
 * Reads the files, what they include and extend, and the environment files that they name. Relative
 * names begin at `from`.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function readComposition(names: readonly string[], from: string): Composition {
  const files = names.map((name) => resolve(from, name));
  const directory = dirname(files[0]!);
  const reading = new Reading();
  reading.text(join(directory, '.env'));
  for (const [index, file] of files.entries()) {
    if (!existsSync(file)) {
      throw new SeamkitError('OPTION_INVALID', `compose(): there is no file ${names[index]}`, {
        hint: `it is looked for at ${file}; a relative path begins at the package of the file that calls`,
      });
    }
    reading.services(file, directory);
  }
  const { texts, names: services, whole } = reading;
  return {
    files,
    directory,
    services: whole ? [...services].sort() : undefined,
    content: fingerprint([...texts]),
    words: new Set([...texts.values()].flatMap((text) => text.match(/[A-Za-z_]\w+/g) ?? [])),
  };
}

class Reading {
  readonly texts = new Map<string, string>();
  readonly names = new Set<string>();
  whole = true;

  /** A file that need not be there: what cannot do without it is for Compose to say. */
  text(file: string): string | undefined {
    if (this.texts.has(file) || !existsSync(file)) return undefined;
    let text: string;
    try {
      text = readNamedFile(file).toString();
    } catch (error) {
      throw SeamkitError.wrap(error, 'OPTION_INVALID', `compose(): ${file} cannot be read`, {
        hint: 'name a regular file, and let this user read it',
      });
    }
    this.texts.set(file, text);
    return text;
  }

  /** A Compose file, whose services count where `names` says so. */
  services(file: string, directory: string, own = true): void {
    const text = this.text(file);
    if (text === undefined) return;
    const root = parse(file, text);
    for (const [name, service] of Object.entries(record(root.services))) {
      if (own) this.names.add(name);
      for (const path of paths(record(service).env_file)) this.text(resolve(directory, path));
      const { file: other } = record(record(service).extends);
      if (typeof other === 'string') {
        this.services(resolve(directory, other), dirname(resolve(directory, other)), false);
      }
    }
    for (const entry of list(root.include)) {
      const included = record(entry);
      const [first, ...others] = paths(included.path ?? entry).map((path) =>
        resolve(directory, path),
      );
      if (!first) continue;
      for (const path of [first, ...others]) {
        if (!existsSync(path)) this.whole = false; // a variable in its path, or not on this machine
        this.services(
          path,
          resolve(directory, String(included.project_directory ?? dirname(first))),
        );
      }
      this.text(join(dirname(first), '.env'));
      for (const path of paths(included.env_file)) this.text(resolve(directory, path));
    }
  }
}

function parse(file: string, text: string): Record<string, unknown> {
  let root: unknown;
  let error: Error | undefined;
  try {
    const document = parseDocument(text, { logLevel: 'silent', merge: true });
    [error] = document.errors;
    if (!error) root = document.toJS({ maxAliasCount: 10_000 });
    if (isCyclic(root)) throw new Error('an alias in it stands for what it is a part of');
  } catch (tooMany) {
    error = tooMany as Error; // aliases of aliases
  }
  if (error || !isRecord(root)) {
    throw new SeamkitError(
      'OPTION_INVALID',
      `compose(): ${file} is no Compose file: ${error?.message ?? 'it has no fields'}`,
      { hint: 'see what is wrong with it: docker compose config', cause: error },
    );
  }
  return root;
}

/** `'a'`, `['a', 'b']`, `{ path: 'a' }` and lists of these. */
function paths(value: unknown): string[] {
  return list(value).flatMap((entry) => {
    const path = isRecord(entry) ? entry.path : entry;
    return isRecord(entry) && Array.isArray(path)
      ? paths(path)
      : typeof path === 'string'
        ? [path]
        : [];
  });
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
