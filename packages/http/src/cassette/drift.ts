import { SeamkitError } from '@seamkit/core';
import type { HttpRequest, HttpResponse } from '../interaction';
import { ask, reasonOf } from '../upstream';
import { readBody } from './body';
import type { Cassette } from './cassette';
import { type Headers, header, mediaType } from './content';
import { compareShapes, shapeOf } from './shape';

/** How an API answers now otherwise than when it was recorded. */
export interface Drift {
  /** Which interaction: `2: GET https://api.example.com/v1/things`. */
  interaction: string;
  // The items of a list share one pointer: `/body/items/*`.
  /** Where in the response: `/status`, `/headers/content-type`, `/body/total`. */
  pointer: string;
  kind: 'status' | 'content-type' | 'removed' | 'added' | 'type' | 'failed';
  message: string;
}

export interface LiveApi {
  /** Origin (and base path) to ask instead of the recorded origin: `https://sandbox.example.com`. */
  url?: string;
  /** Replace recorded headers of the same name: the credentials, which no cassette holds. */
  headers?: Readonly<Record<string, string>>;
  /** Which requests to send. Default: those that change nothing (GET, HEAD, OPTIONS). */
  select?: (request: HttpRequest) => boolean;
  /** How a request is sent. Default: past all sandboxes, over HTTP/1.1; redirects are not followed. */
  send?: (request: HttpRequest) => Promise<HttpResponse>;
  /** ms that an answer may take. Default 10,000. */
  timeout?: number;
}

/**
 * Sends the cassette's requests again, one after the other, to the live API, and reports what
 * changed in the shape of its answers: values may differ, the fields and their types may not. The
 * cassette is neither used up nor changed. An empty list: no drift.
 * @throws SeamkitError `OPTION_INVALID` where nothing was selected
 */
export async function drift(cassette: Cassette, live: LiveApi = {}): Promise<Drift[]> {
  const { select = isSafe, send = (request) => ask(request, live.timeout) } = live;
  const drifts: Drift[] = [];
  let sent = 0;
  for (const [index, { request, response }] of cassette.interactions.entries()) {
    if (!select(request)) continue;
    sent++;
    const interaction = `${index + 1}: ${request.method} ${request.url}`;
    const report = (pointer: string, kind: Drift['kind'], message: string) =>
      drifts.push({ interaction, pointer, kind, message: cassette.redact(message) });
    try {
      compare(response, await send(aimed(request, live)), report);
    } catch (error) {
      report('', 'failed', reasonOf(error));
    }
  }
  if (sent === 0) {
    throw new SeamkitError('OPTION_INVALID', 'no interaction of the cassette was selected', {
      hint: "by default those that change nothing are: pass select: () => true, if the API's data may change",
    });
  }
  return drifts;
}

type Report = (pointer: string, kind: Drift['kind'], message: string) => void;

function compare(recorded: HttpResponse, now: HttpResponse, report: Report): void {
  if (recorded.status !== now.status) {
    report('/status', 'status', `was ${recorded.status}, is ${now.status}`);
    // The body of another status has another shape: that says nothing new.
    return;
  }
  const [was, is] = [typeOf(recorded.headers), typeOf(now.headers)];
  if (was !== is) report('/headers/content-type', 'content-type', `was ${was}, is ${is}`);
  const [before, after] = [readBody(recorded), readBody(now)];
  if ('json' in before && 'json' in after) {
    for (const { pointer, kind, message } of compareShapes(
      shapeOf(before.json),
      shapeOf(after.json),
    )) {
      report(`/body${pointer}`, kind, message);
    }
  } else if (was === is && kindOf(before) !== kindOf(after)) {
    report('/body', 'type', `was ${kindOf(before)}, is ${kindOf(after)}`);
  }
}

function kindOf(body: object): string {
  return Object.keys(body)[0] ?? 'empty';
}

function typeOf(headers: Headers): string {
  return mediaType(header(headers, 'content-type')).type || 'none';
}

/** The request with live credentials, at the live origin. */
function aimed(request: HttpRequest, { url, headers = {} }: LiveApi): HttpRequest {
  const replaced = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const kept = request.headers.filter(([name]) => !replaced.has(name.toLowerCase()));
  const { pathname, search } = new URL(request.url);
  return {
    ...request,
    url: url ? url.replace(/\/$/, '') + pathname + search : request.url,
    headers: [...kept, ...Object.entries(headers)],
  };
}

function isSafe({ method }: HttpRequest): boolean {
  return /^(GET|HEAD|OPTIONS)$/.test(method);
}
