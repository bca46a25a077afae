const mark = '\u0000integer:';
const marked = /"\\u0000integer:(-?\d+)"/g;

/**
 * `JSON.parse` that keeps whole numbers beyond 2^53 exact, as bigint. Undefined where the text is
 * no JSON.
 */
export function parseJson(text: string): unknown {
  try {
    // A number token outside of strings: strings are matched first, and left as they are.
    const safe = text.replace(/"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g, (token) =>
      token.startsWith('"') || Number.isSafeInteger(Number(token))
        ? token
        : `"\\u0000integer:${token}"`,
    );
    if (safe === text) return JSON.parse(text);
    return JSON.parse(safe, (_, value) =>
      typeof value === 'string' && value.startsWith(mark)
        ? BigInt(value.slice(mark.length))
        : value,
    );
  } catch {
    return undefined;
  }
}

/** `JSON.stringify` for what `parseJson` returns. */
export function writeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(
    value,
    (_, item) => (typeof item === 'bigint' ? `${mark}${item}` : item),
    indent,
  );
  return text.replace(marked, '$1');
}
