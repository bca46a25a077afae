import { SeamkitError } from '@seamkit/core';
import type { ErrorObject, ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { escapePointer, isNode, type Located, type Node, type OpenApiDocument } from './document';
import { type Direction, SchemaDialect } from './schema-dialect';
import type { Violation } from './violation';

/** The schemas of a contract for one direction; each is compiled when it is first needed. */
export class Schemas {
  readonly #document: OpenApiDocument;
  readonly #direction: Direction;
  readonly #ajv: Ajv2020;
  /** The files of the contract as JSON Schema 2020-12, by url. */
  readonly converted = new Map<string, Node>();
  /** Where each schema stands, for `rule`. */
  readonly #places = new WeakMap<object, string>();
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument, direction: Direction) {
    this.#document = document;
    this.#direction = direction;
    this.#ajv = new Ajv2020({
      allErrors: true,
      verbose: true,
      strict: false,
      validateSchema: false,
      logger: false,
    });
    addFormats(this.#ajv);
    const dialect = new SchemaDialect(document, direction);
    for (const base of document.files.keys()) {
      const converted = dialect.convert(base);
      this.converted.set(base, converted);
      this.#place(converted, `${base}#`);
      this.#ajv.addSchema(converted, base);
    }
  }

  /**
   * What is wrong with `value`, whose place in the message is `pointer`.
   * @throws SeamkitError `OPTION_INVALID` where the schema itself is wrong
   */
  check(schema: Located, value: unknown, pointer: string): Violation[] {
    const validate = this.#compile(schema.at);
    if (validate(value)) return [];
    return withoutNoise(validate.errors ?? []).map((error) => ({
      pointer: pointer + error.instancePath + memberOf(error),
      message: describe(error),
      where: this.#direction,
      rule: this.#rule(error, schema.at),
    }));
  }

  /** Types that a schema lets through at its top: none where it does not say. For reading text. */
  typesOf(schema: Located | undefined, depth = 0): Set<string> {
    const node = schema && this.#document.resolve(schema);
    if (!node || !isNode(node.value) || depth > 20) return new Set();
    const { type, enum: values, const: value, nullable } = node.value;
    if (type) return new Set([type].flat().concat(nullable === true ? 'null' : []));
    if (values || value !== undefined)
      return new Set([values ?? value].flat().map((item) => typeof item));
    const types = new Set<string>();
    for (const key of ['allOf', 'anyOf', 'oneOf']) {
      for (const [, child] of this.#document.children(this.#document.child(node, key))) {
        for (const type of this.typesOf(child, depth + 1)) types.add(type);
      }
    }
    return types;
  }

  /** A property's schema, wherever the schema gets it from. */
  property(schema: Located | undefined, name: string, depth = 0): Located | undefined {
    if (!schema || depth > 20) return undefined;
    const found = this.#document.child(schema, 'properties', name);
    if (found) return found;
    for (const key of ['allOf', 'anyOf', 'oneOf']) {
      for (const [, child] of this.#document.children(this.#document.child(schema, key))) {
        const below = this.property(child, name, depth + 1);
        if (below) return below;
      }
    }
    const rest = this.#document.child(schema, 'additionalProperties');
    return isNode(rest?.value) ? rest : undefined;
  }

  /** The schema of a list's items. */
  items(schema: Located): Located | undefined {
    const items = this.#document.child(schema, 'items');
    return isNode(items?.value) ? items : undefined;
  }

  #compile(at: string): ValidateFunction {
    const known = this.#compiled.get(at);
    if (known) return known;
    try {
      const validate = this.#ajv.compile({ $ref: at });
      this.#compiled.set(at, validate);
      return validate;
    } catch (error) {
      const summary = `the schema at ${this.#document.shown(at)} is wrong`;
      throw SeamkitError.wrap(error, 'OPTION_INVALID', summary);
    }
  }

  /** By the schema's own place: ajv's path starts anew at each `$ref`. */
  #rule({ parentSchema, keyword }: ErrorObject, at: string): string {
    const place = isNode(parentSchema) && this.#places.get(parentSchema);
    return this.#document.shown(place ? `${place}/${keyword}` : at).replace('/$defs/base', '');
  }

  #place(node: unknown, at: string): void {
    if (!isNode(node)) return;
    this.#places.set(node, at);
    for (const [key, child] of Object.entries(node))
      this.#place(child, `${at}/${escapePointer(key)}`);
  }
}

/** The member that is too much, or is missing. */
function memberOf({ params }: ErrorObject): string {
  const name = params.additionalProperty ?? params.unevaluatedProperty ?? params.missingProperty;
  return name === undefined ? '' : `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function describe({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'required':
    case 'dependentRequired':
      return 'is missing';
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return 'is not allowed by the contract';
    case 'unevaluatedItems':
      return `has items beyond the first ${params.len}, which is not allowed`;
    case 'type':
      return `must be ${[params.type].flat().join(' or ')}`;
    case 'enum':
      return `must be one of ${params.allowedValues.map((value: unknown) => JSON.stringify(value)).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}`;
    case 'false schema':
      return 'is not allowed by the contract';
    default:
      return message ?? keyword;
  }
}

/** Errors that a person acts on: less those that only say that others were found. */
function withoutNoise(errors: readonly ErrorObject[]): ErrorObject[] {
  const real = errors.filter(({ keyword }) => keyword !== 'if');
  const unions = real.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  const noise = new Set<ErrorObject>();
  for (const union of unions) {
    const here = real.filter(({ instancePath }) => instancePath === union.instancePath);
    const below = real.filter(({ instancePath }) =>
      instancePath.startsWith(`${union.instancePath}/`),
    );
    // A branch that got further in than the others is the one that was meant.
    if (below.length > 0 || here.some(isDeep)) {
      noise.add(union);
      for (const error of here) if (/^(type|const|enum)$/.test(error.keyword)) noise.add(error);
    } else {
      for (const error of here) if (error !== union && error.keyword === 'const') noise.add(error);
    }
  }
  const kept = real.filter((error) => !noise.has(error));
  // What one branch leaves unevaluated is told by the error of that branch.
  const unevaluated = (error: ErrorObject) => error.keyword.startsWith('unevaluated');
  const told = kept.some((error) => !unevaluated(error))
    ? kept.filter((error) => !unevaluated(error))
    : kept;
  const seen = new Set<string>();
  return told.filter((error) => {
    const key = `${error.instancePath}${memberOf(error)} ${describe(error)}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function isDeep({ keyword }: ErrorObject): boolean {
  return /^(required|additionalProperties|dependentRequired)$/.test(keyword);
}
