import { rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { rulesPlugin } from "./rules-plugin.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The functions that are deployed: `lambda/<name>.ts` becomes `dist/<name>/index.mjs`. */
const functions = [
  "receiver",
  "redrive",
  "sync-profiles",
  "refresh-profiles",
  "publish-output",
  "notify-exceptions",
  "canary",
] as const;

/** Some dependencies are CommonJS and ask for Node.js's own modules by `require`, which ESM has not. */
const requireBanner =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);';

const common: BuildOptions = {
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  mainFields: ["module", "main"],
  minify: true,
  keepNames: true,
  sourcemap: true,
  sourcesContent: true,
  legalComments: "none",
  banner: { js: requireBanner },
  absWorkingDir: root,
  logLevel: "error",
};

/** Bundles a function. What is imported when first needed, such as SDK clients, becomes a file of its own. */
async function bundle(name: string): Promise<void> {
  const outdir = join(root, "dist", name);
  await rm(outdir, { recursive: true, force: true });
  const parts = awaited.get(name);
  if (parts !== undefined) await bundleAwaited(name, parts, outdir);
  else {
    await build({
      ...common,
      entryPoints: { index: join(root, "lambda", `${name}.ts`) },
      outdir,
      splitting: true,
      chunkNames: "chunks/[name]-[hash]",
      plugins: [rulesPlugin],
    });
  }
}

/** Functions whose first answer somebody waits for, with what nearly every request imports beside: the names of its files. */
const awaited: ReadonlyMap<string, readonly string[]> = new Map([
  ["receiver", ["deliveries", "aws-lambda-powertools-metrics"]],
]);

/**
 * Bundles all that is loaded before the first answer into one file, since each file more costs a cold start about a
 * millisecond; and each of the other parts that are waited for as well. What is imported when first needed shares what it has
 * in common with one another, but nothing with those files: so a module with a state of its own may be imported on one side
 * only, and a symbol that both have is one by its name (`Symbol.for`).
 */
async function bundleAwaited(name: string, parts: readonly string[], outdir: string): Promise<void> {
  const later = new Map<string, string>();
  const single = (entryPoint: string, file: string, folder: string) =>
    build({
      ...common,
      entryPoints: { [file]: entryPoint },
      outdir,
      plugins: [rulesPlugin, leaveForLater(later, folder)],
    });
  await single(join(root, "lambda", `${name}.ts`), "index", laterFolder);
  for (const part of parts) {
    const entryPoint = later.get(part);
    if (entryPoint === undefined) throw new Error(`${name} imports no ${part}`);
    await single(entryPoint, join(laterFolder, part), "");
    later.delete(part);
  }
  await build({
    ...common,
    entryPoints: Object.fromEntries(later),
    outdir: join(outdir, laterFolder),
    splitting: true,
    chunkNames: "shared/[name]-[hash]",
    plugins: [rulesPlugin],
  });
}

const laterFolder = "later";

/**
 * Leaves dynamic imports as they are, of files that are still to be built: `later` is told which.
 *
 * @param folder where they will be, seen from the file that imports them
 */
function leaveForLater(later: Map<string, string>, folder: string): Plugin {
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
        later.set(name, resolved.path);
        return { path: `./${[folder, name].filter(Boolean).join("/")}.mjs`, external: true };
      });
    },
  };
}

const quiet = process.argv.includes("--quiet");
try {
  for (const name of functions) {
    await bundle(name);
    const file = join(root, "dist", name, "index.mjs");
    const { size } = await stat(file);
    if (!quiet) process.stdout.write(`${relative(root, file)} ${(size / 1_000).toFixed(1)} kB\n`);
  }
} catch (error) {
  // esbuild has printed what is wrong, and where.
  if (!(error instanceof Error && "errors" in error)) throw error;
  process.exitCode = 1;
}
