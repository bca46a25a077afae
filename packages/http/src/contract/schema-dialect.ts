import { isNode, type Node, type OpenApiDocument } from './document';

/** Who sends: a request need not have what is read-only, nor a response what is write-only. */
export type Direction = 'request' | 'response';

const lists = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const maps = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];
const single = [
  ...['items', 'additionalItems', 'additionalProperties', 'unevaluatedProperties'],
  ...[
    'unevaluatedItems',
    'contains',
    'propertyNames',
    'not',
    'if',
    'then',
    'else',
    'contentSchema',
  ],
];

/**
 * A file of a contract, with each schema in it as JSON Schema 2020-12, at the same pointers. For
 * 3.0: `nullable` (beside `type` only, as its specification says), boolean exclusive bounds, `$ref`
 * that ignores its neighbours. For both: required members by direction, and discriminators, which
 * choose the one schema that must hold.
 */
export class SchemaDialect {
  readonly #document: OpenApiDocument;
  readonly #direction: Direction;
  /** Schemas with a discriminator and no `oneOf`, and those that extend them, by url. */
  readonly #children = new Map<string, Map<string, string>>();

  constructor(document: OpenApiDocument, direction: Direction) {
    this.#document = document;
    this.#direction = direction;
    for (const base of document.files.keys()) this.#findChildren(base);
  }

  convert(base: string): Node {
    return this.#walk(this.#document.files.get(base), `${base}#`) as Node;
  }

  /** Anything but a schema, until one is found. */
  #walk(node: unknown, at: string, named = false): unknown {
    if (Array.isArray(node)) return node.map((item, index) => this.#walk(item, `${at}/${index}`));
    if (!isNode(node)) return node;
    // In files of parts there is no telling by the place what is a schema.
    const part = this.#document.root.at !== `${at.split('#')[0]}#`;
    if (part && isSchema(node)) return this.#schema(node, at);
    return mapNode(node, (key, value) => {
      const below = `${at}/${key}`;
      // Below these the keys are names that the author chose.
      if (named) return this.#walk(value, below);
      if (key === 'schema') return this.#schema(value, below);
      if (key === 'schemas')
        return mapNode(value, (name, item) => this.#schema(item, `${below}/${name}`));
      if (key === 'example' || key === 'examples') return undefined;
      return this.#walk(value, below, key === 'headers' || key === 'parameters' || key === 'paths');
    });
  }

  #schema(schema: unknown, at: string): unknown {
    if (!isNode(schema) || Array.isArray(schema)) return schema;
    const old = this.#document.version === '3.0';
    if (old && typeof schema.$ref === 'string') return { $ref: this.#baseOf(schema.$ref, at) };
    const { example: _, examples: __, default: ___, discriminator, ...kept } = schema;
    const copy: Node = { ...kept };
    for (const key of lists) {
      if (Array.isArray(copy[key])) {
        copy[key] = copy[key].map((item: unknown, index: number) =>
          this.#schema(item, `${at}/${key}/${index}`),
        );
      }
    }
    for (const key of maps) {
      if (isNode(copy[key])) {
        copy[key] = mapNode(copy[key], (name, item) => this.#schema(item, `${at}/${key}/${name}`));
      }
    }
    for (const key of single) {
      if (isNode(copy[key])) copy[key] = this.#schema(copy[key], `${at}/${key}`);
    }
    if (typeof copy.$ref === 'string') copy.$ref = this.#baseOf(copy.$ref, at);
    if (Array.isArray(copy.required)) copy.required = this.#required(schema, at);
    if (old) modernise(copy);
    return isNode(discriminator) ? this.#discriminate(copy, schema, at) : copy;
  }

  /** Without what the other side alone must send. */
  #required({ required, properties }: Node, at: string): string[] {
    const ignored = this.#direction === 'request' ? 'readOnly' : 'writeOnly';
    return required.filter((name: string) => {
      const property = isNode(properties) ? properties[name] : undefined;
      return !isNode(property) || !this.#document.resolve({ value: property, at }).value?.[ignored];
    });
  }

  #discriminate(copy: Node, { discriminator, oneOf, anyOf }: Node, at: string): Node {
    const { propertyName, mapping } = discriminator;
    const options: Node[] | undefined = (oneOf ?? anyOf)?.filter((item: Node) => !isNull(item));
    const targets = new Map<string, string>();
    if (options) {
      for (const { $ref } of options) if (typeof $ref === 'string') targets.set(nameOf($ref), $ref);
      // One that is written in place has no name to choose it by.
      if (targets.size < options.length) return copy;
    } else {
      for (const [name, url] of this.#children.get(at) ?? []) targets.set(name, url);
      targets.set(nameOf(at), '');
    }
    for (const [value, target] of Object.entries<string>(mapping ?? {})) {
      targets.set(value, /[/#.]/.test(target) ? target : `#/components/schemas/${target}`);
    }
    const choices = [...targets].filter(
      ([, target]) => target !== '' && this.#absolute(target, at) !== at,
    );
    const chosen = {
      required: [propertyName],
      properties: { [propertyName]: { enum: [...targets.keys()] } },
      allOf: choices.map(([value, $ref]) => ({
        if: {
          type: 'object',
          required: [propertyName],
          properties: { [propertyName]: { const: value } },
        },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref },
      })),
    };
    if (options) {
      const { oneOf: _, anyOf: __, ...rest } = copy;
      const nullable = [oneOf ?? anyOf, copy.type]
        .flat()
        .some((item) => item === 'null' || isNull(item));
      const type = nullable ? ['object', 'null'] : 'object';
      return { ...rest, type, allOf: [...(copy.allOf ?? []), chosen] };
    }
    // Those that extend this one refer to the base alone: else each would ask for the other.
    return choices.length > 0
      ? { $defs: { base: copy }, allOf: [{ $ref: this.#pointerTo(at) }, chosen] }
      : copy;
  }

  #pointerTo(at: string): string {
    return `${encodeFragment(at)}/$defs/base`;
  }

  /** The base of a parent, for those that extend it. */
  #baseOf(ref: string, at: string): string {
    const target = this.#absolute(ref, at);
    const children = this.#children.get(target);
    const inside =
      /\/allOf\/\d+$/.test(at) &&
      [...(children?.values() ?? [])].some((child) => at.startsWith(`${child}/`));
    return inside ? this.#pointerTo(target) : ref;
  }

  #findChildren(base: string): void {
    const schemas = this.#document.files.get(base)?.components?.schemas;
    if (!isNode(schemas)) return;
    for (const name of Object.keys(schemas)) {
      const at = `${base}#/components/schemas/${name}`;
      for (const parent of this.#ancestors(schemas[name], at, new Set())) {
        const children = this.#children.get(parent) ?? new Map<string, string>();
        this.#children.set(parent, children.set(name, at));
      }
    }
  }

  /** The schemas that this one extends, and that have a discriminator of their own. */
  *#ancestors(schema: unknown, at: string, seen: Set<string>): Generator<string> {
    if (!isNode(schema) || !Array.isArray(schema.allOf)) return;
    for (const { $ref } of schema.allOf) {
      if (typeof $ref !== 'string') continue;
      const target = this.#absolute($ref, at);
      if (seen.has(target)) continue;
      seen.add(target);
      const parent = this.#document.lookUp(target);
      if (isNode(parent?.discriminator) && !parent.oneOf && !parent.anyOf) yield target;
      yield* this.#ancestors(parent, target, seen);
    }
  }

  #absolute(ref: string, at: string): string {
    const [base] = at.split('#');
    return ref.startsWith('#') ? base + ref : new URL(ref, base).href;
  }
}

