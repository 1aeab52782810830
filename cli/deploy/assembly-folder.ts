import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Makes a folder that this process alone writes a cloud assembly to: `cdk.out` is shared by every synthesis of a checkout,
 * which may replace it while a question waits for its answer. The folder is removed when the process ends, by a signal as
 * well.
 *
 * @returns its path, in the system's temporary folder
 */
export async function makeAssemblyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-deploy-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  for (const signal of endingSignals) {
    process.on(signal, () => {
      // What CDK runs with is kept until CDK has ended, which has listeners of its own here.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
  return folder;
}
