import { type Headers, mediaType } from './content';

/** One part of a multipart body. */
export interface Part {
  headers: Headers;
  body: Buffer;
}

const crlf = Buffer.from('\r\n');
const blankLine = Buffer.from('\r\n\r\n');

/** The parts of a multipart body, or undefined where it is not well-formed. */
export function readMultipart(body: Buffer, boundary: string): Part[] | undefined {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const bytes = Buffer.concat([crlf, body]);
  const parts: Part[] = [];
  let at = bytes.indexOf(delimiter);
  if (at < 0) return undefined;
  for (;;) {
    const start = at + delimiter.length;
    if (bytes.toString('latin1', start, start + 2) === '--') return parts;
    const line = bytes.indexOf(crlf, start);
    const next = bytes.indexOf(delimiter, start);
    if (line < 0 || next < 0) return undefined;
    const part = readPart(bytes.subarray(line, next));
    if (!part) return undefined;
    parts.push(part);
    at = next;
  }
}

/** `bytes` starts with the line break that ends the delimiter. */
function readPart(bytes: Buffer): Part | undefined {
  const end = bytes.indexOf(blankLine);
  if (end < 0) return undefined;
  const lines = bytes.toString('utf8', 0, end).split('\r\n').filter(Boolean);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { headers, body: bytes.subarray(end + blankLine.length) };
}

export function writeMultipart(parts: readonly Part[], boundary: string): Buffer {
  const chunks = parts.flatMap(({ headers, body }) => [
    Buffer.from(`--${boundary}\r\n`),
    Buffer.from(headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')),
    crlf,
    body,
    crlf,
  ]);
  return Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
}

/** The field that a part of a form fills, and the file it came from. */
export function partName(headers: Headers): { name?: string; filename?: string } {
  const disposition = headers.find(([name]) => name === 'content-disposition')?.[1];
  const { name, filename } = mediaType(disposition).parameters;
  return { name, filename };
}
