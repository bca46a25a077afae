/** A form by which a secret is known wherever it stands. */
export interface Shape {
  label: string;
  /** Global. */
  pattern: RegExp;
  /** Whether this is one indeed; or the label for it. */
  proof?(match: string): boolean | string;
  /** What of the match stays in front of the placeholder. */
  keep?(match: string): string;
}

/** Vendors' keys that start with a mark of their own. */
const marked = [
  // Stripe and those that copied its style
  /(?:sk|rk|pk|ek|ak|key|secret|api)_(?:live|test|prod|sandbox)_[A-Za-z0-9]{8,}/,
  /whsec_[\w+/=]{16,}/,
  /[a-z]{2,10}_\w{6,}_secret_\w{6,}/,
  // Code hosting, packages, CI
  /gh[a-z]_[A-Za-z0-9]{20,}/,
  /github_pat_\w{20,}/,
  /gl[a-z]{2,5}-[\w-]{16,}/,
  /npm_[A-Za-z0-9]{30,}/,
  /pypi-[\w-]{30,}/,
  /ATATT3[\w=-]{20,}/,
  /dckr_pat_[\w-]{20,}/,
  // Chat, mail, telephone
  /xox[a-z]-[\w-]{10,}/,
  /xapp-[\w-]{10,}/,
  /SG\.[\w-]{16,}\.[\w-]{16,}/,
  /key-[0-9a-f]{32}/,
  /SK[0-9a-f]{32}/,
  /(?:bot)?\d{8,10}:AA[\w-]{30,}/,
  /[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,}/,
  // Clouds
  /(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{12,}/,
  /AIza[\w-]{35}/,
  /ya29\.[\w-]{20,}/,
  /1\/\/0[\w-]{20,}/,
  /GOCSPX-[\w-]{20,}/,
  /do[a-z]_v1_[0-9a-f]{64}/,
  /dapi[0-9a-f]{32}/,
  /hv[sbr]\.[\w-]{20,}/,
  /FwoGZXIvYXdz[\w+/=]{16,}/,
  // Shops, payment, models, the rest
  /shp[a-z]{2}_[0-9a-fA-F]{32}/,
  /sq0[a-z]{3}-[\w-]{22,}/,
  /EAAA[\w-]{40,}/,
  /sk-[\w-]{20,}/,
  /hf_[A-Za-z0-9]{20,}/,
  /(?:lin_api|ntn|secret|figd|sbp|rnd|pscale_tkn|pscale_pw|sentry|sntrys|re|r8)_[A-Za-z0-9]{24,}/,
  /PMAK-[\w-]{30,}/,
  /AGE-SECRET-KEY-1[A-Z0-9]{50,}/,
];

export const shapes: readonly Shape[] = [
  {
    label: 'private-key',
    pattern:
      /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  },
  // Both signed (3 parts) and encrypted (5 parts) ones.
  { label: 'jwt', pattern: /(?<![\w-])eyJ[\w-]{6,}(?:\.[\w-]*){2,4}/g },
  {
    label: 'key',
    pattern: new RegExp(`(?<![A-Za-z0-9])(?:${marked.map(({ source }) => source).join('|')})`, 'g'),
  },
  {
    label: 'credentials',
    pattern: /\b(?:Bearer|Basic|Token|Negotiate|ApiKey|Api-Key)\s+(?!REDACTED)[\w.~+/=-]{8,}/gi,
    // `basic information` is prose.
    proof: (match) => !/^(?!bearer)[\w-]+\s+[a-z]{1,16}$/i.test(match),
    keep: (match) => /^\S+\s+/.exec(match)![0],
  },
  {
    label: 'userinfo',
    pattern: /(?<=[a-z][a-z0-9+.-]{1,20}:\/\/)(?!REDACTED)[^\s/?#@"'<>\\]+(?=@)/gi,
  },
  {
    label: 'webhook',
    pattern: /(?<=hooks\.slack\.com\/(?:services|workflows)\/)(?!REDACTED)[\w/-]+/g,
  },
  {
    label: 'card',
    pattern: /(?<![A-Za-z\d.])[2-6](?:[ -]?\d){12,21}(?![A-Za-z\d]|\.\d)/g,
    proof(match) {
      const digits = cardIn(match);
      return digits !== undefined && `card-${digits.slice(-4)}`;
    },
  },
];

const cards =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|35\d{14}|6(?:011|4[4-9]\d|5\d\d|2\d\d)\d{12,15})$/;

/** The card number among groups of digits: an expiry date may stand next to it. */
function cardIn(text: string): string | undefined {
  const groups = text.split(/[ -]/);
  for (let from = 0; from < groups.length; from++) {
    for (let to = groups.length; to > from; to--) {
      const digits = groups.slice(from, to).join('');
      if (isCard(digits)) return digits;
    }
  }
  return undefined;
}

/** A network's prefix and length, and a check digit by Luhn's formula. */
export function isCard(digits: string): boolean {
  if (!cards.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits.at(-1 - index));
    sum += index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

const anything = /REDACTED-[\w-]+/g;

/** `text` with every secret of a known shape replaced. */
export function redactShapes(text: string, shapesOfUser: readonly RegExp[]): string {
  let clean = text;
  for (const { label, pattern, proof, keep } of shapes) {
    clean = clean.replace(pattern, (match) => {
      if (match.replace(anything, '').length < 4) return match;
      const proven = proof ? proof(match) : true;
      if (!proven) return match;
      return `${keep?.(match) ?? ''}${placeholder(proven === true ? label : proven)}`;
    });
  }
  for (const pattern of shapesOfUser) clean = clean.replace(pattern, placeholder('custom'));
  return clean;
}

/** Letters that need no escape in a url, a header, JSON or YAML. */
export function placeholder(label: string): string {
  return `REDACTED-${label}`;
}

/** A card keeps its last digits, by which requests differ; other placeholders are all one. */
export function unifyPlaceholders(text: string): string {
  return text.replace(/REDACTED-(?!card-\d{4})[\w-]+/g, 'REDACTED');
}

export function isPlaceholder(text: string): boolean {
  return /^REDACTED-[\w-]+$/.test(text);
}

export function isCardPlaceholder(text: string): boolean {
  return /^REDACTED-card-\d{4}$/.test(text);
}