/** The keywords of 3.0 that JSON Schema writes otherwise. */
function modernise(schema: Node): void {
  const { nullable, exclusiveMinimum, exclusiveMaximum } = schema;
  delete schema.nullable;
  if (nullable === true && typeof schema.type === 'string') schema.type = [schema.type, 'null'];
  for (const [flag, exclusive, bound] of [
    [exclusiveMinimum, 'exclusiveMinimum', 'minimum'],
    [exclusiveMaximum, 'exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof flag !== 'boolean') continue;
    delete schema[exclusive];
    if (!flag || schema[bound] === undefined) continue;
    schema[exclusive] = schema[bound];
    delete schema[bound];
  }
}

function isNull(schema: unknown): boolean {
  return isNode(schema) && schema.type === 'null';
}

function isSchema(node: Node): boolean {
  return [...lists, ...maps, 'type', 'enum', 'const', '$ref', 'items'].some((key) => key in node);
}

function nameOf(ref: string): string {
  return decodeURIComponent(ref.slice(ref.lastIndexOf('/') + 1)).replace(/\.(ya?ml|json)$/, '');
}

function encodeFragment(at: string): string {
  const [base, fragment = ''] = at.split('#');
  return `${base}#${fragment.split('/').map(encodeURIComponent).join('/')}`;
}

function mapNode(node: Node, change: (key: string, value: any) => unknown): Node {
  return Object.fromEntries(
    Object.entries(node)
      .map(([key, value]) => [key, change(key, value)])
      .filter(([, value]) => value !== undefined),
  );
}
