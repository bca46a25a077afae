export async function once(
  _key: unknown,
  _title: string,
  _build: (folder: string) => Promise<void>,
): Promise<string> {
  throw new Error('not yet');
}
