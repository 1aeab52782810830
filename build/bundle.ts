import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile, type OutputFile, type Plugin } from "esbuild";
import { InputError } from "../lambda/core/values/input-error.ts";
import { describeInputs, findOwnRules, noteInputs } from "../local/bundles.ts";
import { takeBuiltins } from "./builtins-plugin.ts";
import { findDoubledState } from "./doubled-state.ts";
import { jsonPlugin } from "./json-plugin.ts";
import { pureBindingsPlugin } from "./pure-bindings-plugin.ts";
import { createRulesPlugin } from "./rules-plugin.ts";
import { readScriptOptions } from "./script-options.ts";
import { exportTaken, joinTaken, readTaken, shareModules, type Taken } from "./shared-modules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
let rulesPlugin = createRulesPlugin();

/** The functions that are deployed: `lambda/functions/<name>.ts` becomes `dist/<name>/index.mjs`. */
const functions = [
  "receiver",
  "redrive",
  "sync-profiles",
  "refresh-profiles",
  "reconcile",
  "stream",
  "publish-output",
  "notify-exceptions",
  "digest",
  "canary",
] as const;

/** Some dependencies are CommonJS and load Node.js's own modules by `require`, which ESM lacks. */
const requireBanner = "const require=process.getBuiltinModule;";

const builtinsPlugin = takeBuiltins();

const common: BuildOptions = {
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  mainFields: ["module", "main"],
  minify: true,
  sourcemap: true,
  sourcesContent: true,
  metafile: true,
  legalComments: "none",
  banner: { js: requireBanner },
  absWorkingDir: root,
  logLevel: "error",
  write: false,
};

/** Prints every warning once: bundling each function with rules repeats them. */
const warnings = new Set<string>();

/** What a build gives. */
interface Built {
  readonly files: readonly OutputFile[];
  /** The inputs of each file. */
  readonly outputs: Metafile["outputs"];
}

async function buildFiles(options: BuildOptions): Promise<Built> {
  const { metafile, outputFiles = [], warnings: found } = await build({ ...common, ...options });
  for (const { text } of found) warnings.add(text);
  return { files: outputFiles, outputs: metafile?.outputs ?? {} };
}

/**
 * Writes the files of a folder that differ from what is there, and removes others: a build that changes nothing touches nothing that
 * runs.
 */
async function writeFolder(folder: string, files: readonly OutputFile[]): Promise<void> {
  const wanted = new Set(files.map(({ path }) => path));
  const there = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const old = there.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  await Promise.all([
    ...old.filter((path) => !wanted.has(path)).map((path) => rm(path)),
    ...files.map(async ({ path, contents }) => {
      const before = await readFile(path).catch(() => null);
      if (before?.equals(contents)) return;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, contents);
    }),
  ]);
}

/**
 * Bundles a function. Dynamic imports, such as those of SDK clients, become files of their own.
 *
 * @returns the inputs of each file
 */
async function bundle(name: string): Promise<Metafile["outputs"]> {
  const outdir = join(root, "dist", name);
  const parts = awaited.get(name);
  const { files, outputs } =
    parts === undefined
      ? await buildFiles({
          entryPoints: { index: join(root, "lambda/functions", `${name}.ts`) },
          outdir,
          splitting: true,
          chunkNames: "chunks/[name]-[hash]",
          plugins: [builtinsPlugin, pureBindingsPlugin, jsonPlugin, rulesPlugin],
        })
      : await bundleAwaited(name, parts, outdir);
  await writeFolder(outdir, files);
  return outputs;
}

/** A dynamic import of nearly every request, which is a file of its own. */
interface Part {
  /** The name of its file. */
  readonly name: string;
  /** The part that imports it, and so is loaded before. @default only the entry file is */
  readonly after?: string;
}

/** Functions whose caller waits for the first answer, with their parts in the order in which they are loaded. */
const awaited: ReadonlyMap<string, readonly Part[]> = new Map([
  [
    "receiver",
    [
      { name: "receiver-delivery" },
      { name: "aws-lambda-powertools-metrics" },
      { name: "receiver-alerts", after: "receiver-delivery" },
      { name: "direct-calls" },
    ],
  ],
]);

/** The entry file of a function. */
const index = "index";

/** The folder of all modules that are ours. */
const sources = join(root, "lambda");

