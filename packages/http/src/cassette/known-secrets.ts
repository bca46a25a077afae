import { SeamkitError } from '@seamkit/core';
import { decodePercent, gunzip } from './encodings';
import { looksRandom, nameKind } from './secret-names';
import { placeholder } from './secret-shapes';

/** Names of environment variables, or names and values. */
export type SecretsOption = readonly string[] | Readonly<Record<string, string | undefined>>;

/** Secrets whose values are known: found in whatever encoding they stand. */
export class KnownSecrets {
  readonly #values: { name: string; value: string }[] = [];
  readonly #labels = new Map<string, string>();
  readonly #pattern?: RegExp;

  /**
   * Beside those named, the environment's own are known: variables whose name is a secret's and
   * whose value looks random.
   * @param required whether each named one must have a value (nothing can be searched otherwise)
   * @throws SeamkitError `OPTION_INVALID`; no value is ever part of its message
   */
  constructor(secrets: SecretsOption = [], { required = true, environment = process.env } = {}) {
    const named = isList(secrets)
      ? secrets.map((name, index): [string, string | undefined] => {
          if (typeof name !== 'string' || !/^[A-Z][A-Z0-9_]*$/i.test(name)) {
            throw refused(`secrets[${index}] is not the name of an environment variable`);
          }
          return [name, environment[name]];
        })
      : Object.entries(secrets);
    for (const [name, value] of named) {
      if (value) this.#add(name, value);
      else if (required) {
        throw refused(
          isList(secrets)
            ? `secrets[${secrets.indexOf(name)}] names an environment variable that is not set`
            : `the secret '${name}' has no value`,
        );
      }
    }
    for (const [name, value] of Object.entries(environment)) {
      if (value && nameKind(name) === 'secret' && looksRandom(value)) this.#add(name, value);
    }
    // The longest first: one may contain another.
    const variants = [...this.#labels.keys()].sort((a, b) => b.length - a.length);
    if (variants.length > 0) {
      this.#pattern = new RegExp(variants.map(escapePattern).join('|'), 'gi');
    }
  }

  #add(name: string, value: string): void {
    if (value.length < 6) {
      throw refused(
        `the secret '${name}' has fewer than 6 characters: it would be found everywhere`,
      );
    }
    this.#values.push({ name, value });
    const label = placeholder(name.replace(/[^\w-]/g, '_'));
    for (const variant of variantsOf(value)) this.#labels.set(variant.toLowerCase(), label);
  }

  /** `text` with each known secret replaced, in every encoding that stands for it directly. */
  redact(text: string): string {
    if (!this.#pattern) return text;
    return text.replace(this.#pattern, (match) => this.#labels.get(match.toLowerCase())!);
  }

  /** The name of a secret that `text` still holds, however deep it is packed, or broken by space. */
  find(text: string): string | undefined {
    if (this.#values.length === 0) return undefined;
    const seen = new Set<string>();
    let layer = [text];
    for (let depth = 0; depth < 5 && layer.length > 0; depth++) {
      const next: string[] = [];
      for (const layerText of layer) {
        if (seen.has(layerText)) continue;
        seen.add(layerText);
        const found = this.#in(layerText);
        if (found) return found;
        next.push(...unpacked(layerText));
      }
      layer = next;
    }
    return undefined;
  }

  #in(text: string): string | undefined {
    const match = this.#pattern && new RegExp(this.#pattern, 'i').exec(text);
    if (match) return this.#labels.get(match[0].toLowerCase())!.replace('REDACTED-', '');
    const dense = squeeze(text);
    return this.#values.find(({ value }) => dense.includes(squeeze(value)))?.name;
  }
}

/** Without what a line break, a quote or an escape may have put between. */
function squeeze(text: string): string {
  return text
    .replace(/\\[nrt]/g, '')
    .replace(/[\s\\"'|>]+/g, '')
    .toLowerCase();
}

/** What the packed pieces of `text` hold. */
function unpacked(text: string): string[] {
  const found: string[] = [];
  const percent = decodePercent(text);
  if (percent !== text) found.push(percent);
  const escapes = text.replace(/\\u([\da-f]{4})|\\x([\da-f]{2})|&#x([\da-f]+);/gi, (_, a, b, c) =>
    String.fromCharCode(Number.parseInt(a ?? b ?? c, 16)),
  );
  if (escapes !== text) found.push(escapes);
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{12,}={0,2}/g)) {
    found.push(...readings(Buffer.from(run, 'base64')));
  }
  for (const [run] of text.matchAll(/(?:[\da-f]{2}){6,}/gi)) {
    found.push(...readings(Buffer.from(run, 'hex')));
  }
  return found;
}

function readings(bytes: Buffer): string[] {
  const plain = gunzip(bytes) ?? bytes;
  return [plain.toString('latin1'), plain.toString('utf8'), plain.toString('utf16le')].filter(
    (text, index) => index !== 1 || text !== plain.toString('latin1'),
  );
}

/** The ways to write a value so that it stands for itself. */
function variantsOf(value: string): Set<string> {
  const bytes = Buffer.from(value);
  const json = JSON.stringify(value).slice(1, -1);
  const url = encodeURIComponent(value);
  const variants = [
    value,
    value.trim(),
    url,
    url.replaceAll('%20', '+'),
    new URLSearchParams([['', value]]).toString().slice(1),
    encodeURIComponent(url),
    [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    json,
    json.replaceAll('/', '\\/'),
    json.replaceAll('\\', '\\\\'),
    [...value]
      .map((character) => character.replace(/[&<>"']/g, (mark) => entities[mark]!))
      .join(''),
    [...value].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    bytes.toString('hex'),
  ];
  // base64 of text that the value stands in: at each of three offsets, less what its neighbours share.
  for (const offset of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    for (const encoding of ['base64', 'base64url'] as const) {
      variants.push(padded.toString(encoding).slice(from, to));
    }
  }
  return new Set(variants.filter((variant) => variant.length >= 6));
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

function isList(secrets: SecretsOption): secrets is readonly string[] {
  return Array.isArray(secrets);
}

function refused(summary: string): SeamkitError {
  return new SeamkitError('OPTION_INVALID', summary, {
    hint: "use secrets: ['STRIPE_KEY'] for environment variables, { stripe: value } for values",
  });
}
