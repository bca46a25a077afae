import type { Headers } from './content';
import { decodePercent } from './encodings';
import { labelOf, type Redactor } from './redactor';
import { looksRandom } from './secret-names';
import { isPlaceholder, placeholder } from './secret-shapes';

/** The value of a header: cookies keep their names, credentials their scheme. */
export function redactHeader(redactor: Redactor, name: string, value: string): string {
  const lower = name.toLowerCase();
  if (lower === 'cookie') {
    return value
      .split(';')
      .map((pair) => redactCookie(redactor, pair))
      .join(';');
  }
  if (lower === 'set-cookie') {
    const [pair = '', ...attributes] = value.split(';');
    return [redactCookie(redactor, pair), ...attributes].join(';');
  }
  if (redactor.kindOf(name) === 'secret') {
    const [, scheme = '', rest = ''] = /^(\S+\s+)?(.*)$/s.exec(value) ?? [];
    if (isPlaceholder(rest) && schemes.test(scheme)) return value;
    if (isPlaceholder(value)) return value;
    return `${schemes.test(scheme) ? scheme : ''}${placeholder(labelOf(lower))}`;
  }
  if (/^(location|content-location|referer|origin|refresh)$/.test(lower)) {
    return redactUrl(redactor, value);
  }
  if (lower === 'link') {
    return value.replace(/<([^<>]*)>/g, (_, url) => `<${redactUrl(redactor, url)}>`);
  }
  return redactor.field(name, value);
}

/** With their white space. Anything else in front of credentials may be a part of them. */
const schemes =
  /^(?:$|(?:basic|bearer|digest|token|apikey|api-key|key|negotiate|ntlm|hoba|mutual|dpop|aws4-hmac-sha256|signature|oauth)\s+$)/i;

function redactCookie(redactor: Redactor, pair: string): string {
  const [, before = '', name = '', value = ''] = /^(\s*)([^=]*)=(.*)$/s.exec(pair) ?? [];
  if (name === '') return pair.trim() === '' ? pair : placeholder('cookie');
  // An empty cookie is a cookie's end, which a test may be about.
  if (value === '' || isPlaceholder(value)) return pair;
  return `${before}${redactor.text(name)}=${placeholder('cookie')}`;
}

/** Absolute or not. What is not secret keeps its spelling. */
export function redactUrl(redactor: Redactor, url: string): string {
  const [, base = '', query, fragment] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  const [, origin = '', path = ''] = /^([a-z][a-z0-9+.-]*:\/\/[^/]*)?(.*)$/is.exec(base) ?? [];
  return [
    origin && redactor.text(origin),
    redactPath(redactor, path),
    query && `?${redactForm(redactor, query.slice(1))}`,
    fragment &&
      (fragment.includes('=')
        ? `#${redactForm(redactor, fragment.slice(1))}`
        : redactor.text(fragment)),
  ].join('');
}

/** A segment may be a secret by its shape, or by the segment before it: `/reset/9f8a…`. */
function redactPath(redactor: Redactor, path: string): string {
  let before = '';
  const segments = path.split('/').map((segment) => {
    const plain = decodePercent(segment);
    const clean =
      redactor.kindOf(before) !== 'plain' && looksRandom(plain)
        ? placeholder(labelOf(before))
        : redactor.text(plain);
    before = plain;
    return clean === plain ? segment : encodeURIComponent(clean);
  });
  const joined = segments.join('/');
  // A secret may hold slashes.
  const whole = redactor.known.redact(decodePercent(joined));
  return whole === decodePercent(joined) ? joined : encodeURI(whole);
}

/** `a=1&b=2`: a query, or a form. What is not secret keeps its spelling. */
export function redactForm(redactor: Redactor, form: string): string {
  return form
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=');
      if (at < 0) return encodeChanged(pair, (text) => redactor.text(text));
      const name = decodeForm(pair.slice(0, at));
      const spelled = encodeChanged(pair.slice(0, at), (text) => redactor.text(text));
      return `${spelled}=${encodeChanged(pair.slice(at + 1), (text) => redactor.field(name, text))}`;
    })
    .join('&');
}

function encodeChanged(encoded: string, change: (text: string) => string): string {
  const plain = decodeForm(encoded);
  const changed = change(plain);
  return changed === plain ? encoded : encodeURIComponent(changed);
}

export function decodeForm(text: string): string {
  return decodePercent(text.replaceAll('+', ' '));
}

export function redactHeaders(redactor: Redactor, headers: Headers): Headers {
  return headers.map(([name, value]) => [redactor.text(name), redactHeader(redactor, name, value)]);
}
