import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { logLine } from "./events.ts";
import { type ProcessFigures, print, runProcess } from "./measure.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The memory limit of the backtest, for exports of any size. */
const memoryLimit = { name: "150 MB", value: 150_000_000, unit: "bytes" as const };

/** Runs the backtest, by its npm script's own flags, over an export of this size. */
export async function backtest(megabytes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-bench-"));
  try {
    const file = join(folder, "export.jsonl");
    // The first run keeps what it compiles, for this one and every further one.
    const first = join(folder, "first.jsonl");
    await writeExport(first, 1);
    await run(first);
    const lines = await writeExport(file, megabytes * 1_000_000);
    const { processorMilliseconds, peakMemory } = await run(file);
    const size = `${megabytes} MB (${lines} events)`;
    const unit = "milliseconds of processor";
    print(
      { name: `backtest of ${size}`, value: processorMilliseconds, unit },
      { name: "JSON.parse of every line", value: await parseTime(file), unit },
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
    const piece = Array.from({ length: 500 }, (_, index) => `${JSON.stringify(logLine(lines + index))}\n`).join("");
    lines += 500;
    written += piece.length;
    if (!stream.write(piece)) await new Promise<void>((resolve) => stream.once("drain", () => resolve()));
  }
  await new Promise<void>((resolve) => stream.end(() => resolve()));
  return lines;
}

/** Milliseconds of processor of a process that reads the file and parses every line of it, and does nothing else. */
async function parseTime(file: string): Promise<number> {
  const script = `
    const { openSync, readSync } = await import("node:fs");
    const file = openSync(${JSON.stringify(file)});
    const memory = Buffer.allocUnsafeSlow(1_048_576);
    for (let kept = 0; ; ) {
      const read = readSync(file, memory, kept, memory.length - kept);
      if (read === 0) break;
      const end = kept + read;
      let start = 0;
      for (let at = memory.indexOf(10); at >= 0 && at < end; at = memory.indexOf(10, start)) {
        JSON.parse(memory.toString("utf8", start, at));
        start = at + 1;
      }
      memory.copyWithin(0, start, end);
      kept = end - start;
    }`;
  return (await runProcess(["--input-type=module", "--eval", script])).processorMilliseconds;
}

/** The backtest by its npm script's own flags. */
async function run(file: string): Promise<ProcessFigures> {
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const args = (scripts.backtest ?? "").split(" ").slice(1);
  return runProcess([...args, "--events", file]);
}
