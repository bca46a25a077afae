import type { HttpRequest } from '../interaction';
import { decodeContent, decodeText, header, isJson, mediaType } from './content';
import { parseJson, writeJson } from './json-text';
import { partName, readMultipart, writeMultipart } from './multipart';
import { decodeForm } from './redact-message';
import type { Redactor } from './redactor';

/** A body as a person reads it; at most one of these. */
export interface Body {
  json?: unknown;
  /** `application/x-www-form-urlencoded`; a list where a field comes more than once. */
  form?: Record<string, string | string[]>;
  multipart?: PartEntry[];
  text?: string;
  /** What is no text. */
  base64?: string;
}

export interface PartEntry extends Body {
  headers: Record<string, string>;
}

/** Parts are kept apart by this, instead of by something random. */
const boundary = 'seamkit-boundary';

type Message = Pick<HttpRequest, 'headers' | 'body'>;

/**
 * Unpacks and parses a body.
 * @throws SeamkitError `UNSUPPORTED` where it cannot be unpacked
 */
export function readBody({ headers, body }: Message): Body {
  const bytes = decodeContent(headers, body);
  if (bytes.length === 0) return {};
  const { type, parameters } = mediaType(header(headers, 'content-type'));
  if (type.startsWith('multipart/') && parameters.boundary) {
    const parts = readMultipart(bytes, parameters.boundary);
    if (parts) {
      return {
        multipart: parts.map((part) => ({
          headers: Object.fromEntries(part.headers),
          ...readBody(part),
        })),
      };
    }
  }
  const text = decodeText(bytes, parameters.charset);
  if (text === undefined) return { base64: bytes.toString('base64') };
  if (type === 'application/x-www-form-urlencoded') return { form: readForm(text) };
  if (isJson(type) || /^\s*[[{]/.test(text)) {
    const json = parseJson(text);
    if (json !== undefined) return { json };
  }
  return { text };
}

function readForm(text: string): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  for (const pair of text.split('&').filter(Boolean)) {
    const [name = '', ...value] = pair.split('=');
    const key = decodeForm(name);
    const before = fields.get(key);
    const item = decodeForm(value.join('='));
    fields.set(key, before === undefined ? item : [before, item].flat());
  }
  return Object.fromEntries(fields);
}

/** The bytes that a body stands for. */
export function writeBody(body: Body): Buffer {
  if ('json' in body) return Buffer.from(writeJson(body.json));
  if (body.form) {
    const pairs = Object.entries(body.form).flatMap(([name, value]) =>
      [value].flat().map((item): [string, string] => [name, item]),
    );
    return Buffer.from(new URLSearchParams(pairs).toString());
  }
  if (body.multipart) {
    const parts = body.multipart.map(({ headers, ...part }) => ({
      headers: Object.entries(headers),
      body: writeBody(part),
    }));
    return writeMultipart(parts, boundary);
  }
  if (body.base64 !== undefined) return Buffer.from(body.base64, 'base64');
  return Buffer.from(body.text ?? '');
}

/** The content type of a body that was read and is written again: UTF-8, and parts kept apart by our boundary. */
export function contentType(value: string): string {
  return value
    .replace(/(;\s*boundary=)("[^"]*"|[^;\s]+)/i, `$1${boundary}`)
    .replace(/(;\s*charset=)("[^"]*"|[^;\s]+)/i, (whole, start, charset) =>
      /^"?utf-?8"?$/i.test(charset) ? whole : `${start}utf-8`,
    );
}

/** The same body without secrets. */
export function redactBody(redactor: Redactor, body: Body): Body {
  if ('json' in body) return { json: redactor.json(body.json) };
  if (body.form) return { form: redactor.json(body.form) as Body['form'] };
  if (body.text !== undefined) return { text: redactor.text(body.text) };
  if (body.base64 !== undefined) {
    return { base64: redactor.bytes(Buffer.from(body.base64, 'base64')).toString('base64') };
  }
  if (body.multipart)
    return { multipart: body.multipart.map((part) => redactPart(redactor, part)) };
  return {};
}

function redactPart(redactor: Redactor, { headers, ...body }: PartEntry): PartEntry {
  const name = partName(Object.entries(headers)).name ?? '';
  const clean = redactBody(redactor, body);
  const kept = Object.entries(headers).map(([header, value]) => [header, redactor.text(value)]);
  return {
    headers: Object.fromEntries(kept),
    ...clean,
    ...(clean.text !== undefined && { text: redactor.field(name, clean.text) }),
    ...('json' in clean && { json: redactor.json(clean.json, name) }),
    ...(clean.base64 !== undefined &&
      redactor.kindOf(name) === 'secret' && {
        base64: Buffer.from(redactor.field(name, 'secret')).toString('base64'),
      }),
  };
}
