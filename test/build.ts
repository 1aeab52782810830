import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Builds what is deployed, since integration and infrastructure tests run on it. */
export async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL("../build/bundle.ts", import.meta.url)),
    "--quiet",
  ]);
}
