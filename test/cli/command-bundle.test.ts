import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BundleManifest, bundleFolder, findBundle } from "../../cli/command-bundle.ts";
import { commands } from "../../cli/commands.ts";
import { launcher } from "../fixtures/command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let folder: string;
let event: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "command-bundle-"));
  event = join(folder, "events.json");
  await cp(join(root, "local/samples/proxied-sign-in.json"), event);
});
afterAll(() => rm(folder, { recursive: true }));

/** Prints the modules that were loaded, below the root, on standard error. */
const listing = `data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from "node:module";
  const loaded = [];
  registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
  process.once("exit", () => process.stderr.write(loaded.join("\\n")));`,
)}`;

/** What the launcher does without a bundle. */
const startSources = `const { main } = await import(${JSON.stringify(new URL("../../cli/main.ts", import.meta.url))});
await main(process.argv.slice(1));`;

interface Outcome {
  readonly code: unknown;
  readonly stdout: string;
  readonly loaded: readonly string[];
}

function start(by: "bundle" | "sources", args: readonly string[]): Promise<Outcome> {
  const program =
    by === "bundle" ? [launcher, ...args] : ["--input-type=module", "--eval", startSources, "--", ...args];
  const flags = commands[args[0] ?? ""]?.flags ?? [];
  const env = { ...process.env, SETTINGS_FILE: "/dev/null", RUN_NOTES_FOLDER: "/dev/null" };
  return new Promise((resolve) =>
    execFile(
      process.execPath,
      [...flags, "--import", listing, ...program],
      { cwd: root, env },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, loaded: stderr.split("\n") }),
    ),
  );
}

test("the commands are bundled, each with all that it loads", () => {
  for (const name of Object.keys(commands)) expect([name, findBundle([name])]).toEqual([name, expect.any(String)]);
});

test.each([
  // Loads every command.
  { args: ["completion", "zsh"] },
  { args: ["--help"] },
  { args: ["rules", "--json"] },
  { args: ["rules", "test"] },
  { args: ["rules", "coverage"] },
  { args: ["backtest", "--events", "EVENT"] },
  { args: ["profiles", "template"] },
  { args: ["nope"] },
])("$args says the same by the bundle as by the sources, and loads none of these", async ({ args: given }) => {
  const args = given.map((each) => (each === "EVENT" ? event : each));
  const [bundled, plain] = [await start("bundle", args), await start("sources", args)];
  expect(bundled.stdout === "").toBe(args[0] === "nope");
  expect({ code: bundled.code, stdout: bundled.stdout }).toEqual({ code: plain.code, stdout: plain.stdout });
  const sources = (each: Outcome) => each.loaded.filter((url) => url.startsWith("file:") && url.endsWith(".ts")).length;
  expect(sources(bundled)).toBe(1);
  expect(sources(plain)).toBeGreaterThan(5);
});

test("no module is in two files of the bundle, so that its state and its classes are one", async () => {
  const owners = new Map<string, string[]>();
  // Completion loads every command.
  const { files } = JSON.parse(await readFile(join(root, bundleFolder, "completion.json"), "utf8")) as BundleManifest;
  const all = files.map(([path]) => path).filter((path) => path.startsWith(bundleFolder));
  for (const path of all) {
    const { sources } = JSON.parse(await readFile(join(root, `${path}.map`), "utf8")) as {
      readonly sources: readonly string[];
    };
    for (const source of sources) owners.set(source, [...(owners.get(source) ?? []), path]);
  }
  expect(owners.size).toBeGreaterThan(300);
  expect([...owners].filter(([, paths]) => paths.length > 1)).toEqual([]);
});
