import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { SeamkitError } from '@seamkit/core';

export type Headers = [name: string, value: string][];

/** The first header of this name, in any case. */
export function header(headers: Headers, name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

export interface MediaType {
  /** Lower-case, without parameters: `application/json`. Empty where there is none. */
  type: string;
  /** Names in lower case. */
  parameters: Record<string, string>;
}

export function mediaType(text: string | undefined): MediaType {
  const [type = '', ...rest] = (text ?? '').match(/(?:[^;"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  const parameters: Record<string, string> = {};
  for (const parameter of rest) {
    const [, name, quoted, plain] =
      /^\s*([^=\s]+)\s*=\s*(?:"(.*)"|(.*?))\s*$/s.exec(parameter) ?? [];
    if (name) parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
  }
  return { type: type.trim().toLowerCase(), parameters };
}

export function isJson(type: string): boolean {
  return /^(application|text)\/json$|\+json$/.test(type);
}

/** A body that unpacks to more than this is refused: nobody reviews it, and it may be a bomb. */
const maxBytes = 64 * 1024 * 1024;

/**
 * A body without its content codings (gzip, deflate, br).
 * @throws SeamkitError `UNSUPPORTED` where it cannot be unpacked: what cannot be read cannot be
 * searched for secrets either
 */
export function decodeContent(headers: Headers, body: Buffer): Buffer {
  const codings = headers
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (body.length === 0) return body;
  return codings.reduceRight((bytes, coding) => unpack(coding, bytes), body);
}

function unpack(coding: string, bytes: Buffer): Buffer {
  try {
    const limit = { maxOutputLength: maxBytes };
    if (coding === 'gzip' || coding === 'x-gzip') return gunzipSync(bytes, limit);
    if (coding === 'br') return brotliDecompressSync(bytes, limit);
    // Servers send both the zlib format, which the standard asks for, and the bare one.
    if (coding === 'deflate') {
      const zlib = (bytes[0]! & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
      return zlib ? inflateSync(bytes, limit) : inflateRawSync(bytes, limit);
    }
  } catch (error) {
    throw SeamkitError.wrap(error, 'UNSUPPORTED', `a ${coding} body cannot be unpacked`);
  }
  throw new SeamkitError('UNSUPPORTED', `the content coding '${coding}' cannot be unpacked`, {
    hint: 'let the client send accept-encoding: gzip, br',
  });
}

/** The text of a body, or undefined where its bytes are no text. */
export function decodeText(bytes: Buffer, charset?: string): string | undefined {
  try {
    const bom = bytes.length > 1 ? bytes.readUInt16BE(0) : 0;
    const marked = bom === 0xfffe ? 'utf-16le' : bom === 0xfeff ? 'utf-16be' : undefined;
    const text = new TextDecoder(charset ?? marked ?? 'utf-8', { fatal: true }).decode(bytes);
    return isPlainText(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whether nothing in `text` says that it was bytes: control characters, failed decoding. */
export function isPlainText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]/.test(text);
}
