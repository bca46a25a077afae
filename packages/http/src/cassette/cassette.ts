import { checkOptions, is, SeamkitError } from '@seamkit/core';
import type { HttpRequest, HttpResponse, Interaction } from '../interaction';
import { readCassette, replaceFile, writeCassette } from './cassette-file';
import { type Entry, fromEntry, toEntry, toRequestEntry } from './entry';
import type { SecretsOption } from './known-secrets';
import {
  differences,
  distance,
  type Facets,
  facetsOf,
  type MatchOptions,
  sameFacets,
} from './matching';
import { type RedactOptions, Redactor } from './redactor';

export interface CassetteOptions {
  /** Path of the YAML file. */
  file: string;
  /**
   * - `replay`: answers what is recorded, and nothing else;
   * - `record`: answers what is recorded, and adds what is not;
   * - `refresh`: forgets what is recorded, and records anew.
   */
  mode: 'replay' | 'record' | 'refresh';
  redact?: RedactOptions;
  /**
   * Secrets by value: names of environment variables, or names with values. They are replaced in
   * every encoding, and a recording that still holds one is refused. Environment variables with a
   * secret's name and a random value are known without being named.
   */
  secrets?: SecretsOption;
  match?: MatchOptions;
}

export type Answer = { response: HttpResponse } | { miss: string };

interface Slot {
  entry: Entry;
  facets: Facets;
  used: boolean;
}

/**
 * Opens a cassette; writes nothing before `save`.
 * @throws SeamkitError `OPTION_INVALID`; `STATE_INVALID` where the file is no cassette, or is missing
 * in replay
 */
export async function openCassette(options: CassetteOptions): Promise<Cassette> {
  checkCassetteOptions(options);
  const { file, mode, redact, secrets, match } = options;
  const redactor = Redactor.with(redact, secrets, mode !== 'replay');
  const entries = await readCassette(file);
  if (!entries && mode === 'replay') {
    throw new SeamkitError('STATE_INVALID', `there is no cassette ${file}`, {
      hint: "record it: mode: 'record'",
    });
  }
  return new Cassette(file, mode, redactor, match ?? {}, entries ?? []);
}

/** @throws SeamkitError `OPTION_INVALID` */
export function checkCassetteOptions(options: CassetteOptions): void {
  checkOptions('cassette', options as {}, {
    file: is.string,
    mode: is.oneOf('replay', 'record', 'refresh'),
    redact: is.record,
    secrets: is.either(is.list, is.record),
    match: is.record,
  });
  if (!options.file || !options.mode) {
    throw new SeamkitError('OPTION_INVALID', "a cassette needs 'file' and 'mode'");
  }
  checkOptions('cassette redact:', (options.redact ?? {}) as {}, {
    names: is.list,
    patterns: is.list,
    keep: is.list,
  });
  checkOptions('cassette match:', (options.match ?? {}) as {}, {
    order: is.boolean,
    body: is.boolean,
    query: is.boolean,
    headers: is.list,
    ignore: is.list,
  });
}

/** Recorded interactions of one file. Calls may overlap; each interaction is answered once. */
export class Cassette {
  readonly file: string;
  readonly mode: CassetteOptions['mode'];
  readonly #redactor: Redactor;
  readonly #match: MatchOptions;
  readonly #slots: Slot[] = [];
  #last = -1;
  #changed = false;

  constructor(
    file: string,
    mode: CassetteOptions['mode'],
    redactor: Redactor,
    match: MatchOptions,
    entries: readonly Entry[],
  ) {
    this.file = file;
    this.mode = mode;
    this.#redactor = redactor;
    this.#match = match;
    if (mode !== 'refresh') for (const entry of entries) this.#slots.push(this.#slot(entry));
  }

  /** The recorded interactions, without their secrets. */
  get interactions(): Interaction[] {
    return this.#slots.map(({ entry }) => fromEntry(entry));
  }

