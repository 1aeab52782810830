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

/** The bytes of JSON that are compressed together: some fifty events. */
const blockBytes = 131_072;
/** A block is of similar text: a small window compresses it as well, in less time and memory. */
const packing = { level: 1, windowBits: 13, memLevel: 5 } as const;
/** The decompressed blocks at once: of sorted exports, also of several, each block is decompressed once. */
const openBlocks = 32;

/** Where an event's JSON is, in bytes of its block. */
interface Place {
  readonly block: number;
  readonly start: number;
  readonly end: number;
}

/** A block that is decompressed, and the number of its events that have not come yet. */
interface OpenBlock {
  readonly bytes: Buffer;
  left: number;
}

/**
 * Holds events in memory, compressed to about a tenth of their JSON: a rule may match every event of a month. They are
 * personal data, and never written to disk. An event is parsed when its turn comes.
 */
export function holdEvents(): HeldEvents {
  const times: number[] = [];
  const places: Place[] = [];
  /** Compressed, but for the last one. */
  const blocks: Buffer[] = [];
  /** The events of each block. */
  const counts: number[] = [];
  let pending = Buffer.alloc(0);
  let filled = 0;
  let untimed = 0;

  /** Compresses the last block, and starts another with room for so many bytes. */
  const startBlock = (room: number) => {
    if (filled > 0) {
      const packed = deflateRawSync(pending.subarray(0, filled), packing);
      // Memory of its own: Node.js's pool would be held as a whole for each block in it.
      const block = Buffer.allocUnsafeSlow(packed.length);
      packed.copy(block);
      blocks.push(block);
    }
    // A block with an event larger than a block is of that event alone.
    if (pending.length !== room) pending = Buffer.allocUnsafeSlow(room);
    filled = 0;
    counts.push(0);
  };
  const unpack = (block: number): Buffer => {
    const packed = blocks[block];
    return packed === undefined ? pending : inflateRawSync(packed);
  };

  return {
    add({ received, published }) {
      const time = publishedTime(published);
      if (Number.isNaN(time)) {
        untimed += 1;
        return;
      }
      const text = JSON.stringify(received);
      const size = Buffer.byteLength(text);
      if (filled + size > pending.length) startBlock(Math.max(size, blockBytes));
      pending.write(text, filled);
      const block = counts.length - 1;
      times.push(time);
      places.push({ block, start: filled, end: filled + size });
      counts[block] = (counts[block] ?? 0) + 1;
      filled += size;
    },
    count: () => times.length,
    untimed: () => untimed,
    *inOrder() {
      const order = Uint32Array.from(times.keys()).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
      const open = new Map<number, OpenBlock>();
      for (const index of order) {
        const place = places[index];
        if (place === undefined) continue;
        const { block, start, end } = place;
        const found = open.get(block);
        const [oldest] = open.keys();
        if (found === undefined && open.size >= openBlocks && oldest !== undefined) open.delete(oldest);
        const opened = found ?? { bytes: unpack(block), left: counts[block] ?? 0 };
        opened.left -= 1;
        // Of events in order, a block is in memory up to its last one.
        if (opened.left === 0) open.delete(block);
        else if (found === undefined) open.set(block, opened);
        const event = readLogEvent(JSON.parse(opened.bytes.toString("utf8", start, end)));
        if (event !== null) yield event;
      }
    },
  };
}
