/**
 * The closed list of what can go wrong. Programs act on `code`; people read `hint`.
 * Each code has a heading in `docs/errors.md`; a test keeps the two in step.
 */
export const errorCodes = [
  'OPTION_INVALID',
  'VERSION_UNAVAILABLE',
  'URL_INVALID',
  'HOST_REFUSED',
  'NOT_STARTED',
  'RUNNER_UNKNOWN',
  'RUNTIME_UNAVAILABLE',
  'BINARY_NOT_FOUND',
  'DOWNLOAD_FAILED',
  'START_FAILED',
  'START_TIMEOUT',
  'SERVER_UNREACHABLE',
  'SERVER_MISMATCH',
  'PERMISSION_MISSING',
  'LIMIT_REACHED',
  'PREPARE_FAILED',
  'PREPARE_TIMEOUT',
  'RESET_FAILED',
  'BASELINE_LOST',
  'UNSUPPORTED',
  'SERVER_ENDED',
  'KEEPER_FAILED',
  'KIT_REFUSED',
  'STATE_INVALID',
  'FOLDER_UNUSABLE',
  'TIMEOUT',
  'EXPECTATION_FAILED',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorDetails {
  /** The next thing to do, as a sentence or a command to type. */
  hint?: string;
  cause?: unknown;
  /** What was tried, in order; printed as a list. */
  tried?: readonly string[];
  /** The server's last lines. */
  log?: readonly string[];
}

/** What a `SeamkitError` is on the way between processes. */
export interface ErrorData extends Omit<ErrorDetails, 'cause'> {
  code: ErrorCode;
  summary: string;
}

const brand = Symbol.for('seamkit.error');

/**
 * The only error that Seamkit throws on purpose. `instanceof` holds across copies of the package
 * (each Jest test file loads its own).
 */
export class SeamkitError extends Error {
  override readonly name = 'SeamkitError';
  readonly code: ErrorCode;
  /** What happened, without the lists that `message` adds. */
  readonly summary: string;
  readonly hint?: string;
  readonly tried?: readonly string[];
  readonly log?: readonly string[];
  readonly [brand] = true;

  constructor(code: ErrorCode, summary: string, details: ErrorDetails = {}) {
    super(render(code, summary, details), { cause: details.cause });
    this.code = code;
    this.summary = summary;
    this.hint = details.hint;
    this.tried = details.tried;
    this.log = details.log;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }

  toData(): ErrorData {
    const { code, summary, hint, tried, log } = this;
    return { code, summary, hint, tried, log };
  }

  static fromData({ code, summary, ...details }: ErrorData): SeamkitError {
    return new SeamkitError(code, summary, details);
  }

  /** `error` itself where it is ours already, else `error` wrapped as the cause of a new one. */
  static wrap(error: unknown, code: ErrorCode, summary: string, details: ErrorDetails = {}) {
    if (error instanceof SeamkitError) return error;
    const reason = error instanceof Error ? error.message || error.name : String(error);
    const { code: system } = (error ?? {}) as NodeJS.ErrnoException;
    const tooMany = system === 'EMFILE' || system === 'ENFILE';
    const hint = tooMany ? 'let a process open more files: ulimit -n 1024' : details.hint;
    return new SeamkitError(code, `${summary}: ${reason}`, { ...details, hint, cause: error });
  }
}

function render(code: ErrorCode, summary: string, { hint, tried, log }: ErrorDetails): string {
  const parts = [`${summary} [${code}]`];
  if (tried?.length) parts.push(['Tried:', ...tried.map((line) => `  - ${line}`)].join('\n'));
  if (log?.length) parts.push(['Last log lines:', ...log.map((line) => `  | ${line}`)].join('\n'));
  if (hint) parts.push(`Next: ${hint}`);
  return parts.join('\n');
}
