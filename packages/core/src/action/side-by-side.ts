/**
 * Does the same for every item, at most `atMost` at a time, and gives the results in the order of the items. After a failure none
 * is begun any more; those under way are waited for, then the first failure is thrown.
 */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  atMost: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  let failed = false;
  const worker = async () => {
    for (const [at, item] of queue) {
      if (failed) return;
      try {
        results[at] = await act(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atMost, items.length) }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}
