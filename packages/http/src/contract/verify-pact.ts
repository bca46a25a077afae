import { is, SeamkitError } from '@seamkit/core';
import type { HttpRequest, HttpResponse } from '../interaction';
import { ask, reasonOf } from '../upstream';
import { expectedResponse, type PactInteraction, readPact, statesOf } from './pact-file';
import { compareResponse, type Mismatch } from './pact-response';

export interface VerifyOptions {
  /**
   * Brings the provider into a state, by the state's name. Where it is given, it must know each
   * state of the file; where it is not, states are taken as given.
   */
  states?: Readonly<Record<string, (params: Record<string, unknown>) => unknown>>;
  /** Sent with each request, instead of headers of the same name: credentials. */
  headers?: Readonly<Record<string, string>>;
  /** ms that an answer may take. Default 10,000. */
  timeout?: number;
  /** How a request is sent. Default: past all sandboxes, over HTTP/1.1; redirects are not followed. */
  send?: (request: HttpRequest) => Promise<HttpResponse>;
}

export interface PactMismatch extends Mismatch {
  /** The interaction's description, and its states: `a charge, given order 1 exists`. */
  interaction: string;
}

/**
 * Sends the requests of a Pact file (version 2 or 3) to a running service, one after the other, and
 * compares its answers with what the consumer relies on. An empty list: the service keeps its word.
 * @throws SeamkitError `STATE_INVALID` where it is no Pact file, `UNSUPPORTED` for other versions,
 * messages and unknown matchers, `OPTION_INVALID` where a state is unknown
 */
export async function verifyPact(
  file: string,
  baseUrl: string,
  options: VerifyOptions = {},
): Promise<PactMismatch[]> {
  if (!is.url.accepts(baseUrl)) {
    throw new SeamkitError(
      'OPTION_INVALID',
      'verifyPact() needs the base url of a running service',
    );
  }
  const { states, send = (request) => ask(request, options.timeout) } = options;
  const { interactions } = await readPact(file);
  const checks = interactions.map((interaction) => ({
    interaction,
    expected: expectedResponse(interaction),
  }));
  for (const { name } of interactions.flatMap(statesOf)) {
    if (!states || Object.hasOwn(states, name)) continue;
    throw new SeamkitError('OPTION_INVALID', `${file} has a state '${name}' that is unknown here`, {
      hint: `pass states: { '${name}': (params) => … }`,
    });
  }
  const found: PactMismatch[] = [];
  for (const { interaction, expected } of checks) {
    for (const { name, params = {} } of statesOf(interaction)) await states?.[name]?.(params);
    const request = requestOf(interaction, baseUrl, options.headers);
    let mismatches: Mismatch[];
    try {
      mismatches = compareResponse(expected, await send(request));
    } catch (error) {
      mismatches = [{ pointer: '', message: `no answer: ${reasonOf(error)}` }];
    }
    found.push(
      ...mismatches.map((mismatch) => ({ interaction: titleOf(interaction), ...mismatch })),
    );
  }
  return found;
}

function titleOf(interaction: PactInteraction): string {
  const states = statesOf(interaction).map(({ name }) => name);
  return [
    interaction.description,
    ...(states.length > 0 ? [`given ${states.join(' and ')}`] : []),
  ].join(', ');
}

function requestOf(
  { request }: PactInteraction,
  baseUrl: string,
  more: Readonly<Record<string, string>> = {},
): HttpRequest {
  const url = baseUrl.replace(/\/$/, '') + request.path + queryOf(request.query);
  const headers = new Map(
    Object.entries(request.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]),
  );
  for (const [name, value] of Object.entries(more)) headers.set(name.toLowerCase(), value);
  const { body } = request;
  const has = body !== undefined && body !== null;
  if (has && !headers.has('content-type')) {
    headers.set('content-type', typeof body === 'string' ? 'text/plain' : 'application/json');
  }
  const json = typeof body !== 'string' || /\bjson\b/.test(headers.get('content-type') ?? '');
  const bytes = has ? Buffer.from(json ? JSON.stringify(body) : (body as string)) : Buffer.alloc(0);
  return { method: request.method.toUpperCase(), url, headers: [...headers], body: bytes };
}

function queryOf(query: PactInteraction['request']['query']): string {
  if (!query) return '';
  if (typeof query === 'string') return `?${query}`;
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  return pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : '';
}
