import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/*
 * The dependency rule: the core (what decides) knows no SDK, no environment and no clock of its own, and imports nothing
 * from the adapters around it. Exit code 1 names every breach.
 */

const root = fileURLToPath(new URL("..", import.meta.url));

/** Files and folders of the core, below `lambda/`. */
const core = [
  "pipeline",
  "budget.ts",
  "measure.ts",
  "network.ts",
  "exceptions/exception.ts",
  "exceptions/notice.ts",
  "history",
  "grouping",
  "text",
  "hook-endpoint",
  "severity/adjustment.ts",
  "severity/compile-adjustments.ts",
  "sigma",
  "detections/compile-rules.ts",
  "detections/log-source.ts",
  "geo",
  "okta",
  "profiles/profile-location.ts",
  "profiles/refresh.ts",
  "profiles/judge-location.ts",
  "profiles/okta-user.ts",
  "profiles/profile.ts",
  "profiles/profile-store.ts",
  "profiles/sync.ts",
  "alerts",
  "outputs",
];
/** What stands in those folders and is an adapter all the same. */
const adapters: readonly string[] = [];
/** The packages and modules that the core may import. */
const allowed = new Set([
  "@turf/distance",
  "country-to-iso",
  "fastest-levenshtein",
  "node:crypto",
  "node:net",
  "re2js",
  "uuid",
  "zod/mini",
]);
/** What is to be passed in as an argument. */
const ambient =
  /\bprocess\.(?!getBuiltinModule)|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(|\bperformance\.|\bfetch\(/;

async function filesBelow(path: string): Promise<string[]> {
  const absolute = join(root, "lambda", path);
  if (path.endsWith(".ts")) return [absolute];
  const entries = await readdir(absolute, { recursive: true });
  return entries
    .filter((entry) => entry.endsWith(".ts") && !entry.endsWith(".d.ts"))
    .map((entry) => join(absolute, entry));
}

const adapterFiles = new Set(adapters.map((path) => join(root, "lambda", path)));
const coreFiles = (await Promise.all(core.map(filesBelow))).flat().filter((file) => !adapterFiles.has(file));
const breaches: string[] = [];

const { metafile } = await build({
  entryPoints: coreFiles,
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  write: false,
  metafile: true,
  outdir: join(root, "dist"),
  absWorkingDir: root,
});
const known = new Set(coreFiles.map((file) => relative(root, file)));
for (const [file, { imports }] of Object.entries(metafile.inputs)) {
  if (!known.has(file)) breaches.push(`${file} is imported by the core, and is no part of it`);
  for (const { path, external } of imports) {
    if (external && !allowed.has(path)) breaches.push(`${file} imports ${path}, which the core may not`);
  }
}
for (const file of coreFiles) {
  const lines = (await readFile(file, "utf8")).split("\n");
  lines.forEach((line, index) => {
    if (ambient.test(line))
      breaches.push(`${relative(root, file)}:${index + 1} uses what has to be passed in: ${line.trim()}`);
  });
}
if (breaches.length > 0) {
  process.stderr.write(`${breaches.join("\n")}\n`);
  process.exitCode = 1;
}
