/** A text as one word of a command that a person or a shell reads; quoted only where it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./?=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
