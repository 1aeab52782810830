import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** One figure. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit:
    | "alerts"
    | "events"
    | "items"
    | "requests"
    | "handshakes"
    | "bytes"
    | "read units"
    | "write units"
    | "dollars"
    | "milliseconds"
    | "milliseconds of processor"
    | "events per second"
    | "requests per second"
    | "nanoseconds per event";
}

/** Prints a figure as a JSON line, beside its limit or the value of the same run that it is compared with. */
export function print({ name, value, unit }: Measurement, limit: Measurement): void {
  const line = { name, value: round(value), unit, ratio_to: limit.name, ratio: round(value / limit.value) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/**
 * Measures the figures of one kind. Where they cannot be had, the rest still is: the error is printed in their place, and
 * the process ends with exit code 1.
 */
export async function figures(name: string, measure: () => Promise<void>): Promise<void> {
  try {
    await measure();
  } catch (error) {
    process.stdout.write(
      `${JSON.stringify({ name, error: error instanceof Error ? error.message : String(error) })}\n`,
    );
    process.exitCode = 1;
  }
}

const round = (value: number) => Number(value.toPrecision(4));

/** The middle one of the values, in order. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * The value that this share of the values does not exceed.
 *
 * @param share 0 up to, not including, 1
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((first, second) => first - second);
  const value = sorted[Math.floor(sorted.length * share)];
  if (value === undefined) throw new RangeError("a percentile needs at least one value");
  return value;
}

/** The time and memory of a process. */
export interface ProcessFigures {
  readonly milliseconds: number;
  /** User and system time of all threads: other load on the machine changes it little. */
  readonly processorMilliseconds: number;
  /** Bytes. */
  readonly peakMemory: number;
}

/**
 * Runs Node.js at the root with these arguments, and measures it.
 *
 * @throws its standard error, when it fails
 */
export async function runProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ProcessFigures> {
  const report =
    'process.on("exit",()=>{const r=process.resourceUsage();' +
    'process.stderr.write("\\npeak "+r.maxRSS+" "+(r.userCPUTime+r.systemCPUTime))})';
  const start = performance.now();
  const stderr = await new Promise<string>((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", `data:text/javascript,${report}`, ...args], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { ...process.env, ...environment },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let text = "";
    child.stderr.on("data", (chunk) => {
      text += String(chunk);
    });
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(text) : reject(new Error(text))));
  });
  const [, kilobytes, microseconds] = /\npeak (\d+) (\d+)$/.exec(stderr) ?? [];
  if (kilobytes === undefined) throw new Error(`${args.join(" ")} did not report its peak memory: ${stderr}`);
  return {
    milliseconds: performance.now() - start,
    processorMilliseconds: Number(microseconds) / 1_000,
    peakMemory: Number(kilobytes) * 1_024,
  };
}
