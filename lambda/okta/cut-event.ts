/** An event as received. */
type Received = Readonly<Record<string, unknown>>;

/** What identifies an event is never cut; each is short, as parsing has checked. */
const kept: ReadonlySet<string> = new Set(["uuid", "published", "eventType"]);

/** Names of cut fields that are told, and how much of each. */
const maximumNames = 100;

/**
 * Writes a message that holds an event, within a limit: over it, the event loses its largest top-level fields.
 *
 * @param write makes the message of the event and the names of the fields that were cut; null when it is whole
 * @throws RangeError when it does not fit without any field
 */
export function cutToFit(
  event: Received,
  maximumBytes: number,
  write: (event: Received, cut: readonly string[] | null) => string,
): string {
  const fits = (part: Received, cut: readonly string[] | null): string | null => {
    try {
      const message = write(part, cut);
      return Buffer.byteLength(message) <= maximumBytes ? message : null;
    } catch (error) {
      // What is nested too deeply cannot be written.
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
  // Doubling the count keeps the number of tries small, also for an event of a hundred thousand little fields.
  for (let count = 1; ; count *= 2) {
    for (const { name } of sizes.slice(cut.length, count)) {
      delete part[name];
      cut.push(name);
    }
    const names = cut.slice(0, maximumNames).map((name) => name.slice(0, 100).toWellFormed());
    const message = fits(part, names);
    if (message !== null) return message;
    if (cut.length === sizes.length) throw new RangeError(`the message about ${String(event.uuid)} is too large`);
  }
}

/** Bytes as JSON; infinite for what is nested too deeply to be written. */
function sizeOf(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? "");
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
