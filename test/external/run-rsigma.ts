import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Runs rsigma over the rules and `events.ndjson` of a folder: a line of JSON for each match and each firing. */
export async function runRsigma(
  command: string,
  folder: string,
  options: readonly string[] = [],
): Promise<readonly string[]> {
  const args = ["engine", "eval", "--rules", join(folder, "rules"), "--event", `@${join(folder, "events.ndjson")}`];
  const { stdout } = await promisify(execFile)(
    command,
    [...args, "--include-event", "--output-format", "ndjson", "--quiet", ...options],
    { maxBuffer: 2 ** 31 - 1 },
  );
  return stdout.split("\n").filter((line) => line !== "");
}
