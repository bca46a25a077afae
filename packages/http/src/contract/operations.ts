import type { Located, OpenApiDocument } from './document';

/** One method of one path. */
export interface Operation {
  /** `GET /orders/{id}`. */
  name: string;
  node: Located;
  path: Located;
  method: string;
}

export interface FoundOperation {
  operation: Operation;
  /** Decoded values of the path's template, by name. */
  parameters: Record<string, string>;
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

interface Template {
  text: string;
  node: Located;
  pattern: RegExp;
  names: string[];
  /** Concrete paths come before templated ones, whatever their order in the document. */
  rank: string;
}

/** Finds what a request is about. */
export class Operations {
  readonly #document: OpenApiDocument;
  readonly #templates: Template[];
  readonly #bases: RegExp[];

  constructor(document: OpenApiDocument) {
    this.#document = document;
    const paths = document.children(document.child(document.root, 'paths'));
    this.#templates = paths
      .filter(([text]) => text.startsWith('/'))
      .map(([text, node]) => ({ text, node, ...compile(text) }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1));
    this.#bases = [...new Set(this.#serverPaths(paths.map(([, node]) => node)))].map(
      (path) => new RegExp(`^${escapePattern(path).replace(/\\\{[^}]*\\\}/g, '[^/]+')}(?=/|$)`),
    );
  }

  all(): Operation[] {
    return this.#templates.flatMap((template) => this.#of(template));
  }

  /** The template that a path falls under, or undefined; and its operation, if the method is known. */
  find(method: string, url: string): { path?: string; methods: string[]; found?: FoundOperation } {
    const { pathname } = new URL(url);
    // The base path of a server may be there, or be a part of the base url that the service was given.
    const candidates = this.#bases
      .filter((base) => base.test(pathname))
      .map((base) => pathname.replace(base, '') || '/');
    for (const path of [...candidates, pathname]) {
      const known: { path?: string; methods: string[] } = { methods: [] };
      for (const template of this.#templates) {
        const match = template.pattern.exec(path);
        if (!match) continue;
        const operations = this.#of(template);
        const operation = operations.find((one) => one.method === method.toLowerCase());
        if (operation) {
          const values = template.names.map((name, index) => [name, decode(match[index + 1]!)]);
          const found = { operation, parameters: Object.fromEntries(values) };
          return { path: template.text, methods: [], found };
        }
        known.path ??= template.text;
        known.methods.push(...operations.map((one) => one.method.toUpperCase()));
      }
      if (known.path) return known;
    }
    return { methods: [] };
  }

  #of({ text, node }: Template): Operation[] {
    return methods
      .filter((method) => node.value[method])
      .map((method) => ({
        name: `${method.toUpperCase()} ${text}`,
        node: this.#document.child(node, method)!,
        path: node,
        method,
      }));
  }

  *#serverPaths(paths: Located[]): Generator<string> {
    const operations = paths.flatMap((path) =>
      methods
        .map((method) => this.#document.child(path, method))
        .filter((one) => one !== undefined),
    );
    for (const node of [this.#document.root, ...paths, ...operations]) {
      for (const { url } of node.value.servers ?? []) {
        const path = String(url)
          .replace(/^[a-z][a-z\d+.-]*:\/\/[^/]*|^\/\/[^/]*/i, '')
          .replace(/\/$/, '');
        if (path !== '') yield path.startsWith('/') ? path : `/${path}`;
      }
    }
  }
}

function compile(text: string): Pick<Template, 'pattern' | 'names' | 'rank'> {
  const names: string[] = [];
  const pattern = text
    .split(/(\{[^}]+\})/)
    .map((piece) => {
      if (!piece.startsWith('{')) return escapePattern(piece);
      names.push(piece.slice(1, -1));
      return '([^/]+?)';
    })
    .join('');
  const rank = text.replace(/\{[^}]+\}/g, '\uffff');
  return { pattern: new RegExp(`^${pattern}$`), names, rank };
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
