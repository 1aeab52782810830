import { childOf, logEvent, type OktaField } from "../../lambda/core/okta/log-event-fields.ts";

/** A step of a path: a key, an index of a list, or every element of a list. */
export type PathStep = string | number | typeof everyElement;

/** Stands for an index where each column holds all elements of a list: Splunk's `target{}.id`. */
export const everyElement: unique symbol = Symbol("every element");

/** The separator of a flattened key's parts; null for a key of one part. */
export type Separator = "." | "_" | null;

/** The place of a key's value in a LogEvent. */
export interface KeyPath {
  readonly steps: readonly PathStep[];
  /** The known field at the path's end; null when Okta's schema has none there. */
  readonly field: OktaField | null;
  readonly separator: Separator;
}

/** Lists of an event are far shorter than a thousand; a longer number is a name. */
const index = /^\d{1,3}$/;

const cache = new Map<string, KeyPath | null>();
/** The most cached paths: an export repeats its keys, but random keys must not fill the memory. */
const maximumCached = 4_096;
/** The longest key: Okta's longest path has some 90 characters. */
const maximumLength = 512;

/**
 * Finds the place of the value of an event's top-level key: as Okta writes it, in another case or with underscores
 * between words, flattened by dots (`target.0.id`, `target[0].id`, `target0.id`, `target{}.id`) or by underscores
 * (`target_0_id`).
 *
 * @returns null for a key that is not Okta's: it stays
 */
export function keyPath(key: string): KeyPath | null {
  if (key.length > maximumLength) return null;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const found = pathBelow(logEvent, key) ?? (key.includes("_") ? underscorePath(key.split("_")) : null);
  if (cache.size < maximumCached) cache.set(key, found);
  return found;
}

/** The same for a key of an object within the event. There, an underscore is a part of the name. */
export function pathBelow(field: OktaField, key: string): KeyPath | null {
  const child = childOf(field, key);
  if (child !== undefined) return { steps: [child.name], field: child.field, separator: null };
  if (key.length > maximumLength || !/[.[{]/.test(key)) return null;
  return dottedPath(
    field,
    key
      .replace(/\[(\d{1,3})\]/g, ".$1")
      .replaceAll("{}", ".{}")
      .split("."),
  );
}

interface NameWithIndex {
  readonly name: string;
  readonly field: OktaField;
  readonly index: number | null;
}

/** A known field below another, also a list's name and an index in one part: `target0`, `ip_chain1`. */
function nameWithIndex(field: OktaField, part: string): NameWithIndex | null {
  const child = childOf(field, part);
  if (child !== undefined) return { ...child, index: null };
  const [, name = "", digits] = /^(.*?\D)(\d{1,3})$/.exec(part) ?? [];
  const list = childOf(field, name);
  return list?.field.kind === "list" ? { ...list, index: Number(digits) } : null;
}

function dottedPath(start: OktaField, parts: readonly string[]): KeyPath | null {
  if (parts.includes("") || nameWithIndex(start, parts[0] as string) === null) return null;
  const steps: PathStep[] = [];
  let field: OktaField | null = start;
  let isElement = true;
  for (const part of parts) {
    if (field?.kind === "list" && !isElement) {
      isElement = true;
      if (index.test(part)) {
        steps.push(Number(part));
        continue;
      }
      steps.push(everyElement);
      if (part === "{}") continue;
    }
    if (field !== null && !mayHold(field)) return null;
    const found: NameWithIndex | null = field === null ? null : nameWithIndex(field, part);
    steps.push(found?.name ?? stepWithin(field, part));
    field = found?.field ?? null;
    isElement = found !== null && found.index !== null;
    if (found !== null && found.index !== null) steps.push(found.index);
  }
  return { steps, field: atEnd(field, steps), separator: "." };
}

/** Takes known names as far as they reach; the rest is one key, which may contain underscores. */
function underscorePath(parts: readonly string[]): KeyPath | null {
  const steps: PathStep[] = [];
  let field = logEvent;
  let at = 0;
  for (let isElement = true; at < parts.length; ) {
    if (field.kind === "list" && !isElement) {
      isElement = true;
      if (index.test(parts[at] as string)) {
        steps.push(Number(parts[at]));
        at += 1;
        continue;
      }
      if (longestChild(field, parts, at) === null) return null;
      steps.push(everyElement);
    }
    const found = longestChild(field, parts, at);
    const isEnd = found !== null && found.end === parts.length;
    if (found === null || (!isEnd && !mayHold(found.child.field))) break;
    steps.push(found.child.name);
    field = found.child.field;
    at = found.end;
    isElement = false;
  }
  if (steps.length === 0 || parts.includes("")) return null;
  if (at === parts.length) return { steps, field: atEnd(field, steps), separator: "_" };
  return { steps: [...steps, stepWithin(field, parts.slice(at).join("_"))], field: null, separator: "_" };
}

/** An index leads to an element, not to the list. */
function atEnd(field: OktaField | null, steps: readonly PathStep[]): OktaField | null {
  const isElement = typeof steps.at(-1) !== "string";
  return field?.kind === "list" && isElement ? { ...field, kind: "object" } : field;
}

/** A number is an index where a list may be that the schema does not know. */
function stepWithin(field: OktaField | null, part: string): PathStep {
  return index.test(part) && (field === null || field.kind === "any") ? Number(part) : part;
}

/** Words of the longest of Okta's names: `disk_encryption_type`, `secure_hardware_present`, and the like in snake case. */
const maximumWords = 4;

function longestChild(field: OktaField, parts: readonly string[], start: number) {
  for (let end = Math.min(parts.length, start + maximumWords); end > start; end -= 1) {
    const child = childOf(field, parts.slice(start, end).join(""));
    if (child !== undefined) return { child, end };
  }
  return null;
}

/** Whether further fields may lie below a field. */
function mayHold({ kind }: OktaField): boolean {
  return kind === "object" || kind === "list" || kind === "any";
}
