/** A statement of a text, without the semicolon. */
export interface Statement {
  /** Index of its first character that is neither space nor comment. */
  start: number;
  text: string;
}

/** What may hold a semicolon that ends nothing: comments, strings, quoted names, dollar quotes. */
const quoted =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([\p{L}_][\p{L}\p{N}_]*)?\$|;/suy;

/**
 * The statements of a text, for messages and for telling transaction commands. A body between
 * BEGIN ATOMIC and END counts as several.
 */
export function statements(sql: string): Statement[] {
  const found: Statement[] = [];
  let start = -1;
  const end = (index: number) => {
    if (start >= 0) found.push({ start, text: sql.slice(start, index).trimEnd() });
    start = -1;
  };
  for (let index = 0; index < sql.length; ) {
    quoted.lastIndex = index;
    const token = quoted.exec(sql);
    if (!token) {
      const word = /[\p{L}\p{N}_$]+|\s+|./suy;
      word.lastIndex = index;
      const [text] = word.exec(sql)!;
      if (start < 0 && text.trim()) start = index;
      index += text.length;
      continue;
    }
    const [text, tag] = token;
    if (text === ';') {
      end(index);
      index++;
    } else if (text.startsWith('--')) {
      index += text.length;
    } else if (text === '/*') {
      index = endOfComment(sql, index);
    } else {
      if (start < 0) start = index;
      index = text.startsWith('$') ? endOfDollarQuote(sql, index, tag) : index + text.length;
    }
  }
  end(sql.length);
  return found;
}

/** Comments nest. */
function endOfComment(sql: string, from: number): number {
  let depth = 0;
  for (let index = from; index < sql.length; index++) {
    if (sql.startsWith('/*', index)) {
      depth++;
      index++;
    } else if (sql.startsWith('*/', index)) {
      depth--;
      index++;
      if (depth === 0) return index + 1;
    }
  }
  return sql.length;
}

function endOfDollarQuote(sql: string, from: number, tag = ''): number {
  const mark = `$${tag}$`;
  const close = sql.indexOf(mark, from + mark.length);
  return close < 0 ? sql.length : close + mark.length;
}
