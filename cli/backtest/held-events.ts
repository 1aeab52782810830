import { deflateRawSync, inflateRawSync } from "node:zlib";
import { type LogEvent, publishedTime, readLogEvent } from "../../lambda/core/okta/log-event.ts";

/** Events that are held until all have been read, to sort them by time. */
export interface HeldEvents {
  readonly add: (event: LogEvent) => void;
  readonly count: () => number;
  /** Events whose `published` is no time: they have no place in the order. */
  readonly untimed: () => number;
  /** The events by `published`, the earliest first; those of the same time in the order in which they were added. */
  readonly inOrder: () => Generator<LogEvent>;
}

/** Events that are compressed together. */
const blockSize = 32;
/** A block is some tens of kilobytes of similar text: a small window compresses it as well, in less time and memory. */
const packing = { level: 1, windowBits: 13, memLevel: 5 } as const;
/** The decompressed blocks at once: of sorted exports, also of several, each block is decompressed once. */
const openBlocks = 32;

/**
 * Holds events in memory, compressed to about a tenth of their JSON: a rule may match every event of a month. They are
 * personal data, and never written to disk.
 */
export function holdEvents(): HeldEvents {
  const times: number[] = [];
  const blocks: Buffer[] = [];
  let pending: string[] = [];
  let untimed = 0;

  const unpack = (block: number): readonly unknown[] => {
    const packed = blocks[block];
    const text = packed === undefined ? `[${pending.join(",")}]` : inflateRawSync(packed).toString("utf8");
    return JSON.parse(text);
  };

  return {
    add({ received, published }) {
      const time = publishedTime(published);
      if (Number.isNaN(time)) {
        untimed += 1;
        return;
      }
      times.push(time);
      pending.push(JSON.stringify(received));
      if (pending.length < blockSize) return;
      const packed = deflateRawSync(`[${pending.join(",")}]`, packing);
      // Memory of its own: Node.js's pool would be held as a whole for each block in it.
      const block = Buffer.allocUnsafeSlow(packed.length);
      packed.copy(block);
      blocks.push(block);
      pending = [];
    },
    count: () => times.length,
    untimed: () => untimed,
    *inOrder() {
      const order = Uint32Array.from(times.keys()).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
      const open = new Map<number, { readonly events: readonly unknown[]; left: number }>();
      for (const index of order) {
        const block = Math.floor(index / blockSize);
        const found = open.get(block);
        const [oldest] = open.keys();
        if (found === undefined && open.size >= openBlocks && oldest !== undefined) open.delete(oldest);
        const opened = found ?? { events: unpack(block), left: blockSize };
        opened.left -= 1;
        // Of events in order, a block is in memory up to its last one.
        if (opened.left === 0) open.delete(block);
        else if (found === undefined) open.set(block, opened);
        const event = readLogEvent(opened.events[index % blockSize]);
        if (event !== null) yield event;
      }
    },
  };
}
