import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isCyclic, readNamedFile, SeamkitError } from '@seamkit/core';
import { parseDocument } from 'yaml';

export type Node = { [key: string]: any };

/** A place in a document: what is there, and the absolute url that `$ref`s below it are relative to. */
export interface Located<T = Node> {
  value: T;
  /** `file:///…/openapi.yaml#/paths/~1orders/get`. */
  at: string;
}

/** An OpenAPI document and the files that it refers to. */
export class OpenApiDocument {
  readonly file: string;
  readonly version: '3.0' | '3.1';
  readonly root: Located;
  /** By url without fragment. */
  readonly files = new Map<string, Node>();

  /** @throws SeamkitError `OPTION_INVALID` where it is no OpenAPI 3.0 or 3.1, or a `$ref` leads nowhere */
  constructor(file: string) {
    this.file = file;
    const url = pathToFileURL(resolve(file)).href;
    const value = this.#load(url);
    const version = /^3\.[01](?=\.\d)/.exec(String(value.openapi))?.[0];
    if (!version) {
      const found = value.openapi ?? (value.swagger ? `Swagger ${value.swagger}` : 'no version');
      throw new SeamkitError('OPTION_INVALID', `${file} is no OpenAPI 3.0 or 3.1: ${found}`, {
        hint: 'convert it to OpenAPI 3.0 or 3.1',
      });
    }
    this.version = version as '3.0' | '3.1';
    this.root = { value, at: `${url}#` };
    for (const [base, node] of this.files) this.#checkRefs(node, base, '');
  }

  /** What is below, through any `$ref`. */
  child<T = any>(parent: Located, ...keys: (string | number)[]): Located<T> | undefined {
    let node: Located | undefined = this.resolve(parent);
    for (const key of keys) {
      const value = (node.value as Node)[key];
      if (value === undefined || value === null) return undefined;
      node = this.resolve({ value, at: `${node.at}/${escapePointer(String(key))}` });
    }
    return node as Located<T>;
  }

  /** Each member, through any `$ref`. */
  children(parent: Located | undefined): [key: string, child: Located][] {
    if (!parent) return [];
    return Object.keys(parent.value).map((key) => [key, this.child(parent, key)!]);
  }

  /** What a `$ref` leads to; anything else is itself. */
  resolve(node: Located): Located {
    let { value, at } = node;
    for (let hops = 0; typeof value?.$ref === 'string'; hops++) {
      if (hops > 50) throw this.#refused(at, 'its $ref leads in a circle');
      at = new URL(value.$ref, at).href;
      if (!at.includes('#')) at += '#';
      value = this.lookUp(at);
    }
    return { value, at };
  }

  /** The value at an absolute url. Undefined where there is none. */
  lookUp(url: string): any {
    const [base = '', fragment = ''] = url.split('#');
    const root = this.files.get(base);
    return fragment
      .split('/')
      .slice(1)
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<any>((node, key) => (isNode(node) ? node[key] : undefined), root);
  }

  /** A place as people know it: `openapi.yaml#/paths/~1orders`, without the folder. */
  shown(at: string): string {
    const [base = '', fragment = ''] = at.split('#');
    const name = base.slice(base.lastIndexOf('/') + 1);
    return `${decodeURIComponent(name)}#${decodeURIComponent(fragment)}`;
  }

  #load(url: string): Node {
    const known = this.files.get(url);
    if (known) return known;
    const file = fileURLToPath(url);
    let value: unknown;
    try {
      // JSON is YAML.
      const document = parseDocument(readNamedFile(file).toString(), { merge: true });
      if (document.errors[0]) throw document.errors[0];
      value = document.toJS({ maxAliasCount: 10_000 });
      if (isCyclic(value)) throw new Error('an alias in it stands for what it is a part of');
    } catch (error) {
      throw SeamkitError.wrap(error, 'OPTION_INVALID', `the contract ${file} cannot be read`);
    }
    if (!isNode(value)) throw new SeamkitError('OPTION_INVALID', `${file} holds no document`);
    this.files.set(url, value);
    return value;
  }

  /** Follows every `$ref` once, so that none is found broken in the middle of a test. */
  #checkRefs(node: unknown, base: string, pointer: string): void {
    if (!isNode(node)) return;
    const ref = node.$ref;
    if (typeof ref === 'string') this.#checkRef(ref, base, pointer);
    for (const [key, child] of Object.entries(node)) {
      // Data, not a part of the contract. There is a response called default, too.
      if (/^(examples?|const|enum)$/.test(key)) continue;
      if (key === 'default' && !pointer.endsWith('/responses')) continue;
      this.#checkRefs(child, base, `${pointer}/${escapePointer(key)}`);
    }
  }

  #checkRef(ref: string, base: string, pointer: string): void {
    const at = `${base}#${pointer}`;
    if (!URL.canParse(ref, base)) throw this.#refused(at, `'${ref}' is no url`);
    const { href, protocol, hash } = new URL(ref, base);
    const target = href.split('#')[0]!;
    if (protocol !== 'file:') {
      // The `$id` of a schema of this document may be any url.
      if (this.version === '3.1') return;
      throw this.#refused(at, `'${ref}' is not a file: nothing is fetched`);
    }
    this.#load(target);
    // An anchor: ajv knows it.
    if (hash !== '' && !hash.startsWith('#/')) return;
    if (this.lookUp(href) === undefined) throw this.#refused(at, `'${ref}' leads nowhere`);
  }

  #refused(at: string, why: string): SeamkitError {
    return new SeamkitError('OPTION_INVALID', `${this.shown(at)}: ${why}`);
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

/** A key as a part of a JSON pointer in a url. */
export function escapePointer(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}
