import { Script } from 'node:vm';

/** What the user may say. */
export interface Wishes {
  name?: string;
  title?: string;
  sandbox?: string;
}

/** A kit's name in all its forms. */
export interface KitNames {
  /** Of the package and its folder: `object-store`. */
  name: string;
  /** In prose: `Object Store`. */
  title: string;
  /** What a test file gets, for the table in the README: `a bucket`. */
  sandbox: string;
  /** `objectStore` */
  factory: string;
  /** `ObjectStore`, as in `ObjectStoreOptions`. */
  type: string;
  /** `OBJECT_STORE`, as in `SEAMKIT_OBJECT_STORE_URL`. */
  variable: string;
}

/** Why nothing is made; the message tells what to do. */
export class Refused extends Error {}

/** What `--yes` takes. */
export function defaultsFor({ name }: Wishes): Wishes {
  return { title: name && capitals(name).join(' '), sandbox: 'a space' };
}

/** @throws Refused */
export function describeKit(wishes: Wishes): KitNames {
  const { name } = wishes;
  if (!name) throw new Refused('A kit needs a name: pnpm new:kit <name>');
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 30) {
    throw new Refused(
      `'${name}' is no name for a kit: lower-case letters and digits, single hyphens between words, at most 30 characters.`,
    );
  }
  const { title, sandbox } = { ...defaultsFor(wishes), ...defined(wishes) };
  if (!/^[\p{L}\p{N}][\p{L}\p{N} .+#-]{0,39}$/u.test(title!)) {
    throw new Refused(
      `'${title}' is no title: letters, digits, spaces and . + # -, at most 40 characters.`,
    );
  }
  if (!/^[^|`<>\p{C}]{1,60}$/u.test(sandbox!)) {
    throw new Refused(
      `'${sandbox}' does not fit into the table: at most 60 characters, without | \` < >.`,
    );
  }
  const type = capitals(name).join('');
  const factory = type[0]!.toLowerCase() + type.slice(1);
  if (!canBeDeclared(factory)) {
    throw new Refused(`'${factory}' is a word of JavaScript's own: choose another name.`);
  }
  const variable = name.toUpperCase().replaceAll('-', '_');
  return { name, title: title!, sandbox: sandbox!, factory, type, variable };
}

function capitals(name: string): string[] {
  return name.split('-').map((word) => word[0]!.toUpperCase() + word.slice(1));
}

function canBeDeclared(identifier: string): boolean {
  try {
    new Script(`'use strict'; async () => { const ${identifier} = 0; }`);
    return true;
  } catch {
    return false;
  }
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined),
  ) as Partial<T>;
}
