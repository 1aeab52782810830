import { median, print, runProcess } from "./measure.ts";

const runs = 7;
const commands = ["rules", "backtest", "hook", "exceptions"] as const;

/** Measures the start of commands, by their help, with the compiled code that an earlier run kept, and without. */
export async function commandStarts(): Promise<void> {
  for (const command of commands) {
    const start = async (environment: Readonly<Record<string, string>>) =>
      (await runProcess(["cli/okta-proxy-watch.js", command, "--help"], environment)).processorMilliseconds;
    const times: { readonly kept: number; readonly without: number }[] = [];
    for (let run = 0; run <= runs; run += 1) {
      const kept = await start({});
      const without = await start({ NODE_DISABLE_COMPILE_CACHE: "1" });
      // The first run fills the cache.
      if (run > 0) times.push({ kept, without });
    }
    const unit = "milliseconds of processor";
    print(
      { name: `start of ${command} --help`, value: median(times.map(({ kept }) => kept)), unit },
      { name: "the same without kept code", value: median(times.map(({ without }) => without)), unit },
    );
  }
}
