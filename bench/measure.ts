/** One figure. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: "bytes" | "milliseconds" | "events per second" | "nanoseconds per event";
}

/** Prints a figure as a JSON line, beside its limit, or what else it is compared with, from the same run. */
export function print({ name, value, unit }: Measurement, limit: Measurement): void {
  const line = { name, value: round(value), unit, ratio_to: limit.name, ratio: round(value / limit.value) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const round = (value: number) => Number(value.toPrecision(4));

/** The middle one of the values, in order. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((first, second) => first - second);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError("a median needs at least one value");
  return middle;
}
