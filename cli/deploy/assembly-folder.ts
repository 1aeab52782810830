import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Makes a folder for a cloud assembly of this process alone: `cdk.out` is shared by every synthesis of a checkout,
 * which may replace it while a question waits for its answer. The folder is removed when the process ends, by a signal
 * as well.
 *
 * @returns its path, in the system's temporary folder
 */
export async function makeAssemblyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-deploy-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  for (const signal of endingSignals) {
    process.on(signal, () => {
      // The folder stays until CDK has ended, which has its own signal listeners here.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
  return folder;
}
