import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadSettings, rulesFolderOf } from "../infra/settings.ts";
import { listDetections, placeholdersFile, severityFile } from "../lambda/adapters/rule-files/list-detections.ts";
import { InputError } from "../lambda/core/values/input-error.ts";

/*
 * Whether `dist/` holds what the sources give: the embedded run starts at once where it does. The build notes what it was made
 * from, by names, sizes and times, as `make` compares them.
 */

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the functions are bundled from; the lockfile stands for what is installed. */
const sources = ["lambda", "detections", "build", "infra", "package-lock.json", "settings.yml"];

/** The environment variable in which `npx okta-proxy-watch deploy` names the folder of a company's own rules. */
const rulesFolderVariable = "RULES_FOLDER";

/** The folder of a company's own rules, that the settings name; null for none. */
export async function findOwnRules(): Promise<string | null> {
  const given = process.env[rulesFolderVariable];
  if (given === undefined) return rulesFolderOf(await loadSettings({}, root));
  if (given === "" || (await stat(given).catch(() => null))?.isDirectory() === true) return given || null;
  throw new InputError(
    `${rulesFolderVariable}: there is no folder ${given}. Correct the variable, make the folder, or leave the variable out`,
  );
}

const noteFile = join(root, "dist", ".bundled-from");

/** What the functions would be bundled from now. */
export async function describeInputs(): Promise<string> {
  const ownRules = await findOwnRules();
  const digest = createHash("sha256").update(`${process.version} ${ownRules}\n`);
  const own = ownRules === null ? [] : await filesOfDetections(ownRules);
  const files = (await Promise.all([...sources.map((each) => join(root, each)), ...own].map(list))).flat();
  for (const line of files.sort()) digest.update(`${line}\n`);
  return digest.digest("hex");
}

/** The files of a folder of detections that the build reads; they may lie behind links. */
async function filesOfDetections(folder: string): Promise<readonly string[]> {
  const listed = await listDetections(folder).catch(() => null);
  if (listed === null) return [];
  const { rules, below, filters } = listed;
  return [...rules, ...below, ...filters, join(folder, placeholdersFile), join(folder, severityFile)];
}

/** Notes what `dist/` was made from. */
export async function noteInputs(inputs: string): Promise<void> {
  await writeFile(noteFile, inputs);
}

/** Whether `dist/` was made from what is there now. */
export async function areBundlesCurrent(): Promise<boolean> {
  const noted = await readFile(noteFile, "utf8").catch(() => null);
  return noted !== null && noted === (await describeInputs());
}

/** The files below a path, each with its size and time; none where nothing is. */
async function list(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) return [];
  if (found.isFile()) return [lineOf(path, found)];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const file = join(parentPath, name);
        return lineOf(file, await stat(file));
      }),
  );
}

const lineOf = (path: string, { size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }) =>
  `${path} ${size} ${mtimeMs}`;
