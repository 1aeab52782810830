import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { logLine } from "./events.ts";
import { patternDetection } from "./matching.ts";
import { median, print, runProcess } from "./measure.ts";

const eventCount = 10_000;
const runs = 5;
const few = 21;
const counts = [few, 1_000, 3_000] as const;

/** Measures whole backtests of the same events with few rules and with many, by turns: what grows is reading the rules. */
export async function ruleLoads(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-bench-"));
  try {
    const events = join(folder, "events.jsonl");
    const lines = Array.from({ length: eventCount }, (_, index) => `${JSON.stringify(logLine(index))}\n`);
    writeFileSync(events, lines.join(""));
    const times = new Map<number, number[]>(counts.map((count) => [count, []]));
    for (const count of counts) writeRules(count, rulesIn(folder, count));
    // The first run keeps what it compiles.
    for (let run = 0; run <= runs; run += 1) {
      for (const [count, measured] of times) {
        const args = ["backtest", "--events", events, "--rules", rulesIn(folder, count)];
        const { processorMilliseconds } = await runProcess(["cli/okta-proxy-watch.js", ...args]);
        if (run > 0) measured.push(processorMilliseconds);
      }
    }
    const figure = (count: number) => ({
      name: `backtest of ${eventCount.toLocaleString("en-US")} events with ${count.toLocaleString("en-US")} rules`,
      value: median(times.get(count) ?? []),
      unit: "milliseconds of processor" as const,
    });
    for (const count of counts.slice(1)) print(figure(count), figure(few));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const rulesIn = (folder: string, count: number) => join(folder, `rules-${count}`);

/** Writes a folder of so many rules of patterns, of which none matches. */
export function writeRules(count: number, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index += 1) {
    const rule = {
      title: `Rule ${index}`,
      id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      status: "test",
      level: "low",
      logsource: { product: "okta", service: "okta" },
      detection: { selection: patternDetection(index), condition: "selection" },
    };
    writeFileSync(join(folder, `rule-${index}.yml`), stringify(rule));
  }
}
