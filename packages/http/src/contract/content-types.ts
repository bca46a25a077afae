import { type Body, readBody } from '../cassette/body';
import { decodeContent, header, isJson, mediaType } from '../cassette/content';
import { partName } from '../cassette/multipart';
import type { HttpRequest } from '../interaction';
import type { Located, OpenApiDocument } from './document';
import { readValue } from './parameters';
import type { Schemas } from './schemas';

/** The entry of `content` that a content type falls under: the most exact one. */
export function mediaEntry(
  document: OpenApiDocument,
  content: Located,
  contentType: string | undefined,
): Located | undefined {
  const { type } = mediaType(contentType);
  const [group] = type.split('/');
  const entries = document.children(content);
  for (const wanted of [type, `${group}/*`, '*/*']) {
    const found = entries.find(([key]) => mediaType(key).type === wanted);
    if (found) return found[1];
  }
  return undefined;
}

/** A body as the value that a schema speaks about; or why it is none. */
export type BodyValue = { value: unknown } | { problem: string } | { unchecked: true };

/** XML and bytes are not checked beyond their content type. */
export function bodyValue(
  message: Pick<HttpRequest, 'headers' | 'body'>,
  schemas: Schemas,
  schema: Located,
): BodyValue {
  const { type } = mediaType(header(message.headers, 'content-type'));
  const body = readBody(message);
  if (isJson(type)) return 'json' in body ? { value: body.json } : { problem: 'is no JSON' };
  if (body.form) return { value: readFields(body.form, schemas, schema) };
  if (body.multipart) return { value: readParts(body.multipart, schemas, schema) };
  if (type.startsWith('text/') && !type.endsWith('/xml') && schemas.typesOf(schema).has('string')) {
    return { value: decodeContent(message.headers, message.body).toString() };
  }
  return { unchecked: true };
}

function readFields(form: NonNullable<Body['form']>, schemas: Schemas, schema: Located) {
  const fields = Object.entries(form).map(([key, value]) => {
    // `tags[]=a` is a common way to write a list.
    const name = schemas.property(schema, key) ? key : key.replace(/\[\]$/, '');
    return [name, readValue([value].flat(), schemas, schemas.property(schema, name))];
  });
  return Object.fromEntries(fields);
}

function readParts(parts: NonNullable<Body['multipart']>, schemas: Schemas, schema: Located) {
  const values = new Map<string, unknown[]>();
  for (const { headers, ...part } of parts) {
    const name = partName(Object.entries(headers)).name ?? '';
    const value = 'json' in part ? part.json : (part.text ?? part.base64 ?? '');
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const fields = [...values].map(([name, items]) => {
    const property = schemas.property(schema, name);
    const texts = items.every((item) => typeof item === 'string');
    if (texts) return [name, readValue(items as string[], schemas, property)];
    return [name, schemas.typesOf(property).has('array') ? items : items[0]];
  });
  return Object.fromEntries(fields);
}
