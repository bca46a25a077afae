import { isDeepStrictEqual } from 'node:util';
import { is, SeamkitError } from '@seamkit/core';
import { writeBody } from '../cassette/body';
import { replaceFile } from '../cassette/cassette-file';
import { type Entry, toEntry } from '../cassette/entry';
import type { SecretsOption } from '../cassette/known-secrets';
import { type RedactOptions, Redactor } from '../cassette/redactor';
import type { Interaction } from '../interaction';
import type { Pact, PactInteraction } from './pact-file';

export interface WritePactOptions {
  /** Name of the service that calls. */
  consumer: string;
  /** Name of the service that is called. */
  provider: string;
  /** Where to write the file. Default: nowhere, the document is only returned. */
  file?: string;
  /** Version of the Pact specification. Default 3. */
  version?: 2 | 3;
  /**
   * How answers are compared later: by `type`, so that values may differ, or `equality`.
   * Default `type`.
   */
  match?: 'type' | 'equality';
  /** As in a cassette. */
  redact?: RedactOptions;
  secrets?: SecretsOption;
}

/**
 * A Pact of recorded interactions, without their secrets; equal ones are written once. Of headers
 * only `accept` and `content-type` are kept: what a consumer relies on beyond them, the recording
 * does not tell. Bodies that are no text are left out.
 * @throws SeamkitError `OPTION_INVALID`, `EXPECTATION_FAILED` where a known secret is left in it,
 * `FOLDER_UNUSABLE`
 */
export async function writePact(
  interactions: readonly Interaction[],
  options: WritePactOptions,
): Promise<Pact> {
  const { consumer, provider, file, version = 3, match = 'type', redact, secrets } = options ?? {};
  if (!is.string.accepts(consumer) || !is.string.accepts(provider)) {
    throw new SeamkitError('OPTION_INVALID', "writePact() needs 'consumer' and 'provider'", {
      hint: "writePact(calls, { consumer: 'shop', provider: 'payments' })",
    });
  }
  if (interactions.length === 0) {
    throw new SeamkitError('OPTION_INVALID', 'writePact() was given no interaction', {
      hint: 'call it after the calls were made',
    });
  }
  const redactor = Redactor.with(redact, secrets);
  const written: PactInteraction[] = [];
  for (const interaction of interactions) {
    const next = toPact(toEntry(interaction, redactor), version, match);
    if (written.some((other) => isSame(other, next))) continue;
    const times = written.filter(({ description }) =>
      description.startsWith(next.description),
    ).length;
    written.push(
      times === 0 ? next : { ...next, description: `${next.description} (${times + 1})` },
    );
  }
  const pact: Pact = {
    consumer: { name: consumer },
    provider: { name: provider },
    interactions: written,
    metadata: { pactSpecification: { version: `${version}.0.0` } },
  };
  const text = `${JSON.stringify(pact, null, 2)}\n`;
  const left = redactor.known.find(text);
  if (left !== undefined) {
    throw new SeamkitError(
      'EXPECTATION_FAILED',
      `the Pact still holds the secret ${left}: nothing was written`,
      {
        hint: 'name what hides it: redact: { names: […], patterns: […] }',
      },
    );
  }
  if (file) await replaceFile(file, text);
  return pact;
}

function isSame(a: PactInteraction, b: PactInteraction): boolean {
  return isDeepStrictEqual([a.request, a.response], [b.request, b.response]);
}

function toPact({ request, response }: Entry, version: 2 | 3, match: string): PactInteraction {
  const { pathname, searchParams } = new URL(request.url);
  const query: Record<string, string[]> = {};
  for (const [name, value] of searchParams) query[name] = [...(query[name] ?? []), value];
  const byType = match === 'type' && 'json' in response;
  return {
    description: `${request.method} ${pathname} answers ${response.status}`,
    request: {
      method: request.method,
      path: pathname,
      ...(searchParams.size > 0 && { query: version === 2 ? searchParams.toString() : query }),
      ...headersOf(request.headers),
      ...bodyOf(request),
    },
    response: {
      status: response.status,
      ...headersOf(response.headers),
      ...bodyOf(response),
      ...(byType && {
        matchingRules:
          version === 2
            ? { '$.body': { match: 'type' } }
            : { body: { $: { combine: 'AND', matchers: [{ match: 'type' }] } } },
      }),
    },
  };
}

function headersOf(headers: Entry['request']['headers'] = {}): {
  headers?: Record<string, string>;
} {
  const kept = Object.entries(headers).filter(([name]) => /^(accept|content-type)$/.test(name));
  if (kept.length === 0) return {};
  return {
    headers: Object.fromEntries(kept.map(([name, value]) => [name, [value].flat().join(', ')])),
  };
}

function bodyOf(body: Entry['request'] | Entry['response']): { body?: unknown } {
  if ('json' in body) return { body: JSON.parse(writeBody({ json: body.json }).toString()) };
  if (body.form) return { body: writeBody({ form: body.form }).toString() };
  return body.text === undefined ? {} : { body: body.text };
}
