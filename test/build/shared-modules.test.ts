import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeBuiltins } from "../../build/builtins-plugin.ts";
import { pureBindingsPlugin } from "../../build/pure-bindings-plugin.ts";
import { exportTaken, joinTaken, readTaken, shareModules } from "../../build/shared-modules.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shared-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes modules, by their names. */
async function write(modules: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(folder, "dist"), { recursive: true });
  for (const [name, code] of Object.entries(modules)) await writeFile(join(folder, `${name}.ts`), code);
}

async function bundle(name: string, plugins: readonly Plugin[]): Promise<string> {
  const outfile = join(folder, "dist", `${name}.mjs`);
  const entryPoints = [join(folder, `${name}.ts`)];
  await build({
    entryPoints,
    outfile,
    bundle: true,
    format: "esm",
    minify: true,
    logLevel: "silent",
    plugins: [...plugins],
  });
  return await readFile(outfile, "utf8");
}

/** Bundles `later.ts` with the module `held.ts` of `first.ts`. */
async function bundleBoth() {
  const earlier = [{ path: "./first.mjs", modules: new Set(["held.ts"]) }];
  const taken = readTaken(await bundle("later", [shareModules(folder, earlier)]));
  const later = await bundle("later", [shareModules(folder, earlier, taken)]);
  const first = await bundle("first", [exportTaken(folder, join(folder, "first.ts"), taken)]);
  return { taken, later, first };
}

test("a module of an earlier file is there once, with one state, whichever of its exports a later file uses", async () => {
  await write({
    held: 'let held = 1; export const add = () => (held += 1); export const read = () => held; export const unused = "never";',
    other: 'export { read as again } from "./held.ts"; export { unused } from "./held.ts";',
    first: 'import { add } from "./held.ts"; export { add };',
    later:
      'import { read } from "./held.ts"; import { again, unused } from "./other.ts"; export const both = () => [read(), again()]; const never = () => unused;',
  });
  const { taken, later, first } = await bundleBoth();
  expect([...taken].map(([module, names]) => [module, [...names]])).toEqual([["held.ts", ["read"]]]);
  expect(later).not.toContain("=1");
  expect(first).not.toContain("never");
  const { add } = await import(pathToFileURL(join(folder, "dist/first.mjs")).href);
  const { both } = await import(pathToFileURL(join(folder, "dist/later.mjs")).href);
  add();
  expect(both()).toEqual([2, 2]);
});

test("a module that is imported as a whole is refused, as an earlier file exports names", async () => {
  await write({
    held: "export const one = 1; export const two = 2;",
    first: 'import { one } from "./held.ts"; export const first = one;',
    later: 'import * as held from "./held.ts"; export const all = (name: string) => held[name as "one"];',
  });
  await expect(bundleBoth()).rejects.toThrow(/the whole of "shared:held\.ts" is imported/);
});

test("names of the same module that several files take are joined", () => {
  const joined = joinTaken([
    new Map([["held.ts", new Set(["one"])]]),
    new Map([["held.ts", new Set(["one", "two"])]]),
    new Map([["other.ts", new Set(["three"])]]),
  ]);
  expect([...joined].map(([module, names]) => [module, [...names]])).toEqual([
    ["held.ts", ["one", "two"]],
    ["other.ts", ["three"]],
  ]);
});

test("of a module of Node.js a bundle reads the properties that it uses, and WebCrypto is not among them", async () => {
  await write({
    first:
      'import { createHash, type Hash } from "node:crypto"; export const start = (): Hash => createHash("sha256");',
    later: 'export const load = async () => (await import("node:http")).default.METHODS;',
  });
  const code = await bundle("first", [takeBuiltins()]);
  expect(code).toContain('getBuiltinModule("node:crypto")');
  expect(code).not.toContain("webcrypto");
  const { start } = await import(pathToFileURL(join(folder, "dist/first.mjs")).href);
  expect(start().update("a").digest("hex")).toMatch(/^ca978112/);
  expect(await bundle("later", [takeBuiltins()])).not.toContain("WebSocket");
  const { load } = await import(pathToFileURL(join(folder, "dist/later.mjs")).href);
  expect(await load()).toContain("POST");
});

test("what the indexes of Smithy's core bind is left out where nothing uses it", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const contents = 'import { StandardRetryStrategy } from "@smithy/core/retry"; export { StandardRetryStrategy };';
  const bundled = async (plugins: readonly Plugin[]) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: root },
      bundle: true,
      format: "esm",
      platform: "node",
      mainFields: ["module", "main"],
      write: false,
      plugins: [...plugins],
    });
    return outputFiles[0]?.text ?? "";
  };
  expect(await bundled([])).toContain("getRandomValues");
  const code = await bundled([pureBindingsPlugin]);
  expect(code).not.toContain("getRandomValues");
  expect(code).toContain("refreshRetryTokenForRetry");
});
