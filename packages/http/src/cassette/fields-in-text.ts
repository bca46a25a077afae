/**
 * Calls `change` for each name and value within text: `password=…`, `"token": "…"`,
 * `<secret>…</secret>`, `Invalid API key: …`.
 */
export function fieldsInText(
  text: string,
  change: (name: string, value: string) => string,
): string {
  const replace = (whole: string, name: string, value: string) => {
    const at = whole.lastIndexOf(value);
    return whole.slice(0, at) + change(name, value) + whole.slice(at + value.length);
  };
  return pairs.reduce((clean, pattern) => clean.replace(pattern, replace), text);
}

/** Starts at a boundary, for speed and for whole names; the n of an escaped line break is no part of it. */
const name = String.raw`(?<![\w.-])(?:(?<=\\)[nrt])?([\w.-]{2,60})`;
/** A secret's name in a sentence. */
const phrase = String.raw`((?:(?:api|access|secret|private|auth|client|security|signing|session|card)\s+)?(?:key|token|code|secret|password|passphrase|number|id)s?)`;

/** Each finds a name and its value, the last thing that it matches. */
const pairs = [
  // "token": "…", also with the quotes escaped
  new RegExp(String.raw`${name}\\*["']\s*(?::|=>?)\s*\\*"((?:[^"\\]|\\[^"])+)`, 'g'),
  new RegExp(String.raw`${name}\\*["']?\s*(?::|=>?)\s*\\*'([^'\\]+)`, 'g'),
  // token="…"
  new RegExp(String.raw`${name}\s*[=:]\s*\\*"([^"\\]+)`, 'g'),
  // token=…, token: …
  new RegExp(
    String.raw`${name}\\*["']?\s*(?:=>?|:(?!//))\s*(?!(?:Bearer|Basic|Token)\s)([^\s"'&,;<>(){}[\]\\]+)`,
    'gi',
  ),
  // <token>…</token>
  new RegExp(String.raw`<(?:[\w-]{1,30}:)?${name}(?:\s[^<>]*)?>([^<>]+)(?=</)`, 'g'),
  // <meta name="csrf-token" content="…">, <input name="token" value="…">
  new RegExp(
    String.raw`\bname\s*=\s*["']?${name}["']?[^<>]{0,200}?\b(?:value|content)\s*=\s*["']([^"']+)`,
    'g',
  ),
  // Invalid API key provided: …
  new RegExp(String.raw`\b${phrase}(?:\s+\w+){0,2}\s*[:=]\s*["'\x60]?([^\s"'\x60<>]+)`, 'gi'),
  // The token '…' has expired
  new RegExp(String.raw`\b${phrase}\s+\\*["'\x60]([^"'\x60\\]+)`, 'gi'),
];
