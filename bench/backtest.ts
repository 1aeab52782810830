import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sampleEvent } from "./events.ts";
import { type ProcessFigures, print, runProcess } from "./measure.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The memory limit of the backtest, for exports of any size. */
const memoryLimit = { name: "200 MB", value: 200_000_000, unit: "bytes" as const };

/** Runs the backtest, by its npm script's own flags, over an export of this size. */
export async function backtest(megabytes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-bench-"));
  try {
    const file = join(folder, "export.jsonl");
    const lines = await writeExport(file, megabytes * 1_000_000);
    const { milliseconds, peakMemory } = await run(file);
    const size = `${megabytes} MB (${lines} events)`;
    print(
      { name: `backtest of ${size}`, value: milliseconds, unit: "milliseconds" },
      { name: "JSON.parse of its lines", value: parseTime(lines), unit: "milliseconds" },
    );
    print({ name: `peak memory of the backtest of ${size}`, value: peakMemory, unit: "bytes" }, memoryLimit);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeExport(file: string, bytes: number): Promise<number> {
  const stream = createWriteStream(file);
  let written = 0;
  let lines = 0;
  while (written < bytes) {
    const piece = Array.from({ length: 500 }, (_, index) => `${JSON.stringify(sampleEvent(lines + index))}\n`).join("");
    lines += 500;
    written += piece.length;
    if (!stream.write(piece)) await new Promise<void>((resolve) => stream.once("drain", () => resolve()));
  }
  await new Promise<void>((resolve) => stream.end(() => resolve()));
  return lines;
}

/** Milliseconds to parse a tenth of the file's lines, times ten: the whole would not fit into memory. */
function parseTime(lines: number): number {
  const part = Math.ceil(lines / 10);
  const texts = Array.from({ length: part }, (_, index) => JSON.stringify(sampleEvent(index)));
  const start = performance.now();
  for (const text of texts) JSON.parse(text);
  return ((performance.now() - start) * lines) / part;
}

/** The backtest by its npm script's own flags. */
async function run(file: string): Promise<ProcessFigures> {
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const args = (scripts.backtest ?? "").split(" ").slice(1);
  return runProcess([...args, "--events", file]);
}