  /**
   * The recorded answer, which is then used up; or what the request lacked to be one of those
   * recorded, in words without secrets.
   * @throws SeamkitError `UNSUPPORTED` where the body cannot be unpacked
   */
  answer(request: HttpRequest): Answer {
    const entry = toRequestEntry(request, this.#redactor);
    const facets = facetsOf(entry, this.#match);
    const from = this.#match.order ? this.#last + 1 : 0;
    const index = this.#slots.findIndex(
      (slot, at) => at >= from && !slot.used && sameFacets(slot.facets, facets),
    );
    const slot = this.#slots[index];
    if (!slot) return { miss: this.#miss(entry, facets) };
    slot.used = true;
    this.#last = index;
    return { response: fromEntry(slot.entry).response };
  }

  /**
   * Adds an interaction without its secrets; it counts as answered.
   * @throws SeamkitError `EXPECTATION_FAILED` where a known secret is left in it, `UNSUPPORTED`
   * where a body cannot be unpacked, `STATE_INVALID` in replay. Nothing is added then.
   */
  record(interaction: Interaction): void {
    if (this.mode === 'replay') {
      throw new SeamkitError('STATE_INVALID', `${this.file} is replayed, not recorded`, {
        hint: "use mode: 'record'",
      });
    }
    const entry = toEntry(interaction, this.#redactor);
    this.#refuseSecrets(writeCassette([entry]), `${entry.request.method} ${entry.request.url}`);
    this.#slots.push({ ...this.#slot(entry), used: true });
    this.#last = this.#slots.length - 1;
    this.#changed = true;
  }

  /** Every interaction can be answered again, for the next test. */
  rewind(): void {
    for (const slot of this.#slots) slot.used = false;
    this.#last = -1;
  }

  /** Text without secrets: for messages about requests. */
  redact(text: string): string {
    return this.#redactor.text(text);
  }

  /**
   * Writes the file if something was recorded: at once, or not at all. Not concurrently with itself.
   * @throws SeamkitError `EXPECTATION_FAILED` where a known secret is left in it (an earlier
   * recording may hold it), `FOLDER_UNUSABLE`
   */
  async save(): Promise<void> {
    if (!this.#changed) return;
    const text = writeCassette(this.#slots.map(({ entry }) => entry));
    this.#refuseSecrets(text, this.file);
    await replaceFile(this.file, text);
    this.#changed = false;
  }

  #slot(entry: Entry): Slot {
    return { entry, facets: facetsOf(entry.request, this.#match), used: false };
  }

  #refuseSecrets(text: string, what: string): void {
    const name = this.#redactor.known.find(text);
    if (name === undefined) return;
    const summary = `${this.#redactor.text(what)} still holds the secret ${name}: nothing was written`;
    throw new SeamkitError('EXPECTATION_FAILED', summary, {
      hint: 'name what hides it: redact: { names: […], patterns: […] }',
    });
  }

  #miss({ method, url }: Entry['request'], facets: Facets): string {
    const lines = [`${this.file} has no answer to ${method} ${url}`];
    let best: { index: number; distance: number } | undefined;
    for (const [index, slot] of this.#slots.entries()) {
      const far = distance(slot.facets, facets);
      if (!best || far < best.distance) best = { index, distance: far };
    }
    if (!best) return `${lines[0]}: it is empty`;
    const { entry, facets: recorded, used } = this.#slots[best.index]!;
    lines.push(
      `nearest: interaction ${best.index + 1}, ${entry.request.method} ${entry.request.url}`,
    );
    if (best.distance === 0) {
      const times = this.#slots.filter((slot) => sameFacets(slot.facets, facets)).length;
      lines.push(
        used
          ? `  it was answered already (recorded ${times === 1 ? 'once' : `${times} times`})`
          : `  it comes before interaction ${this.#last + 1}, which was answered already`,
      );
    }
    const different = differences(recorded, facets);
    lines.push(...different.slice(0, 10).map((line) => `  ${line}`));
    if (different.length > 10) lines.push(`  and ${different.length - 10} more`);
    return lines.join('\n');
  }
}
