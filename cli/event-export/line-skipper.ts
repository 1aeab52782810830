import { valueAt } from "../../lambda/core/okta/lenient.ts";
import { parseLogEvent, publishedTime, sessionStart } from "../../lambda/core/okta/log-event.ts";
import { isObject, type Json } from "../../lambda/core/values/object.ts";
import type { SkippedLines } from "../json-values.ts";
import { findEvents, oktaForm } from "./forms.ts";
import type { Checks, LineFilter } from "./line-filter.ts";
import { LineSkimmer } from "./line-skimmer.ts";
import { holdsTextForStructure, isSpoiled, spoiledList } from "./lost-structure.ts";

/** Events that no rule matches, whose lines were not parsed. They last up to the next ones: their memory is used again. */
export interface SkippedEvents extends SkippedLines {
  /** The two words of the digest of each event's uuid. */
  readonly digests: Uint32Array;
  /** When each was published, in milliseconds since 1970; null where times are not asked for. */
  readonly times: Float64Array | null;
}

/** What lines are skipped by. */
export interface SkipOptions {
  readonly filter: LineFilter;
  /** Whether the times of skipped events are asked for. */
  readonly withTimes: boolean;
  /** Digests a uuid, out of its bytes, and puts the two words into a list. */
  readonly digest: (bytes: Uint8Array, start: number, end: number, into: Uint32Array, index: number) => void;
  /** The lines that are read before those behind them are compared with them. @default that of the skimmer */
  readonly unknownLines?: number;
}

/** Skips lines that no rule can match. */
export interface LineSkipper {
  /** Skips lines of a buffer from a position on; null where the first line has to be read. */
  readonly skip: (buffer: Buffer, start: number, isInList: boolean, withSessionStarts: boolean) => SkippedEvents | null;
  /** The memory that lines are best read into; null for any. */
  readonly memory: () => Buffer | null;
}

/** The most shapes of lines that are remembered: lines of further ones are read. */
const maximumShapes = 32_768;
/** The event types that are remembered, a power of two; Okta's catalog has some 1,100, an org's log some hundred. */
const typeSlots = 1_024;
/** The most lines that are skipped at once. */
const maximumLines = 4_096;
/** The most characters of a field that an event has to have: `log-event.ts`. */
const maximumLength = 255;

const [newline, comma, space, tab, carriageReturn] = [0x0a, 0x2c, 0x20, 0x09, 0x0d];
const openBrace = 0x7b;

/**
 * Skips lines that hold an event in Okta's own form that no rule can match. A line is skipped only when
 *
 * - all of it is JSON, and one object;
 * - lines of its shape are events without a fault: the first line of each shape is read in full;
 * - its `eventType`, `uuid` and `published` are as Okta writes them;
 * - the filter says so by its event type and its values.
 *
 * Any other line is left to the reader. So faults are found as if every line was read.
 */
export function createLineSkipper({ filter, withTimes, digest, unknownLines }: SkipOptions): LineSkipper {
  const skimmer = new LineSkimmer(filter.names, isSpoiled, unknownLines);
  const shapes = new Map<number, boolean>();
  const digests = new Uint32Array(2 * maximumLines);
  const times = withTimes ? new Float64Array(maximumLines) : null;
  const typeAt = rememberTypes(filter);
  let searched: Buffer | null = null;
  let spoiledAt = -1;

  const isOrdinaryShape = (shape: number, buffer: Buffer, start: number, end: number): boolean => {
    const known = shapes.get(shape);
    if (known !== undefined) return known;
    if (shapes.size >= maximumShapes) return false;
    const isOrdinary = isOrdinaryEvent(JSON.parse(buffer.toString("utf8", start, end)));
    shapes.set(shape, isOrdinary);
    return isOrdinary;
  };
  const holdsSpoiledList = (buffer: Buffer, start: number, end: number): boolean => {
    if (searched !== buffer || (spoiledAt >= 0 && spoiledAt < start)) {
      spoiledAt = findSpoiledList(buffer, start);
      searched = buffer;
    }
    return spoiledAt >= start && spoiledAt < end;
  };
  const maySkip = (buffer: Buffer, start: number, end: number, withSessionStarts: boolean): boolean => {
    const { eventType, uuid, published } = skimmer;
    if (!isPlainText(buffer, uuid.start, uuid.end) || !isOktaTime(buffer, published.start, published.end)) return false;
    const type = typeAt(buffer, eventType.start, eventType.end);
    if (type === null || (withSessionStarts && type.isSessionStart)) return false;
    if (skimmer.mayHoldList && holdsSpoiledList(buffer, start, end)) return false;
    return isOrdinaryShape(skimmer.shape, buffer, start, end) && !type.checks.mayMatch(skimmer);
  };

  return {
    memory: () => skimmer.memory,
    skip(buffer, start, isInList, withSessionStarts) {
      const last = buffer.lastIndexOf(newline);
      let lines = 0;
      let at = start;
      while (at < last && lines < maximumLines && buffer[at] === openBrace) {
        const end = skimmer.skim(buffer, at);
        if (end < 0) break;
        const next = lineEnd(buffer, end, isInList);
        if (next < 0 || !maySkip(buffer, at, end, withSessionStarts)) break;
        const { uuid, published } = skimmer;
        digest(buffer, uuid.start, uuid.end, digests, 2 * lines);
        if (times !== null) {
          times[lines] = publishedTime(buffer.toString("latin1", published.start, published.end));
        }
        lines += 1;
        at = next + 1;
      }
      if (lines === 0) return null;
      return { end: at, lines, digests: digests.subarray(0, 2 * lines), times: times?.subarray(0, lines) ?? null };
    },
  };
}

