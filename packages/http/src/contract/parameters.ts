import { header } from '../cassette/content';
import { parseJson } from '../cassette/json-text';
import { decodeForm } from '../cassette/redact-message';
import type { HttpRequest } from '../interaction';
import type { Located, OpenApiDocument } from './document';
import type { Schemas } from './schemas';
import type { Violation } from './violation';

/** Text as the value that its schema speaks about: what is no number stays text, and is refused as such. */
export function readScalar(text: string, types: ReadonlySet<string>): unknown {
  const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text);
  if (number && (types.has('number') || types.has('integer')) && !types.has('string'))
    return Number(text);
  if (types.has('boolean') && /^(true|false)$/.test(text)) return text === 'true';
  if (types.has('null') && text === '' && !types.has('string')) return null;
  if (number && types.has('string')) return text;
  if ((types.has('object') || types.has('array')) && !types.has('string'))
    return parseJson(text) ?? text;
  return text;
}

/** One or more texts of the same name. */
export function readValue(texts: string[], schemas: Schemas, schema: Located | undefined): unknown {
  const types = schemas.typesOf(schema);
  if (types.has('array')) return readList(texts, schemas, schema);
  return texts.length === 1 ? readScalar(texts[0]!, types) : texts;
}

function readList(texts: string[], schemas: Schemas, schema: Located | undefined): unknown[] {
  const types = schemas.typesOf(schema && schemas.items(schema));
  return texts.map((text) => readScalar(text, types));
}

function readObject(pairs: [string, string][], schemas: Schemas, schema: Located): unknown {
  const members = pairs.map(([name, text]) => [
    name,
    readValue([text], schemas, schemas.property(schema, name)),
  ]);
  return Object.fromEntries(members);
}

/** Where a request has its parameters. */
export interface Sources {
  request: HttpRequest;
  /** Decoded values of the path's template, by name. */
  path: Readonly<Record<string, string>>;
}

/** What a request's parameters violate: those that the contract does not know are let through. */
export function checkParameter(
  document: OpenApiDocument,
  schemas: Schemas,
  parameter: Located,
  sources: Sources,
): Violation[] {
  const { name, in: place, required } = parameter.value;
  const at = place === 'header' ? 'headers' : place === 'cookie' ? 'cookies' : place;
  const key = place === 'header' ? name.toLowerCase() : name;
  // OpenAPI leaves these to other parts of the contract.
  if (place === 'header' && /^(accept|content-type|authorization)$/.test(key)) return [];
  const pointer = `/${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const media = document.children(document.child(parameter, 'content'))[0];
  const schema = document.child(media?.[1] ?? parameter, 'schema');
  const value = media
    ? readContent(media[0], parameter, sources)
    : readStyled(schemas, parameter, schema, sources);
  if (value === undefined) {
    if (!required) return [];
    const rule = document.shown(`${parameter.at}/required`);
    return [{ pointer, message: 'is missing', where: 'request', rule }];
  }
  return schema ? schemas.check(schema, value, pointer) : [];
}

function readContent(type: string, parameter: Located, sources: Sources): unknown {
  const text = textsOf(parameter.value, sources)[0];
  if (text === undefined) return undefined;
  return type.includes('json') ? (parseJson(text) ?? text) : text;
}

/** By `style` and `explode`, whose defaults depend on the place. */
function readStyled(
  schemas: Schemas,
  parameter: Located,
  schema: Located | undefined,
  sources: Sources,
): unknown {
  const { name, in: place } = parameter.value;
  const byDefault = place === 'query' || place === 'cookie' ? 'form' : 'simple';
  const style: string = parameter.value.style ?? byDefault;
  const explode: boolean = parameter.value.explode ?? style === 'form';
  const types = schemas.typesOf(schema);
  const texts = textsOf(parameter.value, sources).map((text) => stripPrefix(style, name, text));
  if (schema && types.has('object') && !types.has('string')) {
    const pairs = objectPairs(style, explode, name, texts, schema, schemas, sources);
    return pairs && readObject(pairs, schemas, schema);
  }
  if (texts.length === 0) return undefined;
  if (!types.has('array')) return readValue(texts, schemas, schema);
  const repeated = explode && byDefault === 'form' && style === 'form';
  const items = repeated ? texts : texts.flatMap((text) => text.split(separatorOf(style, explode)));
  return readList(items, schemas, schema);
}

/** Members of an object; undefined where the request has none of it. */
function objectPairs(
  style: string,
  explode: boolean,
  name: string,
  texts: string[],
  schema: Located,
  schemas: Schemas,
  { request }: Sources,
): [string, string][] | undefined {
  const query = () => [...new URL(request.url).searchParams];
  if (style === 'deepObject') {
    const pairs = query().flatMap(([key, value]): [string, string][] => {
      const inner = key.startsWith(`${name}[`) && /^\[([^\]]*)\]$/.exec(key.slice(name.length));
      return inner ? [[inner[1]!, value]] : [];
    });
    return pairs.length > 0 ? pairs : undefined;
  }
  if (style === 'form' && explode) {
    const pairs = query().filter(([key]) => schemas.property(schema, key));
    return pairs.length > 0 ? pairs : undefined;
  }
  const [text] = texts;
  if (text === undefined) return undefined;
  const pieces = text.split(separatorOf(style, explode));
  if (explode) return pieces.map((piece) => piece.split(/=(.*)/s, 2) as [string, string]);
  const pairs: [string, string][] = [];
  for (let index = 0; index < pieces.length; index += 2)
    pairs.push([pieces[index]!, pieces[index + 1] ?? '']);
  return pairs;
}

/** The texts that stand under a parameter's name. */
function textsOf({ name, in: place }: any, { request, path }: Sources): string[] {
  switch (place) {
    case 'query':
      return new URL(request.url).searchParams.getAll(name);
    case 'path':
      return path[name] === undefined ? [] : [path[name]];
    case 'header': {
      const value = header(request.headers, name.toLowerCase());
      return value === undefined ? [] : [value];
    }
    default:
      return (header(request.headers, 'cookie') ?? '')
        .split(';')
        .map((pair) => pair.trim().split(/=(.*)/s, 2))
        .filter(([key]) => key === name)
        .map(([, value = '']) => decodeForm(value));
  }
}

/** `;name=value` and `.value`, the ways of `matrix` and `label`. */
function stripPrefix(style: string, name: string, text: string): string {
  if (style === 'label') return text.replace(/^\./, '');
  if (style !== 'matrix') return text;
  const named = `;${name}=`;
  return text.startsWith(named) ? text.slice(named.length) : text.replace(/^;/, '');
}

function separatorOf(style: string, explode: boolean): RegExp {
  if (style === 'spaceDelimited') return / /;
  if (style === 'pipeDelimited') return /\|/;
  if (explode && style === 'label') return /\./;
  if (explode && style === 'matrix') return /;(?:[^=;]+=)?/;
  return /, */;
}
