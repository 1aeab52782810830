import { existsSync, readFileSync, statSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * Finds what `npm ci` bundled of the commands (`build/bundle-commands.ts`): a command starts from some files of it, where its sources
 * are some hundred. What counts are the sources, so that nothing is started that is not made of what is there now.
 */

/** The folder of the bundle, from the root. */
export const bundleFolder = "node_modules/.cache/okta-proxy-watch-commands";

/** What a command starts from: the file `NAME.json` of {@link bundleFolder}, and `main.json` for the list of commands. */
export interface BundleManifest {
  /** The checkout, with a separator at its end: URLs of its files are part of the bundle. */
  readonly root: string;
  /** The name of the file that exports `main` of `cli/main.ts`. */
  readonly main: string;
  /** The command's flags of Node.js. */
  readonly flags: readonly string[];
  /** All that the command may load, and the files that this is made from. */
  readonly files: readonly NotedFile[];
}

/** A file by its path from the root, its size in bytes, and its {@link timeOf}; no time for a file of the bundle, whose name is a digest. */
export type NotedFile = readonly [path: string, size: number, time?: number];

/**
 * The time in milliseconds that changes with a file: for a source that of any change, which no program can set. For a package's file, which npm
 * replaces as a whole, that of its text: the other one also changes for every link to the file, as copies of a checkout make them.
 */
export function timeOf(
  path: string,
  { mtimeMs, ctimeMs }: { readonly mtimeMs: number; readonly ctimeMs: number },
): number {
  return path.includes("node_modules/") ? mtimeMs : ctimeMs;
}

/**
 * The bundle of a command, where each file that it is made from is as it was.
 *
 * @param args the arguments of the command line
 * @param root the checkout, with a separator at its end. @default - this one
 * @returns the path of the file that exports `main`; null where the sources have to be started
 */
export function findBundle(
  args: readonly string[],
  root = fileURLToPath(new URL("..", import.meta.url)),
): string | null {
  const [name = "main"] = args[0] === "help" ? args.slice(1) : args;
  let manifest = readManifest(root, /^[a-z-]+$/.test(name) ? name : "main");
  // Without its flags, all that a command does is to start again with them.
  if (manifest?.flags.some((flag) => !process.execArgv.includes(flag))) manifest = readManifest(root, "main");
  if (manifest?.root !== root || !manifest.files.every((file) => isUnchanged(root, file))) return null;
  return `${root}${bundleFolder}/${manifest.main}`;
}

function readManifest(checkout: string, name: string): BundleManifest | null {
  try {
    const text = readFileSync(`${checkout}${bundleFolder}/${name}.json`, "utf8");
    const { root, main, flags, files }: BundleManifest = JSON.parse(text);
    return Array.isArray(flags) && Array.isArray(files) ? { root, main, flags, files } : null;
  } catch {
    // A name that is no command's is answered with the list, whose manifest notes no file of a command.
    return existsSync(`${checkout}cli/${name}.ts`) ? null : readManifest(checkout, "main");
  }
}

/** Whether a file is as it was noted. One that cannot be looked at is not, nor what a damaged manifest has for one. */
function isUnchanged(root: string, file: NotedFile): boolean {
  try {
    const [path, size, time] = file;
    const found = statSync(root + path, { throwIfNoEntry: false });
    return found?.size === size && (time === undefined || timeOf(path, found) === time);
  } catch {
    return false;
  }
}

/** Has an error, and what caused it, name the sources where its stack names files of a bundle. */
export function pointAtSources(error: unknown): void {
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    seen.add(each);
    if (each.stack !== undefined) each.stack = each.stack.replace(/(file:\S+\.mjs):(\d+):(\d+)/g, toSource);
  }
}

/** A place in a source; the given one where the bundle has no map of it. */
function toSource(place: string, url: string, line: string, column: string): string {
  try {
    const map = new SourceMap(JSON.parse(readFileSync(new URL(`${url}.map`), "utf8")));
    const origin = map.findOrigin(Number(line), Number(column));
    return "fileName" in origin
      ? `${new URL(origin.fileName, url)}:${origin.lineNumber}:${origin.columnNumber}`
      : place;
  } catch {
    return place;
  }
}