/** A file that a caller waits for. */
interface AwaitedFile {
  readonly name: string;
  readonly entryPoint: string;
  /** The files that are loaded before. */
  readonly before: readonly AwaitedFile[];
  /** Bytes of each of its modules within {@link sources}, by their paths there, where it lends none. */
  readonly bytes: ReadonlyMap<string, number>;
  /** The modules that later files take from it. */
  readonly lends: Set<string>;
}

/** The bytes of each module within {@link sources}. */
function bytesOf(outputs: Metafile["outputs"]): ReadonlyMap<string, number> {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const ours = inputs.filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && join(root, path).startsWith(sources));
  return new Map(ours.map(([path, { bytesInOutput }]) => [relative(sources, join(root, path)), bytesInOutput]));
}

/** By how much a module may grow in a file that lends it: what later files use alone is for them to have. */
const tolerableGrowth = 1.1;

/**
 * Bundles all modules before the first answer into one file, since each further file costs a cold start about a
 * millisecond; likewise each other part that a caller waits for, which takes our modules from files that are loaded before.
 * Other dynamic imports share chunks with one another, but not with those files. So only one side may import a module with
 * its own state, which {@link findDoubledState} checks, and a symbol of both sides is one by its name (`Symbol.for`).
 */
async function bundleAwaited(name: string, parts: readonly Part[], outdir: string): Promise<Built> {
  const later = new Map<string, string>();
  const plugins = [builtinsPlugin, pureBindingsPlugin, jsonPlugin, rulesPlugin];
  const buildOne = (file: string, entryPoint: string, sharing: readonly Plugin[]) =>
    buildFiles({
      entryPoints: { [file === index ? index : join(laterFolder, file)]: entryPoint },
      outdir,
      plugins: [...sharing, ...plugins, leaveForLater(later, file === index ? laterFolder : "")],
    });

  const files: AwaitedFile[] = [];
  const add = async (file: string, entryPoint: string, before: readonly AwaitedFile[]) => {
    const bytes = bytesOf((await buildOne(file, entryPoint, [])).outputs);
    files.push({ name: file, entryPoint, before, bytes, lends: new Set(bytes.keys()) });
  };
  await add(index, join(sources, "functions", `${name}.ts`), []);
  for (const { name: file, after } of parts) {
    const entryPoint = later.get(file);
    if (entryPoint === undefined) throw new Error(`${name} imports no ${file}`);
    await add(
      file,
      entryPoint,
      files.filter((each) => each.name === index || each.name === after),
    );
  }
  let all = await buildSharing(files, buildOne);
  while (lendLess(files, all)) all = await buildSharing(files, buildOne);

  const names = parts.map((part) => part.name);
  for (const each of names) later.delete(each);
  const shared = await buildFiles({
    entryPoints: Object.fromEntries(later),
    outdir: join(outdir, laterFolder),
    splitting: true,
    // Beside the parts, so that the path to a part is the same for all.
    chunkNames: "[name]-[hash]",
    plugins: [...plugins, leaveForLater(new Map(), "", names)],
  });
  const built = [...all.values(), shared];
  return {
    files: built.flatMap((each) => each.files),
    outputs: Object.assign({}, ...built.map(({ outputs }) => outputs)),
  };
}

/** Builds files, each of which takes modules from those before it. */
async function buildSharing(
  files: readonly AwaitedFile[],
  buildOne: (file: string, entryPoint: string, sharing: readonly Plugin[]) => Promise<Built>,
): Promise<ReadonlyMap<AwaitedFile, Built>> {
  const all = new Map<AwaitedFile, Built>();
  const takenBy = new Map<AwaitedFile, Taken>();
  // From the last one: what later files take is known before an earlier one is built.
  for (const file of files.toReversed()) {
    const earlier = file.before.map(({ name, lends }) => ({
      path: name === index ? `../${index}.mjs` : `./${name}.mjs`,
      modules: lends,
    }));
    const lent = [...takenBy].map(([{ before }, taken]): Taken => {
      const isHere = (module: string) => before.find(({ lends }) => lends.has(module)) === file;
      return new Map([...taken].filter(([module]) => isHere(module)));
    });
    const exporting = exportTaken(sources, file.entryPoint, joinTaken(lent));
    const found = await buildOne(file.name, file.entryPoint, [exporting, shareModules(sources, earlier)]);
    const taken = readTaken(found.files.find(({ path }) => path.endsWith(".mjs"))?.text ?? "");
    takenBy.set(file, taken);
    all.set(file, await buildOne(file.name, file.entryPoint, [exporting, shareModules(sources, earlier, taken)]));
  }
  return all;
}

