import { rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
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

async function bundle(name: string): Promise<void> {
  const outdir = join(root, "dist", name);
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints: { index: join(root, "lambda", `${name}.ts`) },
    outdir,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    // What is imported when first needed, such as SDK clients, becomes a file of its own.
    splitting: true,
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
    plugins: [rulesPlugin],
    absWorkingDir: root,
    logLevel: "error",
  });
}

const quiet = process.argv.includes("--quiet");
try {
  for (const name of functions) {
    await bundle(name);
    const file = join(root, "dist", name, "index.mjs");
    const { size } = await stat(file);
    if (!quiet) process.stdout.write(`${relative(root, file)} ${(size / 1_000).toFixed(1)} kB\n`);
  }
} catch {
  // esbuild has printed what is wrong, and where.
  process.exitCode = 1;
}
