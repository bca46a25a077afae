import { existsSync } from 'node:fs';
import { SeamkitError } from '@seamkit/core';
import {
  type Answer,
  type Cassette,
  type CassetteOptions,
  checkCassetteOptions,
  openCassette,
} from './cassette';
import type { HttpRequest } from './interaction';
import { forward } from './upstream';

/** A cassette as a test names it: the file, or the file with more to say. */
export type CassetteSetting =
  | string
  | (Omit<CassetteOptions, 'mode'> & {
      /**
       * Default: `SEAMKIT_CASSETTE`; else `replay` in CI (where `CI` is set) and where the file
       * exists; else `record`.
       */
      mode?: CassetteOptions['mode'];
    });

/**
 * What a cassette setting means here and now.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function cassetteOptions(setting: CassetteSetting): CassetteOptions {
  const given = typeof setting === 'string' ? { file: setting } : setting;
  const mode = given.mode ?? (process.env.SEAMKIT_CASSETTE as CassetteOptions['mode'] | undefined);
  const replayed = process.env.CI !== undefined || existsSync(given.file);
  const options = { ...given, mode: mode || (replayed ? 'replay' : 'record') };
  checkCassetteOptions(options);
  return options;
}

/** Answers from a cassette, and where that may record, from the real server. */
export class Playback {
  readonly #cassette: Cassette;
  readonly #headers: Set<string>;

  private constructor(cassette: Cassette, compared: readonly string[] = []) {
    this.#cassette = cassette;
    const names = ['content-type', 'content-encoding', ...compared];
    this.#headers = new Set(names.map((name) => name.toLowerCase()));
  }

  /** @throws SeamkitError as `openCassette` */
  static async open(setting: CassetteSetting): Promise<Playback> {
    const options = cassetteOptions(setting);
    return new Playback(await openCassette(options), options.match?.headers);
  }

  /** The answer, or why there is none, in words without secrets. */
  async answer(request: HttpRequest): Promise<Answer> {
    try {
      const answer = this.#cassette.answer(this.#comparable(request));
      if ('response' in answer || this.#cassette.mode === 'replay') return answer;
      const response = await forward(request);
      this.#cassette.record({ request, response });
      return { response };
    } catch (error) {
      const reason = error instanceof SeamkitError ? error.summary : (error as Error).message;
      const what = `${request.method} ${request.url} cannot be played or recorded: ${reason}`;
      return { miss: this.#cassette.redact(what) };
    }
  }

  /** Without the headers that nobody compares: making those free of secrets is most of the work. */
  #comparable(request: HttpRequest): HttpRequest {
    const headers = request.headers.filter(([name]) => this.#headers.has(name.toLowerCase()));
    return { ...request, headers };
  }

  /** Every interaction can be answered again. */
  rewind(): void {
    this.#cassette.rewind();
  }

  /** Writes what was recorded. @throws SeamkitError as `Cassette.save` */
  save(): Promise<void> {
    return this.#cassette.save();
  }
}
