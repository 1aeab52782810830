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
/** The cache of decompressed blocks: sorted exports, also several at once, decompress each block once. */
const openBlocks = 64;

/**
 * Holds events in memory, compressed to about a tenth of their JSON: a rule may match every event of a month. They are
 * personal data, and never written to disk.
 */
export function holdEvents(): HeldEvents {
  const times: number[] = [];
  const blocks: Buffer[] = [];
  const unpacked = new Map<number, readonly unknown[]>();
  let pending: string[] = [];
  let untimed = 0;

  const unpack = (block: number): readonly unknown[] => {
    const found = unpacked.get(block);
    if (found !== undefined) return found;
    const packed = blocks[block];
    const text = packed === undefined ? `[${pending.join(",")}]` : inflateRawSync(packed).toString("utf8");
    const events = JSON.parse(text) as readonly unknown[];
    const [oldest] = unpacked.keys();
    if (unpacked.size >= openBlocks && oldest !== undefined) unpacked.delete(oldest);
    unpacked.set(block, events);
    return events;
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
      blocks.push(Buffer.from(deflateRawSync(`[${pending.join(",")}]`, packing)));
      pending = [];
    },
    count: () => times.length,
    untimed: () => untimed,
    *inOrder() {
      const order = Uint32Array.from(times.keys()).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
      for (const index of order) {
        const event = readLogEvent(unpack(Math.floor(index / blockSize))[index % blockSize]);
        if (event !== null) yield event;
      }
    },
  };
}
