import { isNode, type Node } from './document';

/** A contract's files as JSON Schema 2020-12, by url. */
export type Converted = ReadonlyMap<string, Node>;

export interface FlatSchema {
  /** Where the schema stands, after its `$ref`s. */
  at: string;
  /** Its keywords, with those of `allOf` merged in. */
  schema: Node;
  /** Where a part of it stands: `properties/total`, `items`. */
  places: Record<string, string>;
  /** Where the branches of its `oneOf` or `anyOf`, or of its discriminator, stand. */
  branches: string[];
}

/** One schema without `$ref` and `allOf` at its top. */
export function flatten(documents: Converted, at: string): FlatSchema {
  const flat: FlatSchema = { at, schema: {}, places: {}, branches: [] };
  merge(documents, at, flat, new Set(), true);
  return flat;
}

function merge(
  documents: Converted,
  at: string,
  flat: FlatSchema,
  seen: Set<string>,
  top = false,
): void {
  if (seen.has(at)) return;
  seen.add(at);
  const node = lookUp(documents, at);
  if (!isNode(node)) return;
  const alone = typeof node.$ref === 'string' && Object.keys(node).length === 1;
  if (typeof node.$ref === 'string')
    merge(documents, absolute(node.$ref, at), flat, seen, top && alone);
  if (top && !alone) flat.at = at;
  for (const [key, value] of Object.entries(node)) {
    switch (key) {
      case '$ref':
      case '$defs':
        break;
      case 'allOf':
        for (const index of value.keys()) merge(documents, `${at}/allOf/${index}`, flat, seen);
        break;
      case 'oneOf':
      case 'anyOf':
        for (const index of value.keys())
          flat.branches.push(branchAt(documents, `${at}/${key}/${index}`));
        break;
      case 'then':
        flat.branches.push(branchAt(documents, `${at}/then`));
        break;
      case 'required':
        flat.schema.required = [...new Set([...(flat.schema.required ?? []), ...value])];
        break;
      case 'properties':
        flat.schema.properties = { ...flat.schema.properties, ...value };
        for (const name of Object.keys(value)) {
          flat.places[`properties/${name}`] =
            `${at}/properties/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
        }
        break;
      default:
        flat.schema[key] = value;
        if (key === 'items') flat.places.items = `${at}/items`;
    }
  }
}

/** A branch that is only a `$ref` is what it refers to. */
function branchAt(documents: Converted, at: string): string {
  const node = lookUp(documents, at);
  return isNode(node) && typeof node.$ref === 'string' ? absolute(node.$ref, at) : at;
}

function absolute(ref: string, at: string): string {
  return new URL(ref, at).href;
}

function lookUp(documents: Converted, url: string): unknown {
  const [base = '', fragment = ''] = url.split('#');
  return fragment
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((node, key) => (isNode(node) ? node[key] : undefined), documents.get(base));
}
