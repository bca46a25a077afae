/** A connection string to show to people: what is secret in it by its place or its name is left out. */
export function withoutPassword(url: string): string {
  return url
    .replace(/(?<=^[^/]*:\/\/[^/?#]*?):[^/?#]*(?=@)/, ':***')
    .replace(/(?<=[?&][^=&]*(?:password|passwd|secret|token|key)[^=&]*=)[^&#]*/gi, '***');
}
