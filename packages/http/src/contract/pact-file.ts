import { readNamedFile, SeamkitError } from '@seamkit/core';
import { type HeaderRules, type PathRule, readBodyRules, readHeaderRules } from './pact-rules';

/** A Pact file, version 2 or 3, as it is written. */
export interface Pact {
  consumer: { name: string };
  provider: { name: string };
  interactions: PactInteraction[];
  metadata: { pactSpecification: { version: string } };
}

export interface PactInteraction {
  description: string;
  /** Version 2. */
  providerState?: string;
  /** Version 3. */
  providerStates?: PactState[];
  request: {
    method: string;
    path: string;
    query?: string | Record<string, string[]>;
    headers?: Record<string, string>;
    body?: unknown;
  };
  response: {
    status: number;
    headers?: Record<string, string>;
    body?: unknown;
    matchingRules?: Record<string, any>;
  };
}

/** What must be so at the provider before the request: `order 1 exists`. */
export interface PactState {
  name: string;
  params?: Record<string, unknown>;
}

/** What a response must fulfil. */
export interface ExpectedResponse {
  status: number;
  headers: Record<string, string>;
  headerRules: HeaderRules;
  hasBody: boolean;
  body: unknown;
  bodyRules: PathRule[];
}

/** @throws SeamkitError `STATE_INVALID`, or `UNSUPPORTED` for messages and other versions */
export async function readPact(file: string): Promise<Pact> {
  let pact: Partial<Pact> & { messages?: unknown };
  try {
    pact = JSON.parse(readNamedFile(file).toString());
  } catch (error) {
    throw SeamkitError.wrap(error, 'STATE_INVALID', `the Pact file ${file} cannot be read`);
  }
  const { pactSpecification, 'pact-specification': older } = (pact?.metadata ?? {}) as Record<
    string,
    any
  >;
  const version = String(pactSpecification?.version ?? older?.version ?? '2.0.0');
  if (!/^[23](\.|$)/.test(version)) {
    throw new SeamkitError('UNSUPPORTED', `${file} is of Pact version ${version}`, {
      hint: 'let the consumer write version 2 or 3',
    });
  }
  if (pact?.messages) throw new SeamkitError('UNSUPPORTED', `${file} is about messages, not HTTP`);
  if (!Array.isArray(pact?.interactions)) {
    throw new SeamkitError('STATE_INVALID', `${file} has no list of interactions`);
  }
  for (const [index, { request, response }] of pact.interactions.entries()) {
    if (request?.method && request.path?.startsWith('/') && response?.status) continue;
    throw new SeamkitError('STATE_INVALID', `${file}: interaction ${index + 1} is not complete`, {
      hint: 'it needs request.method, request.path and response.status',
    });
  }
  return pact as Pact;
}

export function statesOf({ providerState, providerStates = [] }: PactInteraction): PactState[] {
  return providerState ? [{ name: providerState }, ...providerStates] : providerStates;
}

/** @throws SeamkitError `UNSUPPORTED` for a matcher that is unknown */
export function expectedResponse({ response }: PactInteraction): ExpectedResponse {
  const { status, headers = {}, body, matchingRules = {} } = response;
  return {
    status,
    headers,
    headerRules: readHeaderRules(matchingRules),
    hasBody: 'body' in response,
    body,
    bodyRules: readBodyRules(matchingRules),
  };
}
