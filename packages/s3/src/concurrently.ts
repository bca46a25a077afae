/** Runs `work` on every item, at most `limit` at a time. Rejects with the first failure. */
export async function concurrently<Item, R>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
