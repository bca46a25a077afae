import { checkOptions, is, SeamkitError } from '@seamkit/core';
import type { HttpRequest, HttpResponse, Interaction } from '../interaction';
import { readCassette, replaceFile, writeCassette } from './cassette-file';
import { type Entry, fromEntry, toEntry, toRequestEntry } from './entry';
import type { SecretsOption } from './known-secrets';
import { differences, distance, type Facets, facetsOf, keyOf, type MatchOptions } from './matching';
import { type RedactOptions, Redactor } from './redactor';

export const cassetteModes = ['replay', 'record', 'refresh'] as const;

export interface CassetteOptions {
  /** Path of the YAML file. */
  file: string;
  /**
   * - `replay`: answers what is recorded, and nothing else;
   * - `record`: answers what is recorded, and adds what is not;
   * - `refresh`: forgets what is recorded, and records anew.
   */
  mode: (typeof cassetteModes)[number];
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
  /** Its place in the file. */
  index: number;
  entry: Entry;
  facets: Facets;
  /** Equal for slots that answer the same requests. */
  key: string;
  response: HttpResponse;
  used: boolean;
}

/** Slots that answer the same requests, in their order; those before `next` are used up. */
interface Alike {
  slots: Slot[];
  next: number;
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
    mode: is.oneOf(...cassetteModes),
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
  /** Headers that say what a body is, and those that are compared. */
  readonly #headers: Set<string>;
  readonly #slots: Slot[] = [];
  readonly #byKey = new Map<string, Alike>();
  /** The key of each recorded request, by its letters. */
  readonly #keys = new Map<string, string>();
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
    const names = ['content-type', 'content-encoding', ...(match.headers ?? [])];
    this.#headers = new Set(names.map((name) => name.toLowerCase()));
    if (mode !== 'refresh') for (const entry of entries) this.#add(entry);
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
    const comparable = this.#comparable(request);
    // What stands in the file to the letter is free of secrets: looking for them is most of the work.
    let key = this.#keys.get(lettersOf(comparable));
    if (key === undefined) {
      const entry = toRequestEntry(comparable, this.#redactor);
      key = keyOf(facetsOf(entry, this.#match));
    }
    const slot = this.#next(key);
    if (!slot) return { miss: this.#miss(toRequestEntry(comparable, this.#redactor)) };
    slot.used = true;
    this.#last = slot.index;
    return { response: slot.response };
  }

  #next(key: string): Slot | undefined {
    const alike = this.#byKey.get(key);
    if (!alike) return undefined;
    const from = this.#match.order ? this.#last + 1 : 0;
    const { slots } = alike;
    while (slots[alike.next] && (slots[alike.next]!.used || slots[alike.next]!.index < from)) {
      alike.next++;
    }
    return slots[alike.next];
  }

  #comparable(request: HttpRequest): HttpRequest {
    const headers = request.headers.filter(([name]) => this.#headers.has(name.toLowerCase()));
    return { ...request, headers };
  }

  /**
   * Adds an interaction without its secrets; it counts as answered.
   * @throws SeamkitError `EXPECTATION_FAILED` where a known secret is left in it, `UNSUPPORTED`
   * where a body cannot be unpacked, `STATE_INVALID` in replay or where it is too large to be read
   * again. Nothing is added then.
   */
  record(interaction: Interaction): void {
    if (this.mode === 'replay') {
      throw new SeamkitError('STATE_INVALID', `${this.file} is replayed, not recorded`, {
        hint: "use mode: 'record'",
      });
    }
    const entry = toEntry(interaction, this.#redactor);
    this.#refuseSecrets(
      writeCassette(this.file, [entry]),
      `${entry.request.method} ${entry.request.url}`,
    );
    const slot = this.#add(entry);
    slot.used = true;
    this.#last = slot.index;
    this.#changed = true;
  }

  /** Every interaction can be answered again, for the next test. */
  rewind(): void {
    for (const slot of this.#slots) slot.used = false;
    for (const alike of this.#byKey.values()) alike.next = 0;
    this.#last = -1;
  }

  /** Text without secrets: for messages about requests. */
  redact(text: string): string {
    return this.#redactor.text(text);
  }

  /**
   * Writes the file if something was recorded: at once, or not at all. Not concurrently with itself.
   * @throws SeamkitError `EXPECTATION_FAILED` where a known secret is left in it (an earlier
   * recording may hold it), `STATE_INVALID` where it is too large to be read again, `FOLDER_UNUSABLE`
   */
  async save(): Promise<void> {
    if (!this.#changed) return;
    const text = writeCassette(
      this.file,
      this.#slots.map(({ entry }) => entry),
    );
    this.#refuseSecrets(text, this.file);
    await replaceFile(this.file, text);
    this.#changed = false;
  }

  #add(entry: Entry): Slot {
    const facets = facetsOf(entry.request, this.#match);
    const key = keyOf(facets);
    const { request, response } = fromEntry(entry);
    const slot = { index: this.#slots.length, entry, facets, key, response, used: false };
    this.#slots.push(slot);
    const alike = this.#byKey.get(key);
    if (alike) alike.slots.push(slot);
    else this.#byKey.set(key, { slots: [slot], next: 0 });
    this.#keys.set(lettersOf(this.#comparable(request)), key);
    return slot;
  }

  #refuseSecrets(text: string, what: string): void {
    const name = this.#redactor.known.find(text);
    if (name === undefined) return;
    const summary = `${this.#redactor.text(what)} still holds the secret ${name}: nothing was written`;
    throw new SeamkitError('EXPECTATION_FAILED', summary, {
      hint: 'name what hides it: redact: { names: […], patterns: […] }',
    });
  }

  #miss(request: Entry['request']): string {
    const facets = facetsOf(request, this.#match);
    const lines = [`${this.file} has no answer to ${request.method} ${request.url}`];
    let best: { slot: Slot; distance: number } | undefined;
    for (const slot of this.#slots) {
      const far = distance(slot.facets, facets);
      if (!best || far < best.distance) best = { slot, distance: far };
    }
    if (!best) return `${lines[0]}: it is empty`;
    const { index, entry, facets: recorded, key, used } = best.slot;
    lines.push(`nearest: interaction ${index + 1}, ${entry.request.method} ${entry.request.url}`);
    if (best.distance === 0) {
      const times = this.#byKey.get(key)!.slots.length;
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

/** All of a request that may be compared, as one text. */
function lettersOf({ method, url, headers, body }: HttpRequest): string {
  const named = headers.map(([name, value]) => `${name.toLowerCase()}: ${value}\n`).sort();
  return `${method.toUpperCase()} ${url}\n${named.join('')}\n${body.toString('latin1')}`;
}
