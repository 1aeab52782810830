/**
 * Works on items, at most so many at the same time, in their order.
 *
 * @param limit at least 1
 * @throws what the first failed by; no item is started after it
 */
export async function atOnce<Item>(
  limit: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const pending = [...items].values();
  let hasFailed = false;
  const worker = async () => {
    for (const item of pending) {
      if (hasFailed) return;
      try {
        await work(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
