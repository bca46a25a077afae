import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type KitNames, Refused } from './kit-names';

/** What building and testing leave in a package. */
const leftovers = /(^|\/)(node_modules|dist|\.turbo|\.code-blocks|.*\.log)(\/|$)/;

/**
 * The live template's files, by their path, as this kit's.
 * @param packages the folder of all packages
 * @throws Refused where the template already uses the name for something else
 */
export function filesFor(kit: KitNames, packages: string): Map<string, string> {
  const template = join(packages, 'kit-example');
  // All packages are released together, but for the template.
  const { version } = JSON.parse(readFileSync(join(packages, 'core/package.json'), 'utf8'));
  const files = new Map<string, string>();
  for (const entry of readdirSync(template, { recursive: true, withFileTypes: true })) {
    const path = relative(template, join(entry.parentPath, entry.name));
    if (!entry.isFile() || leftovers.test(path)) continue;
    const text = readFileSync(join(template, path), 'utf8');
    if (/\.[jt]s$/.test(path) && new RegExp(`\\b${kit.factory}\\b`).test(text)) {
      throw new Refused(
        `'${kit.factory}' means something else in a kit's code: choose another name.`,
      );
    }
    files.set(renamed(path, kit), renamed(published(text, version), kit));
  }
  return files;
}

/** The template calls itself `example` wherever the kit's name belongs, and never for anything else. */
function renamed(text: string, { name, title, factory, type, variable }: KitNames): string {
  return text
    .replaceAll('kit-example', name)
    .replace('"kit": "example"', `"kit": "${factory}"`)
    .replace(/(['"])example\1/g, `$1${name}$1`)
    .replace(/\bexample(?=[-.][a-z])/g, name)
    .replace(/Example(?=[A-Z])/g, type)
    .replaceAll('Example', title)
    .replaceAll('EXAMPLE', variable)
    .replaceAll('example', factory);
}

/** Without what is true of the template only: that it is one, and private. */
function published(text: string, version: string): string {
  return text
    .replace(/<!-- template -->.*?<!-- \/template -->\s*/s, '')
    .replace('  "private": true,\n', '')
    .replace(/^ {2}"version": ".*"/m, `  "version": "${version}"`);
}
