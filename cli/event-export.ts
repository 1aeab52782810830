import { stat } from "node:fs/promises";
import { describeFaults } from "../lambda/core/okta/fault.ts";
import { type LogEvent, parseLogEvent } from "../lambda/core/okta/log-event.ts";
import { InputError, onTerminal } from "./command.ts";
import { findDelimiter, readCsvRecords } from "./event-export/csv-records.ts";
import { decode, peek } from "./event-export/decode.ts";
import { describeFileKind } from "./event-export/file-kinds.ts";
import { findEvents, flatForms, oktaForm } from "./event-export/forms.ts";
import type { LineSkipper, SkippedEvents } from "./event-export/line-skipper.ts";
import { describeUnrecognized } from "./event-export/lookalikes.ts";
import { readChunks } from "./event-export/read-chunks.ts";
import {
  createReadCounter,
  type ReadCounter,
  type ReadCounts,
  refuseWithoutEvents,
} from "./event-export/read-counts.ts";
import { type DateOrder, findDateOrder, hasOrderedDates, withTime } from "./event-export/times.ts";
import { type JsonFault, type JsonValue, readJsonBatches } from "./json-values.ts";

/** A part of an export: an event, or events that were skipped. */
export type ExportPart = LogEvent | SkippedEvents;

/** An export of System Log events being read. */
export interface EventExport {
  /** The events, in the order of the file. Without {@link ExportOptions.skip}, all of them. */
  readonly events: AsyncGenerator<LogEvent>;
  /** The same, with what was skipped in its place, in batches. Either this is read, or `events`. */
  readonly batches: AsyncGenerator<Iterable<ExportPart>>;
  /** Bytes of the file read so far. */
  readonly bytesRead: () => number;
  /** Bytes of the file; null for standard input. */
  readonly bytes: number | null;
  /** The counts so far: events by form, and faults. */
  readonly counts: ReadCounts;
}

/** Options of reading an export. */
export interface ExportOptions {
  /**
   * Whether the first part that cannot be read, or a file without an event, ends the reading with an error. Otherwise both
   * are counted, and the caller asks `refuseWithoutEvents` at the end.
   *
   * @default true
   */
  readonly strict?: boolean;
  /** Counts over several exports. @default its own */
  readonly counter?: ReadCounter;
  /** Skips lines whose events are not needed. @default every event is read */
  readonly skip?: LineSkipper;
}

/** Bytes from which a file's kind is detected: more than the first line of a CSV. */
const peekedBytes = 16_384;
/** Bytes from which the order of day and month is detected. */
const peekedForDates = 16 * 1_048_576;

/**
 * Opens an export: JSON lines, JSON arrays, or values that span lines, or CSV; of System Log events in any form of
 * `event-export/forms.ts`, also mixed; compressed by gzip or not, in UTF-8 or UTF-16. The content decides. `-` is
 * standard input.
 *
 * @throws InputError naming the file, when it cannot be opened; `events` throws one when the file is of a kind that
 * cannot be read, and, if `strict`, for the first part that cannot be read, with file and line, and for a file without
 * an event
 */
