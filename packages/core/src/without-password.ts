/** A connection string to show to people. */
export function withoutPassword(url: string): string {
  return url.replace(/(?<=^[^/]*:\/\/[^/?#]*?):[^/?#]*(?=@)/, ':***');
}
