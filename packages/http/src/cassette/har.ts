import { readNamedFile, SeamkitError } from '@seamkit/core';
import type { HttpRequest, HttpResponse, Interaction } from '../interaction';
import { replaceFile } from './cassette-file';
import { decodeText, type Headers, header, mediaType } from './content';
import { fromEntry, toEntry } from './entry';
import { decodeForm } from './redact-message';
import { Redactor } from './redactor';

/** A HTTP archive, version 1.2, as far as it is read or written here. */
export interface Har {
  log: {
    version: string;
    creator: { name: string; version: string };
    entries: HarEntry[];
  };
}

interface NameValue {
  name: string;
  value: string;
}

export interface HarEntry {
  startedDateTime: string;
  time: number;
  request: {
    method: string;
    url: string;
    httpVersion: string;
    headers: NameValue[];
    queryString: NameValue[];
    cookies: NameValue[];
    headersSize: number;
    bodySize: number;
    postData?: { mimeType: string; text?: string; params?: NameValue[]; encoding?: string };
  };
  response: {
    status: number;
    statusText: string;
    httpVersion: string;
    headers: NameValue[];
    cookies: NameValue[];
    content: { size: number; mimeType: string; text?: string; encoding?: string };
    redirectURL: string;
    headersSize: number;
    bodySize: number;
  };
  cache: {};
  timings: { send: number; wait: number; receive: number };
}

/**
 * The interactions of an archive, as browsers and proxies export it: with its secrets, so pass them
 * to `cassette.record`. Entries without an answer (blocked, aborted) are left out.
 * @throws SeamkitError `STATE_INVALID` where the file is no archive
 */
export async function readHar(file: string): Promise<Interaction[]> {
  let har: unknown;
  try {
    har = JSON.parse(
      readNamedFile(file)
        .toString()
        .replace(/^\ufeff/, ''),
    );
  } catch (error) {
    throw SeamkitError.wrap(error, 'STATE_INVALID', `the HTTP archive ${file} cannot be read`);
  }
  return fromHar(har as Har);
}

/** @throws SeamkitError `STATE_INVALID` where it is no archive */
export function fromHar(har: Har): Interaction[] {
  const entries = har?.log?.entries;
  if (!Array.isArray(entries)) {
    throw new SeamkitError('STATE_INVALID', 'an HTTP archive has a list at log.entries', {
      hint: 'export it as HAR 1.2',
    });
  }
  return entries
    .filter(({ request, response }) => URL.canParse(request?.url) && response?.status >= 100)
    .map(({ request, response }) => ({
      request: fromRequest(request),
      response: fromResponse(response),
    }));
}

function fromRequest({ method, url, headers, postData }: HarEntry['request']): HttpRequest {
  const pairs = decodedHeaders(headers);
  if (postData?.mimeType && !header(pairs, 'content-type')) {
    pairs.push(['content-type', postData.mimeType]);
  }
  // Chrome gives the text, and the fields that it read from it; others only the fields.
  const text = postData?.text ?? formOf(postData?.params);
  return { method, url, headers: pairs, body: bytesOf(text, postData?.encoding) };
}

function formOf(params: NameValue[] = []): string {
  const pairs = params.map(({ name, value }): [string, string] => [
    decodeForm(name),
    decodeForm(value ?? ''),
  ]);
  return new URLSearchParams(pairs).toString();
}

function fromResponse({ status, headers, content }: HarEntry['response']): HttpResponse {
  return {
    status,
    headers: decodedHeaders(headers),
    body: bytesOf(content?.text, content?.encoding),
  };
}

function bytesOf(text = '', encoding?: string): Buffer {
  return Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8');
}

/** An archive holds bodies decoded, whatever its headers say. */
function decodedHeaders(headers: NameValue[] = []): Headers {
  return headers
    .map(({ name, value }): [string, string] => [name, value])
    .filter(([name]) => !/^(:.*|content-encoding|content-length|transfer-encoding)$/i.test(name));
}

/** An archive of interactions, without their secrets. It tells no times: nothing of it was timed. */
export function toHar(interactions: readonly Interaction[], redactor = new Redactor()): Har {
  const entries = interactions.map((interaction) => {
    const { request, response } = fromEntry(toEntry(interaction, redactor));
    return {
      startedDateTime: '1970-01-01T00:00:00.000Z',
      time: 0,
      request: toHarRequest(request),
      response: toHarResponse(response),
      cache: {},
      timings: { send: 0, wait: 0, receive: 0 },
    };
  });
  const creator = { name: 'seamkit', version: '1' };
  return { log: { version: '1.2', creator, entries } };
}

/** @throws SeamkitError `FOLDER_UNUSABLE` */
export async function writeHar(file: string, interactions: readonly Interaction[]): Promise<void> {
  await replaceFile(file, `${JSON.stringify(toHar(interactions), null, 2)}\n`);
}

function toHarRequest({ method, url, headers, body }: HttpRequest): HarEntry['request'] {
  return {
    method,
    url,
    httpVersion: 'HTTP/1.1',
    headers: toPairs(headers),
    queryString: toPairs([...new URL(url).searchParams]),
    cookies: [],
    headersSize: -1,
    bodySize: body.length,
    ...(body.length > 0 && {
      postData: { mimeType: header(headers, 'content-type') ?? '', ...textOf(headers, body) },
    }),
  };
}

function toHarResponse({ status, headers, body }: HttpResponse): HarEntry['response'] {
  return {
    status,
    statusText: '',
    httpVersion: 'HTTP/1.1',
    headers: toPairs(headers),
    cookies: [],
    content: {
      size: body.length,
      mimeType: header(headers, 'content-type') ?? 'x-unknown',
      ...(body.length > 0 && textOf(headers, body)),
    },
    redirectURL: header(headers, 'location') ?? '',
    headersSize: -1,
    bodySize: body.length,
  };
}

function textOf(headers: Headers, body: Buffer): { text: string; encoding?: string } {
  const text = decodeText(body, mediaType(header(headers, 'content-type')).parameters.charset);
  return text === undefined ? { text: body.toString('base64'), encoding: 'base64' } : { text };
}

function toPairs(pairs: Headers): NameValue[] {
  return pairs.map(([name, value]) => ({ name, value }));
}
