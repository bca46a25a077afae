import type { IncomingMessage } from 'node:http';
import { type ErrorData, SeamkitError } from '../errors';
import { check, containerFields, is, type OptionCheck } from '../options';
import type {
  Calls,
  EndedRequest,
  EnsureRequest,
  HeldSandbox,
  HoldRequest,
  LeaseRequest,
  LogsRequest,
  ReleaseRequest,
  SandboxReport,
  ServerIdentity,
  SessionRequest,
  SpareRequest,
  StartOptions,
  TemplateReport,
} from './messages';

/** bytes of a request's body; the largest thing in one is what a kit notes of a template. */
export const bodyLimit = 16 * 1024 * 1024;

/** Says of each field of `T` what it must be, so that no field of the protocol is forgotten. */
type Fields<T> = { [Name in keyof Required<T>]: OptionCheck };

const text = check('text', (value) => typeof value === 'string');
const texts = listOf(text);
const anything = check('any JSON', (value) => value !== undefined);
const runtime = is.oneOf('container', 'process', 'external');

const identity = object<ServerIdentity>({
  kit: is.string,
  runtime,
  module: is.string,
  version: maybe(text),
  image: maybe(text),
  container: maybe(is.fields(containerFields)),
  program: maybe(text),
  settings: is.record,
  url: maybe(is.url),
  service: maybe(object<{ of: string; name: string }>({ of: text, name: text })),
  exclusive: maybe(
    object<{ session: string; boundary: string }>({ session: text, boundary: text }),
  ),
});

const start = object<StartOptions>({
  startTimeout: is.milliseconds,
  path: text,
  from: text,
  env: recordOf(text),
});

const error = object<ErrorData>({
  code: text,
  summary: text,
  hint: maybe(text),
  tried: maybe(texts),
  log: maybe(texts),
});

const held = object<HeldSandbox>({
  kit: is.string,
  server: text,
  runtime,
  version: maybe(text),
  url: text,
  variables: recordOf(text),
});

const lease: Fields<LeaseRequest> = { session: text, server: text, template: text };

/** The calls that take something. */
type Taking = { [Path in keyof Calls]: Calls[Path][0] extends null ? never : Path }[keyof Calls];

/** What the keeper takes, by path. A path that is not named here takes nothing. */
const requests: Record<Taking | '/session' | '/logs', Record<string, OptionCheck>> = {
  '/session': { runner: maybe(text) } satisfies Fields<SessionRequest>,
  '/logs': { kit: text, follow: is.boolean } satisfies Fields<LogsRequest>,
  '/ensure': { session: text, identity, start } satisfies Fields<EnsureRequest>,
  '/ended': {
    session: text,
    life: is.count,
    patience: is.count,
  } satisfies Fields<EndedRequest>,
  '/lease': lease,
  '/spare': { ...lease, spares: is.count } satisfies Fields<SpareRequest>,
  '/template': {
    ...lease,
    data: maybe(anything),
    error: maybe(error),
  } satisfies Fields<TemplateReport>,
  '/sandbox': {
    session: text,
    server: text,
    name: text,
    data: anything,
  } satisfies Fields<SandboxReport>,
  '/release': {
    session: text,
    server: text,
    name: text,
    state: is.oneOf('clean', 'dirty', 'gone'),
    templateGone: maybe(is.boolean),
  } satisfies Fields<ReleaseRequest>,
  '/hold': { session: text, held } satisfies Fields<HoldRequest>,
};

/**
 * A request's body, where it is what the protocol says of its path; null where that takes none.
 * @throws SeamkitError `KEEPER_FAILED`
 */
export async function readRequest(request: IncomingMessage): Promise<unknown> {
  const { url: path = '' } = request;
  const fields = new Map<string, Record<string, OptionCheck>>(Object.entries(requests)).get(path);
  const body = await parse(request);
  if (!fields) return null;
  if (!is.record.accepts(body)) throw refused(path, 'its body is not a JSON object');
  const wrong = wrongField(body as object, fields);
  if (wrong) throw refused(path, `its ${wrong} is not ${fields[wrong]!.expected}`);
  return body;
}

/** Reads no more than it takes: who sends more is told so while still sending. */
async function parse(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > bodyLimit) throw tooLarge(request.url!);
    chunks.push(chunk);
  }
  if (bytes === 0) return null;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

export function tooLarge(path: string): SeamkitError {
  return refused(path, `its body is larger than ${bodyLimit} bytes`);
}

function refused(path: string, why: string): SeamkitError {
  return new SeamkitError('KEEPER_FAILED', `the keeper does not take this ${path}: ${why}`, {
    hint: 'if a kit of your own sends it, see keeper/protocol.ts; else please report a bug of Seamkit',
  });
}

function wrongField(value: object, fields: Record<string, OptionCheck>): string | undefined {
  return Object.keys(fields).find((name) => !fields[name]!.accepts(value[name as never]));
}

function object<T>(fields: Fields<T>): OptionCheck {
  return check(
    `an object with ${Object.keys(fields).join(', ')} as in keeper/protocol.ts`,
    (value) => is.record.accepts(value) && !wrongField(value as object, fields),
  );
}

function maybe({ expected, accepts }: OptionCheck): OptionCheck {
  return check(expected, (value) => value === undefined || accepts(value));
}

function listOf({ expected, accepts }: OptionCheck): OptionCheck {
  return check(`a list of ${expected}`, (value) => Array.isArray(value) && value.every(accepts));
}

function recordOf({ expected, accepts }: OptionCheck): OptionCheck {
  return check(
    `an object of ${expected}`,
    (value) => is.record.accepts(value) && Object.values(value as object).every(accepts),
  );
}
