import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";

/** The file beside the rules that defines `%placeholders%`. */
export const placeholdersFile = "placeholders.yml";
/** The file beside the rules that adjusts the severity of alerts. */
export const severityFile = "severity.yml";
const noRules: ReadonlySet<string> = new Set([placeholdersFile, severityFile]);
const filtersFolder = "filters";
/** The folder beside the rules with the named events that cases change. */
export const baseEventsFolder = "base-events";
/** The end of the name of a file with a rule's cases: `NAME.cases.yml` beside `NAME.yml`. */
export const casesEnding = ".cases.yml";

/** The files of a folder of detections, each list in the order of names. */
export interface ListedDetections {
  readonly rules: readonly string[];
  readonly filters: readonly string[];
  /** Files with the cases of rules, `*.cases.yml`. */
  readonly cases: readonly string[];
  /** Files that are not read although their names are like those of rules or filters: `file: what`. */
  readonly faults: readonly string[];
  /** Files that may have been meant for rules or filters: `file: what`. */
  readonly warnings: readonly string[];
}

/**
 * Lists the rules and filters of a folder, and faults about other files: a rule that is not read would never alert.
 *
 * @throws the error of `readdir`, for example with code ENOENT
 */
export async function listDetections(folder: string): Promise<ListedDetections> {
  const top = await listFolder(folder, [filtersFolder, baseEventsFolder]);
  const below = top.known.includes(filtersFolder) ? await listFolder(join(folder, filtersFolder), []) : nothing;
  return {
    rules: top.files.filter((file) => !noRules.has(basename(file)) && !file.endsWith(casesEnding)),
    filters: below.files,
    cases: top.files.filter((file) => file.endsWith(casesEnding)),
    faults: [...top.faults, ...below.faults],
    warnings: [...top.warnings, ...below.warnings],
  };
}

interface Listed {
  /** Files `*.yml`. */
  readonly files: string[];
  /** The names of the known folders that exist. */
  readonly known: string[];
  readonly faults: string[];
  readonly warnings: string[];
}

const nothing: Listed = { files: [], known: [], faults: [], warnings: [] };

const anyYaml = /\.ya?ml$/i;
/** Code and documents beside rules are not mistaken rules. */
const neverRules = /\.(?:ts|md)$/;

async function listFolder(folder: string, knownFolders: readonly string[]): Promise<Listed> {
  const listed: Listed = { files: [], known: [], faults: [], warnings: [] };
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found === null) listed.warnings.push(`${path}: it cannot be opened`);
    else if (found.isDirectory()) {
      if (knownFolders.includes(name)) listed.known.push(name);
      else if (await holdsYaml(path)) {
        listed.faults.push(`${path}: the rules of a subfolder are not read: move them into ${folder}`);
      } else if (!name.startsWith(".")) listed.warnings.push(`${path}: a subfolder is not read`);
    } else if (name.endsWith(".yml")) listed.files.push(path);
    else if (anyYaml.test(name)) {
      listed.faults.push(`${path}: it is not read: rename it to ${name.replace(anyYaml, ".yml")}`);
    } else if (!name.startsWith(".") && !neverRules.test(name)) {
      listed.warnings.push(`${path}: it is not read: the name of a rule or filter ends with .yml`);
    }
  }
  return listed;
}

async function holdsYaml(folder: string): Promise<boolean> {
  return (await readdir(folder, { recursive: true })).some((name) => anyYaml.test(name));
}
