/** An event as received. */
type Received = Readonly<Record<string, unknown>>;

/** Fields that identify an event are never cut; parsing has checked that they are short. */
const kept: ReadonlySet<string> = new Set(["uuid", "published", "eventType"]);

/** The fields that most rules and all alerts read: see `readFields` in `log-event.ts`. */
const shortened: ReadonlySet<string> = new Set([
  "displayMessage",
  "actor",
  "client",
  "outcome",
  "target",
  "authenticationContext",
  "request",
  "device",
  "securityContext",
  "debugContext",
]);

/** The size of a shortened value: characters of a text, items of a list, parts of an object, levels. */
const maximum = { text: 1_000, items: 20, parts: 50, depth: 8 } as const;

/** The most names of cut fields that a message lists, and the most characters of each. */
const maximumNames = 100;

/**
 * Writes a message that holds an event, within a limit. Over it, the event loses its largest top-level fields; the
 * fields that rules and alerts need are shortened before they are removed.
 *
 * @param write makes the message of the event and the names of the fields that were cut; null when it is whole
 * @param needed further fields that are shortened first. @default none
 * @throws RangeError when it does not fit without any field
 */
export function cutToFit(
  event: Received,
  maximumBytes: number,
  write: (event: Received, cut: readonly string[] | null) => string,
  needed: ReadonlySet<string> = new Set(),
): string {
  const fits = (part: Received, cut: readonly string[] | null): string | null => {
    try {
      const message = write(part, cut);
      return Buffer.byteLength(message) <= maximumBytes ? message : null;
    } catch (error) {
      // JSON.stringify fails on values that nest too deeply.
      if (error instanceof RangeError) return null;
      throw error;
    }
  };
  const whole = fits(event, null);
  if (whole !== null) return whole;
  const sizes = Object.entries(event)
    .filter(([name]) => !kept.has(name))
    .map(([name, value]) => ({ name, bytes: sizeOf(value) + sizeOf(name) }))
    .sort((first, second) => second.bytes - first.bytes);
  const part: Record<string, unknown> = { ...event };
  const cut: string[] = [];
  const isNeeded = (name: string) => shortened.has(name) || needed.has(name);
  const toShorten = (name: string) => isNeeded(name) && name in part;
  // Cuts each field once, the largest first; then removes the shortened ones.
  const changes = [
    ...sizes.map(({ name }) => () => {
      if (toShorten(name)) part[name] = shortenValue(event[name], 0);
      else delete part[name];
      cut.push(name);
    }),
    ...sizes
      .filter(({ name }) => toShorten(name))
      .map(
        ({ name }) =>
          () =>
            void delete part[name],
      ),
  ];
  // Doubling the count keeps the number of tries small, also for an event of a hundred thousand little fields.
  for (let done = 0, count = 1; done < changes.length; count *= 2) {
    for (const change of changes.slice(done, count)) change();
    done = Math.min(count, changes.length);
    const names = cut.slice(0, maximumNames).map((name) => name.slice(0, 100).toWellFormed());
    const message = fits(part, names);
    if (message !== null) return message;
  }
  throw new RangeError(`the message about ${String(event.uuid)} is too large`);
}

/** Keeps the smallest parts of an object: they identify it. */
function shortenValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return value.slice(0, maximum.text).toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  if (depth === maximum.depth) return null;
  if (Array.isArray(value)) return value.slice(0, maximum.items).map((each) => shortenValue(each, depth + 1));
  const parts = Object.entries(value).map(([name, part]) => [name, shortenValue(part, depth + 1)] as const);
  const smallest = parts
    .map(([name, part]) => ({ name, bytes: sizeOf(name) + sizeOf(part) }))
    .sort((first, second) => first.bytes - second.bytes)
    .slice(0, maximum.parts);
  const left = new Set(smallest.map(({ name }) => name));
  return Object.fromEntries(parts.filter(([name]) => left.has(name)));
}

/** Names of cut fields, of an event that was cut more than once; null when it is whole. */
export function uniteCuts(first: readonly string[] | null, second: readonly string[] | null): readonly string[] | null {
  return first === null ? second : [...new Set([...first, ...(second ?? [])])].slice(0, maximumNames);
}

/** Bytes as JSON; infinite for a value that nests too deeply. */
function sizeOf(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? "");
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
