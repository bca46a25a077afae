import { isPlainText } from './content';
import { insideBase64, insideGzip, insideHex, insidePercent } from './encodings';
import { fieldsInText } from './fields-in-text';
import { parseJson, writeJson } from './json-text';
import { KnownSecrets, type SecretsOption } from './known-secrets';
import { remember } from './remember';
import { isAmount, looksRandom, type NameKind, nameKind } from './secret-names';
import {
  isCard,
  isCardPlaceholder,
  isPlaceholder,
  placeholder,
  redactShapes,
} from './secret-shapes';

/** What is a secret beside what Seamkit knows, and what is none. */
export interface RedactOptions {
  /** Names of headers, fields and parameters whose values are secrets, in any case. */
  names?: readonly string[];
  /** Forms of secrets, found in any text. */
  patterns?: readonly RegExp[];
  /**
   * Names whose values are kept though they sound like secrets (`next_page_token`). Known secrets
   * and secrets by shape are still replaced in them.
   */
  keep?: readonly string[];
}

/**
 * Replaces secrets by placeholders, by name, by shape and by value. Redacting twice changes nothing
 * more. May run concurrently.
 */
export class Redactor {
  readonly known: KnownSecrets;
  readonly #names: Set<string>;
  readonly #keep: Set<string>;
  readonly #patterns: RegExp[];

  /** @throws SeamkitError `OPTION_INVALID` */
  constructor(redact: RedactOptions = {}, known = new KnownSecrets()) {
    this.known = known;
    this.#names = new Set(redact.names?.map((name) => name.toLowerCase()));
    this.#keep = new Set(redact.keep?.map((name) => name.toLowerCase()));
    this.#patterns = (redact.patterns ?? []).map(
      ({ source, flags }) => new RegExp(source, flags.includes('g') ? flags : `${flags}g`),
    );
  }

  static with(redact?: RedactOptions, secrets?: SecretsOption, required = true): Redactor {
    return new Redactor(redact, new KnownSecrets(secrets, { required }));
  }

  readonly kindOf: (name: string) => NameKind = remember((name) => {
    const lower = name.toLowerCase();
    if (this.#names.has(lower)) return 'secret';
    return this.#keep.has(lower) ? 'plain' : nameKind(name);
  });

  /** A value that stands under a name. */
  field(name: string, value: string): string {
    const kind = this.kindOf(name);
    if (value === '' || isPlaceholder(value)) return value;
    const clean = this.text(value);
    if (kind === 'secret') return isCardPlaceholder(clean) ? clean : placeholder(labelOf(name));
    if (kind === 'suspect' && looksRandom(clean)) return placeholder(labelOf(name));
    return clean;
  }

  /** JSON, or what looks like it: all that is below a secret's name, and every text and key. */
  json(value: unknown, name = ''): unknown {
    const kind = name === '' ? 'plain' : this.kindOf(name);
    if (typeof value === 'string') return this.field(name, value);
    if (typeof value === 'number' || typeof value === 'bigint') {
      const number = this.known.redact(String(value)) !== String(value) || isCard(String(value));
      return number || (kind === 'secret' && !isAmount(name)) ? 0 : value;
    }
    // Below a secret's name each leaf is one.
    const inherited = kind === 'secret' ? name : '';
    if (Array.isArray(value)) {
      return value.map((item) => this.json(item, inherited || name));
    }
    if (typeof value !== 'object' || value === null) return value;
    const named = nameIn(value);
    const key = 'kty' in value;
    return Object.fromEntries(
      Object.entries(value).map(([member, item]) => {
        const pair = named && member === 'value' ? named : undefined;
        const jwk = key && /^([dkpq]|d[pq]|qi)$/.test(member);
        const below = jwk
          ? 'private key'
          : (pair ?? (this.#underSecret(inherited, member) || member));
        return [this.text(member), this.json(item, below)];
      }),
    );
  }

  #underSecret(inherited: string, member: string): string | undefined {
    return inherited !== '' && this.kindOf(member) !== 'secret' ? inherited : undefined;
  }

  /** Any text: a header, a message of an error, a body of no known type. */
  text(text: string, depth = 0): string {
    if (text.length < 4 || isPlaceholder(text)) return text;
    return depth === 0 ? this.#plain(text) : this.#search(text, depth);
  }

  readonly #plain = remember((text) => this.#search(text, 0));

  #search(text: string, depth: number): string {
    const structured = depth < 4 ? this.#structured(text) : undefined;
    if (structured !== undefined) return structured;
    let clean = redactShapes(this.known.redact(text), this.#patterns);
    if (depth < 4) {
      clean = insidePercent(clean, (plain) => this.text(plain, depth + 1));
      clean = insideBase64(clean, (bytes) => this.bytes(bytes, depth + 1));
      clean = insideHex(clean, (bytes) => this.bytes(bytes, depth + 1));
    }
    return fieldsInText(clean, (name, value) => this.#pairValue(name, value));
  }

  /** JSON in text. Undefined where it is none. */
  #structured(text: string): string | undefined {
    if (!/^\s*[[{"]/.test(text)) return undefined;
    const value = parseJson(text);
    if (value === undefined) return undefined;
    const clean = this.json(value);
    return writeJson(clean) === writeJson(value) ? text : writeJson(clean);
  }

  /** The same bytes where they hold nothing secret. */
  bytes(bytes: Buffer, depth = 0): Buffer {
    return insideGzip(bytes, (plain) => {
      const utf8 = plain.toString('utf8');
      if (isPlainText(utf8)) {
        const clean = this.text(utf8, depth);
        return clean === utf8 ? plain : Buffer.from(clean);
      }
      // Not text: only what cannot be there by chance.
      const latin = plain.toString('latin1');
      const clean = redactShapes(this.known.redact(latin), this.#patterns);
      return clean === latin ? plain : Buffer.from(clean, 'latin1');
    });
  }

  #pairValue(name: string, value: string): string {
    if (value.startsWith('REDACTED-')) return value;
    const kind = this.kindOf(name);
    if (kind === 'secret' || (kind === 'suspect' && looksRandom(value))) {
      return placeholder(labelOf(name));
    }
    return value;
  }
}

/** `{ name: 'api_key', value: '…' }`: the name that another member gives to `value`. */
function nameIn(value: object): string | undefined {
  const { name, key, field, header, param } = value as Record<string, unknown>;
  return [name, key, field, header, param].find((item) => typeof item === 'string') as
    | string
    | undefined;
}

/** A name as part of a placeholder. */
export function labelOf(name: string): string {
  return (
    name
      .replace(/[^\w-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40) || 'secret'
  );
}
