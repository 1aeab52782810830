import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, join } from "node:path";
import { plural } from "../../core/text/shorten.ts";
import { codeOf } from "../../core/values/error.ts";

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
  /** Files in subfolders that may hold rules, and rules of other log sources: they are others' folders. */
  readonly below: readonly string[];
  readonly filters: readonly string[];
  /** Files with the cases of rules, `*.cases.yml`. */
  readonly cases: readonly string[];
  /** Files that are not read although their names are like those of rules or filters: `file: what`. */
  readonly faults: readonly string[];
  /** Files that may have been meant for rules or filters: `file: what`. */
  readonly warnings: readonly string[];
}

/**
 * Lists the rules and filters of a folder, and faults about other files: a rule that is not read would never alert. Rules
 * may lie in subfolders, at any depth, without hidden ones; each is read once, whatever links lead to it.
 *
 * @param mostEntries the files and folders in subfolders from which on the folder is refused. @default 50,000
 * @throws the error of `readdir`, for example with code ENOENT
 */
export async function listDetections(folder: string, mostEntries = mostEntriesBelow): Promise<ListedDetections> {
  const top = listFolder(folder);
  const filtersPath = join(folder, filtersFolder);
  const filters = top.folders.includes(filtersFolder) ? listFolder(filtersPath) : nothing;
  const known = new Set([realpathSync(folder)]);
  const below: Below = { files: [], others: [], faults: [], warnings: [], known, left: mostEntries };
  for (const name of top.folders) {
    if (name !== filtersFolder && name !== baseEventsFolder) listBelow(join(folder, name), below);
  }
  if (below.left < 0) {
    // What else is wrong in the files of a whole disk would hide this.
    below.faults.splice(0);
    below.faults.push(`${folder}: more than ${mostEntries} files and folders lie below: name a folder of rules`);
  }
  const [other] = below.others;
  if (other !== undefined) {
    below.warnings.push(`${folder}: ${plural(below.others.length, "other file")} in subfolders not read, as ${other}`);
  }
  const all = [...top.files, ...below.files];
  return {
    rules: top.files.filter((file) => !noRules.has(basename(file)) && !file.endsWith(casesEnding)),
    below: below.files.filter((file) => !file.endsWith(casesEnding)),
    filters: filters.files,
    cases: all.filter((file) => file.endsWith(casesEnding)),
    faults: [...top.faults, ...filters.faults, ...faultsOfFilters(filtersPath, filters), ...below.faults],
    warnings: [...top.warnings, ...filters.warnings, ...below.warnings],
  };
}

interface Listed {
  /** Files `*.yml`. */
  readonly files: string[];
  /** The names of the subfolders, without hidden ones. */
  readonly folders: string[];
  readonly faults: string[];
  readonly warnings: string[];
}

const nothing: Listed = { files: [], folders: [], faults: [], warnings: [] };

const anyYaml = /\.ya?ml$/i;
/** Code and documents beside rules are not mistaken rules. */
const neverRules = /\.(?:ts|md)$/;

function listFolder(folder: string): Listed {
  const listed: Listed = { files: [], folders: [], faults: [], warnings: [] };
  for (const entry of entriesOf(folder)) {
    const { name } = entry;
    const path = join(folder, name);
    const found = kindOf(entry, path);
    if (found === null) listed.warnings.push(`${path}: it cannot be opened`);
    else if (found.isDirectory()) {
      if (!name.startsWith(".")) listed.folders.push(name);
    } else if (!found.isFile()) listed.warnings.push(`${path}: it is not read: it is no file`);
    else if (name.endsWith(".yml")) listed.files.push(path);
    else if (anyYaml.test(name)) listed.faults.push(faultOfName(path, name));
    else if (!name.startsWith(".") && !neverRules.test(name)) {
      listed.warnings.push(`${path}: it is not read: the name of a rule or filter ends with .yml`);
    }
  }
  return listed;
}

/** The entries of a folder, in the order of their names. */
function entriesOf(folder: string): readonly Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What an entry is, or what a link leads to; null for a link that leads nowhere. A look at every file would take as long as reading it. */
function kindOf(entry: Dirent, path: string): Pick<Stats, "isFile" | "isDirectory"> | null {
  if (!entry.isSymbolicLink()) return entry;
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function faultOfName(path: string, name: string): string {
  return `${path}: it is not read: rename it to ${name.replace(anyYaml, ".yml")}`;
}

/** Filters in subfolders would take nothing away. */
function faultsOfFilters(folder: string, { folders }: Listed): string[] {
  const faults: string[] = [];
  for (const name of folders) {
    const found = readdirSync(join(folder, name), { recursive: true, encoding: "utf8" });
    if (found.some((each) => anyYaml.test(each))) {
      faults.push(`${join(folder, name)}: the filters of a subfolder are not read: move them into ${folder}`);
    }
  }
  return faults;
}

/** The most files and folders below a folder of rules; SigmaHQ's whole repository has 5,800. */
const mostEntriesBelow = 50_000;

/** What lies in subfolders. */
interface Below extends Omit<Listed, "folders"> {
  /** Files that are no YAML. */
  readonly others: string[];
  /** The real paths of the folders that are listed: links may lead in a circle. */
  readonly known: Set<string>;
  /** The files and folders that may still be listed; negative when there were more. */
  left: number;
}

function listBelow(folder: string, below: Below): void {
  const real = realpathSync(folder);
  if (below.known.has(real)) return;
  below.known.add(real);
  const entries = entriesBelow(folder, below);
  below.left -= entries.length;
  for (const entry of entries) {
    const { name } = entry;
    if (below.left < 0) return;
    if (name.startsWith(".") || name === "node_modules" || name === baseEventsFolder) continue;
    const path = join(folder, name);
    const found = kindOf(entry, path);
    if (found === null) below.warnings.push(`${path}: it cannot be opened`);
    else if (found.isDirectory()) listBelow(path, below);
    else if (!found.isFile()) below.warnings.push(`${path}: it is not read: it is no file`);
    else if (name.endsWith(".yml")) below.files.push(path);
    else if (anyYaml.test(name)) below.faults.push(faultOfName(path, name));
    else if (!neverRules.test(name)) below.others.push(path);
  }
}

function entriesBelow(folder: string, { faults }: Below): readonly Dirent[] {
  try {
    return entriesOf(folder);
  } catch (error) {
    // It may hold rules.
    faults.push(`${folder}: it cannot be opened: ${String(codeOf(error))}`);
    return [];
  }
}
