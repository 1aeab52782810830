import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { describeFaults } from "../lambda/okta/fault.ts";
import { type LogEvent, parseLogEvent } from "../lambda/okta/log-event.ts";
import { InputError } from "./command.ts";
import { readJsonValues } from "./json-values.ts";
import { restoreKeys } from "./log-event-keys.ts";

/** An export of System Log events being read. */
export interface EventExport {
  readonly events: AsyncGenerator<LogEvent>;
  /** Bytes of the file so far, as it lies on disk. */
  readonly bytesRead: () => number;
  /** Bytes of the file; null for standard input. */
  readonly bytes: number | null;
}

/**
 * Opens an export: JSON lines, JSON arrays, or values that span lines, of System Log events or whole event hook
 * deliveries, mixed as they come; compressed by gzip or not, which the content tells. `-` is standard input.
 *
 * @throws InputError naming the file, when it cannot be opened; `events` throws one that names file and line
 */
export async function openExport(path: string): Promise<EventExport> {
  const name = path === "-" ? "standard input" : path;
  const bytes = path === "-" ? null : await sizeOf(path);
  const source = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 65_536 });
  let read = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        read += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw new InputError(`${name}: cannot be read: ${messageOf(error)}`);
    }
  }
  return { events: readEvents(decompress(counted(), name), name), bytesRead: () => read, bytes };
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

/** The two bytes that a gzip file starts with (RFC 1952). */
const gzipMagic = [0x1f, 0x8b];

async function* decompress(chunks: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Buffer> {
  const first = await chunks.next();
  if (first.done) return;
  const all = (async function* () {
    yield first.value;
    yield* chunks;
  })();
  if (!gzipMagic.every((byte, index) => first.value[index] === byte)) {
    yield* all;
    return;
  }
  const gunzip = createGunzip({ chunkSize: 65_536 });
  const fed = (async () => {
    try {
      for await (const chunk of all) if (!gunzip.write(chunk)) await drained(gunzip);
      gunzip.end();
    } catch (error) {
      gunzip.destroy(error as Error);
    }
  })();
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: the gzip data is damaged: ${messageOf(error)}`);
  } finally {
    gunzip.destroy();
    await fed;
  }
}

function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once("drain", resolve);
    stream.once("close", resolve);
  });
}

async function* readEvents(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<LogEvent> {
  for await (const { value, line } of readJsonValues(chunks, name)) {
    for (const received of eventsOf(value)) yield toLogEvent(received, `${name}:${line}`);
  }
}

/** A delivery holds many events, an alert of ours one; anything else is taken for one. */
function eventsOf(value: unknown): readonly unknown[] {
  const { data, alertId, event } = isRecord(value) ? value : {};
  if (typeof alertId === "string" && isRecord(event)) return [event];
  return isRecord(data) && Array.isArray(data.events) ? data.events : [value];
}

function toLogEvent(received: unknown, place: string): LogEvent {
  if (!isRecord(received)) throw new InputError(`${place}: expected a System Log event, a JSON object`);
  const event = Object.hasOwn(received, "eventType") ? received : (restoreKeys(received) as Record<string, unknown>);
  // Some exports leave the time out, which rules seldom ask for.
  const parsed = parseLogEvent(
    event.published ? event : { ...event, published: event.insertionTimestamp || "unknown" },
  );
  if (!parsed.ok) throw new InputError(`${place}: no System Log event: ${describeFaults(parsed.faults)}`);
  return parsed.event;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
