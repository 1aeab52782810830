import {
  type Entry,
  type EventNote,
  emptyGroup,
  type Fired,
  type GroupState,
  type Slot,
} from "../../core/correlation/group-state.ts";
import type { GroupPart } from "../../core/correlation/group-store.ts";

/*
 * The form of a group in the state table: bytes, as an item is charged by its size. A plain entry takes about 22: 16 for
 * the uuid of its event, and one to three each for its time, its rule and what follows. An event that several correlations
 * keep takes its uuid and its texts once.
 *
 *   format, 2
 *   ids: count, then 16 bytes each · texts: count, then length and UTF-8 each
 *   parts: count, then for each its key, the second from which on it may be dropped, and its state:
 *     the latest slot that comes too late: 0, or 1 and its number
 *     slots: count, then for each its number, its firing (0, or 1 and event, time, by), and its entries (count, then flags,
 *     rule, time, event, and where the flags say so values, carried fields and a note)
 *
 * Numbers are LEB128; those that may be negative, and differences of times, in zigzag form. A text is named by its index in
 * a table, an id by twice its index, any other text by twice its index plus one. Format 1 had one state, of a group of one
 * correlation.
 */
const format = 2;

const flag = { holds: 1, ownValue: 2, values: 4, carried: 8, note: 16, succeeded: 32 } as const;

const canonicalUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The parts of a group, by their keys. */
type Parts = ReadonlyMap<string, GroupPart>;

/** Bytes that could not be read, of another release or damaged. */
export class UnreadableGroupError extends Error {
  override readonly name = "UnreadableGroupError";
}

/**
 * Writes a group. Of one over the limit the largest part loses its oldest slots, and then the oldest entries of the last, again and
 * again: DynamoDB takes an item of 400 KB. A correlation that floods a group costs the others nothing.
 *
 * @param maximumBytes the limit. @default {@link maximumGroupBytes}
 */
export function encodeGroup(parts: Parts, maximumBytes = maximumGroupBytes): Uint8Array {
  const whole = write(parts);
  if (whole.length <= maximumBytes) return whole;
  const fitting = new Map(parts);
  const sizes = new Map([...parts].map(([key, part]) => [key, sizeOf(key, part)]));
  for (;;) {
    const [key = "", size = 0] = [...sizes].reduce((one, other) => (other[1] > one[1] ? other : one), ["", 0]);
    const part = fitting.get(key);
    if (part === undefined || size === 0) return write(new Map());
    const shorter = { ...part, state: shorten(part.state) };
    fitting.set(key, shorter);
    sizes.set(key, shorter.state.slots.length === 0 ? 0 : sizeOf(key, shorter));
    const bytes = write(fitting);
    if (bytes.length <= maximumBytes) return bytes;
  }
}

/** The most bytes of a group: DynamoDB's limit for an item, less room for the other attributes. */
export const maximumGroupBytes = 380_000;

const sizeOf = (key: string, part: GroupPart) => write(new Map([[key, part]])).length;

function shorten({ slots, tooLate }: GroupState): GroupState {
  const [oldest, ...later] = slots;
  if (oldest === undefined) return emptyGroup;
  if (later.length > 0) return { slots: later, tooLate: Math.max(oldest.number, tooLate ?? oldest.number) };
  const entries = oldest.entries.slice(Math.ceil(oldest.entries.length / 2));
  return { slots: entries.length === 0 ? [] : [{ ...oldest, entries }], tooLate };
}

/**
 * Reads a group.
 *
 * @throws UnreadableGroupError
 */
export function decodeGroup(bytes: Uint8Array): Parts {
  const input = createReader(bytes);
  if (input.byte() !== format) throw new UnreadableGroupError("the state of a group is of an unknown format");
  const ids = input.list(() => readUuid(input.bytes(16)));
  const texts = input.list(() => readText(input.bytes(input.number())));
  const text = () => {
    const reference = input.number();
    const found = (reference % 2 === 0 ? ids : texts)[Math.floor(reference / 2)];
    if (found === undefined) throw new UnreadableGroupError("the state of a group names a text that it lacks");
    return found;
  };
  let time = 0;
  const nextTime = () => {
    time += input.signed();
    // A time that no Date holds would fail each alert about the group, and each write.
    if (Number.isNaN(new Date(time).getTime())) throw new UnreadableGroupError("the state of a group has no such time");
    return time;
  };
  const readCarried = () => Object.fromEntries(input.list((): [string, string[]] => [text(), input.list(text)]));
  const textOrNull = () => (input.byte() === 0 ? null : text());
  const readNote = (succeeded: boolean): EventNote => ({
    eventType: text(),
    person: textOrNull(),
    deed: text(),
    succeeded,
    from: textOrNull(),
    through: textOrNull(),
    client: textOrNull(),
    userId: textOrNull(),
  });
  const readSlot = (): Slot => {
    const number = input.signed();
    const fired: Fired | null = input.byte() === 0 ? null : { event: text(), at: nextTime(), by: text() };
    const entries = input.list((): Entry => {
      const flags = input.byte();
      const rule = input.number();
      const at = nextTime();
      const event = text();
      const values = (flags & flag.ownValue) !== 0 ? [event] : (flags & flag.values) !== 0 ? input.list(text) : [];
      const holds = (flags & flag.holds) !== 0;
      const carried = (flags & flag.carried) === 0 ? {} : { carried: readCarried() };
      const note = (flags & flag.note) === 0 ? {} : { note: readNote((flags & flag.succeeded) !== 0) };
      return { at, event, rule, values, ...carried, ...note, holds };
    });
    return { number, fired, entries };
  };
  const readPart = (): [string, GroupPart] => {
    const key = text();
    const until = 1_000 * input.number();
    const tooLate = input.byte() === 0 ? null : input.signed();
    return [key, { until, state: { tooLate, slots: input.list(readSlot) } }];
  };
  return new Map(input.list(readPart));
}

