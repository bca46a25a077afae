/** How much the name of a field says about its value. */
export type NameKind =
  /** The value is a secret, whatever it looks like. */
  | 'secret'
  /** The value is a secret if it looks like one. */
  | 'suspect'
  | 'plain';

/** Words, and words in a row (joined by a blank), that only name secrets. */
const secret = new Set(
  `password passwd pwd passphrase passcode passwort secret secrets token tokens jwt bearer apikey
  authorization auth credential credentials cookie cookies cvc cvv cvv2 cvn pin otp totp mfa ssn pan
  csrf xsrf csrftoken authtoken accesstoken refreshtoken idtoken sessionid phpsessid jsessionid
  sessid connectionstring privatekey secretkey accesskey accountkey signingkey clientsecret`.split(
    /\s+/,
  ),
);
const secretPairs = new Set([
  ...['api key', 'access key', 'private key', 'secret key', 'account key', 'signing key'],
  ...['encryption key', 'auth key', 'master key', 'license key', 'subscription key', 'shared key'],
  ...['connection string', 'session id', 'security code', 'card number', 'recovery code'],
  ...['backup code', 'verification code', 'pass word', 'pass phrase', 'client assertion'],
  ...['code verifier', 'device code', 'user code'],
]);

const suspect = new Set(
  `key keys code hash digest sig signature hmac salt nonce seed session sid ticket assertion
  verifier challenge state sas webhook invite invitation magic reset login account access license
  pass user username credentialid certificate cert dsn`.split(/\s+/),
);

/** The last word of names that only speak about a secret: `token_type`, `password_reset_url`. */
const about = new Set(
  `type types url urls uri endpoint expires expiry expiration expired ttl lifetime age in at count
  counts limit limits length format status method methods required enabled supported alg algorithm
  usage policy used remaining details`.split(/\s+/),
);
/** Words that make a number with a secret's name an amount: `max_tokens`, `prompt_tokens`. */
const amount = new Set(
  'max min total prompt completion input output cached reasoning audio text num number tokens'.split(
    ' ',
  ),
);

/** `accessToken`, `X-Access-Token` and `access_token` are the words access and token. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter(Boolean);
}

export function nameKind(name: string): NameKind {
  if (name.length > 100) return 'plain';
  const words = wordsOf(name);
  if (words.length === 0) return 'plain';
  const whole = words.join('');
  const named =
    secret.has(whole) ||
    words.some((word, at) => secret.has(word) || secretPairs.has(`${word} ${words[at + 1]}`));
  if (named) return about.has(words.at(-1)!) && words.length > 1 ? 'suspect' : 'secret';
  return words.some((word) => suspect.has(word)) ? 'suspect' : 'plain';
}

/** Whether a number below a secret's name counts something. */
export function isAmount(name: string): boolean {
  return wordsOf(name).some((word) => amount.has(word));
}

/**
 * Whether text looks made by chance: long, of more than one kind of character, and without the
 * repetition that words have.
 */
export function looksRandom(text: string): boolean {
  if (text.length < 16 || /\s/.test(text)) return false;
  if (/^[a-z]+:\/\//i.test(text) || /^\d{4}-\d\d-\d\d/.test(text)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(text)).length;
  if (kinds < 2) return false;
  // Words joined by a separator: `charge-created-2024`, `photos/summer.jpg`.
  const longest = Math.max(...text.split(/[-_/.:,=]/).map((piece) => piece.length));
  const uuid = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/i.test(text);
  return uuid || (longest >= 10 && entropy(text) >= 3);
}

/** Bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