export async function openExport(path: string, options: ExportOptions = {}): Promise<EventExport> {
  const { strict = true, counter = createReadCounter(), skip = null } = options;
  const name = path === "-" ? "standard input" : path;
  const bytes = path === "-" ? null : await sizeOf(path);
  let read = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    try {
      const source: AsyncIterable<Buffer> =
        path === "-" ? process.stdin : readChunks(path, () => skip?.memory() ?? null);
      for await (const chunk of source) {
        read += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw new InputError(`${name}: cannot be read: ${messageOf(error)}`);
    }
  }
  const batches = readBatches(decode(counted(), name), { name, strict, counter, skip });
  return {
    events: eventsOf(batches),
    batches,
    bytesRead: () => read,
    bytes,
    counts: counter.counts,
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new InputError(`${path} is a folder; name a file`);
    return found.size;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: cannot be opened: ${messageOf(error)}`);
  }
}

async function* eventsOf(batches: AsyncIterable<Iterable<ExportPart>>): AsyncGenerator<LogEvent> {
  for await (const batch of batches) {
    for (const part of batch) if (!isSkipped(part)) yield part;
  }
}

/** Whether a part is no event, but stands for several. */
export function isSkipped(part: ExportPart): part is SkippedEvents {
  return "digests" in part;
}

interface ReadOptions extends Required<Pick<ExportOptions, "strict" | "counter">> {
  /** Names the file in errors. */
  readonly name: string;
  readonly skip: LineSkipper | null;
}

async function* readBatches(
  decoded: AsyncGenerator<Buffer>,
  options: ReadOptions,
): AsyncGenerator<Iterable<ExportPart>> {
  try {
    yield* readDecoded(decoded, options);
  } finally {
    // A file of a kind that is not read has no reader that closes it.
    await decoded.return(undefined);
  }
}

async function* readDecoded(
  decoded: AsyncGenerator<Buffer>,
  options: ReadOptions,
): AsyncGenerator<Iterable<ExportPart>> {
  const { name, strict, counter, skip } = options;
  const { start, chunks: peeked } = await peek(decoded, peekedBytes);
  const kind = describeFileKind(start);
  if (kind !== null) throw new InputError(`${name}: ${kind}`);
  const delimiter = findDelimiter(start);
  const { order, chunks } = await findOrder(peeked, start, name);
  const before = counter.counts.events + counter.counts.unreadable;
  const skipLines =
    skip === null
      ? null
      : (buffer: Buffer, from: number, isInList: boolean) =>
          skip.skip(buffer, from, isInList, counter.needsSessionStarts());
  const batches =
    delimiter === null ? readJsonBatches(chunks, skipLines) : inBatches(readCsvRecords(chunks, delimiter));
  for await (const batch of batches) yield readParts(batch, options, order, delimiter !== null);
  if (counter.counts.events + counter.counts.unreadable > before) return;
  counter.addEmpty(name);
  if (strict) refuseWithoutEvents({ ...counter.counts, events: 0 });
}

/** Parts that come one by one, as batches. */
export async function* inBatches<Part>(parts: AsyncIterable<Part>): AsyncGenerator<Iterable<Part>> {
  for await (const part of parts) yield [part];
}

function* readParts(
  batch: Iterable<JsonValue | JsonFault | SkippedEvents>,
  { name, strict, counter }: ReadOptions,
  order: DateOrder,
  isCsv: boolean,
): Generator<ExportPart> {
  for (const part of batch) {
    if ("digests" in part) {
      counter.addSkipped(oktaForm, part.lines);
      yield part;
      continue;
    }
    for (const found of readPart(part, order, name)) {
      if ("event" in found) {
        counter.addEvent(isCsv ? formInCsv(found.form) : found.form, found.event);
        yield found.event;
        continue;
      }
      const fault = { place: `${name}:${part.line}`, reason: found.fault };
      if (strict) throw new InputError(onTerminal(`${fault.place}: ${fault.reason}`));
      counter.addFault(fault);
    }
  }
}

/** Reads far into a file for the order of its dates only where it needs one. */
async function findOrder(
  chunks: AsyncIterable<Buffer>,
  start: Buffer,
  name: string,
): Promise<{ readonly order: DateOrder; readonly chunks: AsyncIterable<Buffer> }> {
  if (!hasOrderedDates(start.toString("latin1"))) return { order: null, chunks };
  const further = await peek(chunks[Symbol.asyncIterator](), peekedForDates);
  return { order: findDateOrder(further.start.toString("latin1"), name), chunks: further.chunks };
}

/** An event, or the fault in its place. */
type Read = { readonly event: LogEvent; readonly form: string } | { readonly fault: string };

function readPart(part: JsonValue | JsonFault, order: DateOrder, name: string): readonly Read[] {
  if ("fault" in part) return [part];
  return findEvents(part.value).map((found): Read => {
    if ("fault" in found) return found;
    if ("unrecognized" in found) return { fault: describeUnrecognized(found.unrecognized, found.within) };
    const parsed = parseLogEvent(withTime(found.event, order, name));
    if (parsed.ok) return { event: parsed.event, form: found.form };
    return { fault: `no System Log event: ${describeFaults(parsed.faults)}` };
  });
}

/** A CSV's columns are flat, with any separator in their names. */
function formInCsv(form: string): string {
  return flatForms.has(form) ? "CSV" : `${form} in CSV`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