function write(parts: Parts): Uint8Array {
  const ids = new Map<string, number>();
  const texts = new Map<string, number>();
  const output = createWriter();
  const text = (value: string) => {
    const [table, odd] = canonicalUuid.test(value) ? [ids, 0] : [texts, 1];
    const index = table.get(value) ?? table.size;
    table.set(value, index);
    output.number(2 * index + odd);
  };
  const textOrNull = (value: string | null) => {
    output.byte(value === null ? 0 : 1);
    if (value !== null) text(value);
  };
  let time = 0;
  const nextTime = (at: number) => {
    output.signed(at - time);
    time = at;
  };
  const writeSlot = ({ number, fired, entries }: Slot) => {
    output.signed(number);
    output.byte(fired === null ? 0 : 1);
    if (fired !== null) {
      text(fired.event);
      nextTime(fired.at);
      text(fired.by);
    }
    output.list(entries, ({ at, event, rule, values, carried, note, holds }) => {
      const isOwn = values.length === 1 && values[0] === event;
      output.byte(
        (holds ? flag.holds : 0) |
          (isOwn ? flag.ownValue : values.length > 0 ? flag.values : 0) |
          (carried === undefined ? 0 : flag.carried) |
          (note === undefined ? 0 : flag.note | (note.succeeded ? flag.succeeded : 0)),
      );
      output.number(rule);
      nextTime(at);
      text(event);
      if (!isOwn && values.length > 0) output.list(values, text);
      if (carried !== undefined) {
        output.list(Object.entries(carried), ([name, of]) => {
          text(name);
          output.list(of, text);
        });
      }
      if (note === undefined) return;
      text(note.eventType);
      textOrNull(note.person);
      text(note.deed);
      for (const each of [note.from, note.through, note.client, note.userId]) textOrNull(each);
    });
  };
  output.list([...parts], ([key, { until, state }]) => {
    text(key);
    output.number(Math.ceil(until / 1_000));
    output.byte(state.tooLate === null ? 0 : 1);
    if (state.tooLate !== null) output.signed(state.tooLate);
    output.list(state.slots, writeSlot);
  });
  const head = createWriter();
  head.byte(format);
  head.list([...ids.keys()], (id) => head.hex(id.replaceAll("-", "")));
  head.list([...texts.keys()], head.utf8);
  return Buffer.concat([head.done(), output.done()]);
}

const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const readText = (bytes: Uint8Array) => bufferOf(bytes).toString("utf8");

function readUuid(bytes: Uint8Array): string {
  const digits = bufferOf(bytes).toString("hex");
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    "-",
  );
}

function createWriter() {
  let written = Buffer.allocUnsafe(1_024);
  let length = 0;
  /** Makes room, and returns where it starts. */
  const reserve = (bytes: number) => {
    const start = length;
    length += bytes;
    if (length > written.length) {
      const longer = Buffer.allocUnsafe(2 * length);
      written.copy(longer, 0, 0, start);
      written = longer;
    }
    return start;
  };
  const byte = (value: number) => {
    const at = reserve(1);
    written[at] = value;
  };
  const number = (value: number) => {
    let rest = value;
    // No bit operations: they would cut a number to 32 bits.
    for (; rest >= 128; rest = Math.floor(rest / 128)) byte((rest % 128) + 128);
    byte(rest);
  };
  return {
    byte,
    hex(digits: string) {
      const at = reserve(digits.length / 2);
      written.write(digits, at, "hex");
    },
    utf8(text: string) {
      const bytes = Buffer.byteLength(text);
      number(bytes);
      const at = reserve(bytes);
      written.write(text, at, "utf8");
    },
    number,
    signed: (value: number) => number(value < 0 ? -2 * value - 1 : 2 * value),
    list<Item>(items: readonly Item[], each: (item: Item) => void) {
      number(items.length);
      for (const item of items) each(item);
    },
    done: () => written.subarray(0, length),
  };
}

function createReader(bytes: Uint8Array) {
  let position = 0;
  const byte = () => {
    const value = bytes[position];
    if (value === undefined) throw new UnreadableGroupError("the state of a group ends too early");
    position += 1;
    return value;
  };
  const number = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const next = byte();
      value += (next % 128) * factor;
      if (!Number.isSafeInteger(value)) throw new UnreadableGroupError("the state of a group has an impossible number");
      if (next < 128) return value;
    }
  };
  return {
    byte,
    bytes(length: number) {
      const end = position + length;
      if (end > bytes.length) throw new UnreadableGroupError("the state of a group ends too early");
      const some = bytes.subarray(position, end);
      position = end;
      return some;
    },
    number,
    signed() {
      const value = number();
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
    list<Item>(each: () => Item): Item[] {
      const length = number();
      // Each item takes a byte at the least: a damaged length allocates nothing.
      if (length > bytes.length) throw new UnreadableGroupError("the state of a group has an impossible length");
      return Array.from({ length }, each);
    },
  };
}