/** An event type, and the checks for its events. */
interface KnownType {
  readonly text: Buffer;
  readonly isSessionStart: boolean;
  readonly checks: Checks;
}

/** Finds an event type by its bytes; null for text that is not one to 255 characters of ASCII without an escape. */
function rememberTypes(filter: LineFilter): (buffer: Buffer, start: number, end: number) => KnownType | null {
  const slots: (KnownType | null)[] = new Array(typeSlots).fill(null);
  return (buffer, start, end) => {
    if (!isPlainText(buffer, start, end)) return null;
    let digest = 0;
    for (let at = start; at < end; at += 1) digest = (Math.imul(digest, 31) + (buffer[at] as number)) | 0;
    const slot = (digest ^ (digest >>> 10)) & (typeSlots - 1);
    const known = slots[slot] ?? null;
    if (known !== null && isAt(known.text, buffer, start, end)) return known;
    const name = buffer.toString("latin1", start, end);
    const text = Buffer.from(name, "latin1");
    const type = { text, isSessionStart: name === sessionStart, checks: filter.checksOf(name) };
    slots[slot] = type;
    return type;
  };
}

function isAt(text: Buffer, buffer: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let index = 0; index < text.length; index += 1) if (text[index] !== buffer[start + index]) return false;
  return true;
}

/**
 * Whether an event is in Okta's own form, without a fault, and so are all events of the same shape. Its event type must not
 * be what tells that it is Okta's: that differs among them.
 */
function isOrdinaryEvent(value: unknown): boolean {
  const event: Json = { ...(value as Json), eventType: "any" };
  const [found, ...others] = findEvents(event);
  if (found === undefined || others.length > 0 || !("event" in found)) return false;
  if (found.event !== event || found.form !== oktaForm || !parseLogEvent(event).ok) return false;
  return !holdsTextForStructure(event) && hasPlainProxy(event);
}

/** Whether the signal that every event needs is one that Okta documents, or absent. */
function hasPlainProxy(event: Json): boolean {
  const context = valueAt(event, "securityContext") ?? null;
  if (context === null) return true;
  if (!isObject(context)) return false;
  const isProxy = valueAt(context, "isProxy") ?? null;
  return isProxy === null || typeof isProxy === "boolean";
}

/** The position of what an exporter spoiled; -1 for none. Three bytes, seldom found, are looked for four times as fast as all. */
function findSpoiledList(buffer: Buffer, from: number): number {
  const [part, before] = [spoiledList.slice(5, 8), 5];
  for (let at = buffer.indexOf(part, from); at >= 0; at = buffer.indexOf(part, at + 1)) {
    if (buffer.toString("latin1", at - before, at - before + spoiledList.length) === spoiledList) return at - before;
  }
  return -1;
}

/** The position of the newline behind a value; -1 where there is more on its line. */
function lineEnd(buffer: Buffer, from: number, isInList: boolean): number {
  let at = skipSpace(buffer, from);
  if (isInList && buffer[at] === comma) at = skipSpace(buffer, at + 1);
  return buffer[at] === newline ? at : -1;
}

function skipSpace(buffer: Buffer, from: number): number {
  let at = from;
  while (buffer[at] === space || buffer[at] === carriageReturn || buffer[at] === tab) at += 1;
  return at;
}

/** Whether text is one to 255 characters of ASCII without an escape. */
function isPlainText(buffer: Buffer, start: number, end: number): boolean {
  if (start === 0 || end === start || end - start > maximumLength) return false;
  for (let at = start; at < end; at += 1) {
    const byte = buffer[at] as number;
    if (byte >= 0x80 || byte === 0x5c) return false;
  }
  return true;
}

/** Whether text is a time as Okta writes it: `2026-11-20T08:00:00.123Z`. */
function isOktaTime(buffer: Buffer, start: number, end: number): boolean {
  if (start === 0 || end - start < 20 || end - start > 40) return false;
  for (let at = start; at < end; at += 1) {
    const byte = buffer[at] as number;
    const place = at - start;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    const isExpected =
      place === 4 || place === 7
        ? byte === 0x2d
        : place === 10
          ? byte === 0x54
          : at === end - 1
            ? byte === 0x5a
            : isDigit || (place > 10 && (byte === 0x3a || byte === 0x2e));
    if (!isExpected) return false;
  }
  return true;
}
