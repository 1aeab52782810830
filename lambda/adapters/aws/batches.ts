interface BatchLimits {
  readonly entries: number;
  readonly bytes: number;
}

/** Divides items, in their order, into batches within the limits; an item over the limits is a batch of its own. */
export function toBatches<Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => number,
  limits: BatchLimits,
): Item[][] {
  const batches: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === limits.entries || bytes + size > limits.bytes) {
      batches.push([item]);
      bytes = size;
    } else {
      batch.push(item);
      bytes += size;
    }
  }
  return batches;
}
