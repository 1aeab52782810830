import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findBundle } from "../../cli/command-bundle.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the functions are bundled from. */
const sources = ["lambda", "detections", "build", "package-lock.json"];

/** What `dist/` was built from, and what came of it. */
const marker = join(root, "dist", ".built-from");

/** Builds what the tests run, what is deployed and the bundle of the commands, where that is not there already. */
export async function setup(): Promise<void> {
  await Promise.all([buildFunctions(), bundleCommands()]);
}

async function bundleCommands(): Promise<void> {
  // Completion loads every command.
  if (findBundle(["completion"]) !== null) return;
  await promisify(execFile)(process.execPath, [join(root, "build/bundle-commands.ts")]);
}

async function buildFunctions(): Promise<void> {
  const built = await readFile(marker, "utf8").catch(() => null);
  if (built !== null && built === (await state())) return;
  // A company keeps its settings.yml at the root: tests are about the defaults.
  const env = { ...process.env, SETTINGS_FILE: "/dev/null" };
  await promisify(execFile)(process.execPath, [join(root, "build/bundle.ts"), "--quiet"], { env });
  await writeFile(marker, await state());
}

/** A digest of the sources by what they hold, as a checkout changes their times; and of the bundles by size and time. */
async function state(): Promise<string> {
  const digest = createHash("sha256");
  for (const file of await filesOf(sources)) digest.update(`${file}\0`).update(await readFile(join(root, file)));
  for (const file of await filesOf(["dist"])) {
    if (!file.endsWith(".mjs")) continue;
    const { size, mtimeMs } = await stat(join(root, file));
    digest.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return digest.digest("hex");
}

async function filesOf(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const path = join(root, folder);
    const isFile = await stat(path).then(
      (each) => each.isFile(),
      () => null,
    );
    if (isFile === true) found.push(folder);
    if (isFile !== false) continue;
    for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) found.push(join(entry.parentPath, entry.name).slice(root.length));
    }
  }
  return found.sort();
}
