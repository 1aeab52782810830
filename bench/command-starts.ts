import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { commands } from "../cli/commands.ts";
import { median, print, runProcess } from "./measure.ts";

const runs = 7;
const measured = ["rules", "backtest", "report", "hook", "exceptions"] as const;

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the launcher starts where there is no bundle. */
const sources = `const { main } = await import(${JSON.stringify(new URL("../cli/main.ts", import.meta.url))});
await main(process.argv.slice(1));`;

/** Where the launcher has Node.js keep what it compiles. */
const keep = { NODE_COMPILE_CACHE: pathOf("../node_modules/.cache/okta-proxy-watch") };

/**
 * Measures the start of commands, by their help: from the bundle and from the sources, with the compiled code that an earlier run kept,
 * and from the bundle without. Each has its flags of Node.js, as its npm script has.
 */
export async function commandStarts(): Promise<void> {
  await promisify(execFile)(process.execPath, [pathOf("../build/bundle-commands.ts")]);
  for (const command of measured) {
    const flags = commands[command]?.flags ?? [];
    const help = async (program: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
      (await runProcess([...flags, ...program, command, "--help"], environment)).processorMilliseconds;
    const launcher = ["cli/okta-proxy-watch.js"];
    const times: { readonly kept: number; readonly without: number; readonly plain: number }[] = [];
    for (let run = 0; run <= runs; run += 1) {
      const kept = await help(launcher);
      const without = await help(launcher, { NODE_DISABLE_COMPILE_CACHE: "1" });
      const plain = await help(["--input-type=module", "--eval", sources, "--"], keep);
      // The first run fills the cache.
      if (run > 0) times.push({ kept, without, plain });
    }
    const unit = "milliseconds of processor";
    const start = { name: `start of ${command} --help`, value: median(times.map(({ kept }) => kept)), unit } as const;
    print(start, { name: "the same from the sources", value: median(times.map(({ plain }) => plain)), unit });
    print(start, { name: "the same without kept code", value: median(times.map(({ without }) => without)), unit });
  }
}