/**
 * Lets files lend no module that grows by it beyond {@link tolerableGrowth}.
 *
 * @returns whether there was one
 */
function lendLess(files: readonly AwaitedFile[], built: ReadonlyMap<AwaitedFile, Built>): boolean {
  let isLess = false;
  for (const file of files) {
    for (const [module, bytes] of bytesOf(built.get(file)?.outputs ?? {})) {
      const isGrown = bytes > (file.bytes.get(module) ?? bytes) * tolerableGrowth;
      if (isGrown && file.lends.delete(module)) isLess = true;
    }
  }
  return isLess;
}

/** The bytes by package, scope, or our folder, in the entry file and in all others. */
function composition(outputs: Metafile["outputs"]): string[] {
  const weights = new Map<string, { index: number; later: number }>();
  for (const [file, { inputs }] of Object.entries(outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const [, scope] = /node_modules\/([^/]+)/.exec(input) ?? [];
      const owner = scope ?? (input.startsWith("lambda/") ? input.split("/").slice(0, 3).join("/") : "detections");
      const weight = weights.get(owner) ?? { index: 0, later: 0 };
      weight[file.endsWith("/index.mjs") ? "index" : "later"] += bytesInOutput;
      weights.set(owner, weight);
    }
  }
  return [...weights]
    .filter(([, { index, later }]) => index + later >= 500)
    .sort(([, a], [, b]) => b.index + b.later - a.index - a.later)
    .map(([owner, { index, later }]) => `  ${kilobytes(index)} ${kilobytes(later)}  ${owner}`);
}

const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(1).padStart(7)} kB`;

const laterFolder = "later";

/**
 * Leaves dynamic imports of files that are built later unchanged, and adds them to `later`.
 *
 * @param folder their future folder, relative to the importing file
 * @param only the names of those that are left. @default all
 */
function leaveForLater(later: Map<string, string>, folder: string, only?: readonly string[]): Plugin {
  const resolving = Symbol("resolving");
  return {
    name: "leave for later",
    setup({ onResolve, resolve }) {
      onResolve({ filter: /./ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
        if (kind !== "dynamic-import" || pluginData === resolving || path.startsWith("node:")) return null;
        const resolved = await resolve(path, { kind, resolveDir, importer, pluginData: resolving });
        if (resolved.errors.length > 0) return { errors: resolved.errors };
        const name = path
          .replace(/\.ts$/, "")
          .replace(/^[./@]+/, "")
          .replace(/\W+/g, "-");
        if ((later.get(name) ?? resolved.path) !== resolved.path) {
          return { errors: [{ text: `two files would be called ${name}: ${later.get(name)} and ${resolved.path}` }] };
        }
        if (only?.includes(name) === false) return null;
        later.set(name, resolved.path);
        return { path: `./${[folder, name].filter(Boolean).join("/")}.mjs`, external: true };
      });
    },
  };
}

const { options } = readScriptOptions(
  `Usage: npm run build [-- OPTIONS]

Writes dist/FUNCTION/index.mjs for each function that is deployed, and prints their sizes.

  --quiet         print warnings and errors alone
  --composition   print what weighs what in each function
  -h, --help      this text`,
  ["quiet", "composition"],
);
const quiet = options.has("quiet");
/** Whether to print the weights, at start and of dynamic imports. */
const composed = options.has("composition");
try {
  const inputs = await describeInputs();
  const own = await findOwnRules();
  if (own !== null) rulesPlugin = createRulesPlugin([own]);
  for (const name of functions) {
    const outputs = await bundle(name);
    for (const fault of await findDoubledState(outputs, root)) {
      process.stderr.write(`error: ${fault}\n`);
      process.exitCode = 1;
    }
    const file = join(root, "dist", name, "index.mjs");
    const { size } = await stat(file);
    if (!quiet) process.stdout.write(`${relative(root, file)} ${(size / 1_000).toFixed(1)} kB\n`);
    if (composed) process.stdout.write(`${composition(outputs).join("\n")}\n`);
  }
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  // Where warnings were printed, the next build repeats them.
  if (process.exitCode === undefined && warnings.size === 0) await noteInputs(inputs);
} catch (error) {
  if (error instanceof InputError) process.stderr.write(`${error.message}\n`);
  // esbuild has printed the fault and its place.
  else if (!(error instanceof Error && "errors" in error)) throw error;
  process.exitCode = 1;
}
