import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { is, SeamkitError, variable } from '@seamkit/core';
import {
  type Answer,
  type Cassette,
  type CassetteOptions,
  checkCassetteOptions,
  openCassette,
} from './cassette';
import { cassetteModes } from './cassette/cassette';
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
 * What a cassette setting means here and now. `folder` is where a relative path begins.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function cassetteOptions(setting: CassetteSetting, folder: string): CassetteOptions {
  const named = typeof setting === 'string' ? { file: setting } : setting;
  const given = { ...named, file: named.file && resolve(folder, named.file) };
  const wanted =
    given.mode ?? variable('SEAMKIT_CASSETTE', process.env, is.oneOf(...cassetteModes));
  const replayed = process.env.CI !== undefined || existsSync(given.file);
  const mode = (wanted ?? (replayed ? 'replay' : 'record')) as CassetteOptions['mode'];
  const options = { ...given, mode };
  checkCassetteOptions(options);
  return options;
}

/** Answers from a cassette, and where that may record, from the real server. */
export class Playback {
  readonly #cassette: Cassette;

  private constructor(cassette: Cassette) {
    this.#cassette = cassette;
  }

  /** @throws SeamkitError as `openCassette` */
  static async open(setting: CassetteSetting, folder: string): Promise<Playback> {
    return new Playback(await openCassette(cassetteOptions(setting, folder)));
  }

  /** The answer, or why there is none, in words without secrets. At once, where it is recorded. */
  answer(request: HttpRequest): Answer | Promise<Answer> {
    try {
      const answer = this.#cassette.answer(request);
      if ('response' in answer || this.#cassette.mode === 'replay') return answer;
    } catch (error) {
      return this.#problem(request, error);
    }
    return this.#record(request).catch((error) => this.#problem(request, error));
  }

  async #record(request: HttpRequest): Promise<Answer> {
    const response = await forward(request);
    this.#cassette.record({ request, response });
    return { response };
  }

  #problem({ method, url }: HttpRequest, error: unknown): Answer {
    const reason = error instanceof SeamkitError ? error.summary : (error as Error).message;
    const what = `${method} ${url} cannot be played or recorded: ${reason}`;
    return { miss: this.#cassette.redact(what) };
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
