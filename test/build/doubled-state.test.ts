import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findDoubledState, stateOf } from "../../build/doubled-state.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "doubled-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Bundles two entry files of a function, each by itself, that both import `shared.ts`. */
async function bundleBoth(shared: string): Promise<Metafile["outputs"]> {
  await writeFile(join(folder, "shared.ts"), shared);
  const outputs: Metafile["outputs"] = {};
  for (const name of ["first", "second"]) {
    await writeFile(
      join(folder, `${name}.ts`),
      'import { value } from "./shared.ts"; export const read = () => value;',
    );
    const { metafile } = await build({
      entryPoints: [join(folder, `${name}.ts`)],
      absWorkingDir: folder,
      outdir: join(folder, "dist"),
      bundle: true,
      format: "esm",
      metafile: true,
    });
    Object.assign(outputs, metafile.outputs);
  }
  return outputs;
}

test("a module with a state in two files of a function is named, with the files and the state", async () => {
  const outputs = await bundleBoth("export let value: number = 1; export const count = () => (value += 1);");
  const [fault, ...others] = await findDoubledState(outputs, folder);
  expect(others).toEqual([]);
  expect(fault).toMatch(/^shared\.ts would exist once in each of dist\/first\.js, dist\/second\.js, .*let value = 1;/);
});

test("a module without a state may stand in both, and so may one that has an excuse", async () => {
  expect(await findDoubledState(await bundleBoth("export const value = 1;"), folder)).toEqual([]);
  const outputs = await bundleBoth("export const value = new Map<string, number>();");
  expect(await findDoubledState(outputs, folder)).toHaveLength(1);
  expect(await findDoubledState(outputs, folder, { "shared.ts": "it is only read" })).toEqual([]);
});

test("a module with a state in one file of the function is no fault", async () => {
  const outputs = await bundleBoth("export let value = 1; value += 1;");
  expect(await findDoubledState(Object.fromEntries(Object.entries(outputs).slice(0, 1)), folder)).toEqual([]);
});

test.each([
  ["let held;", "export let held = 1;"],
  ["var held;", "var held = 1;"],
  ["class Held {", "export class Held extends Error {\n}"],
  ["const held = new Map();", "const held = new Map();"],
  ["const held = /* @__PURE__ */ new WeakMap();", "export const held = /* @__PURE__ */ new WeakMap();"],
  ["const held = [];", "export const held = [];"],
  ["const held = {};", "const held = {};"],
  ['const held = Symbol("held");', 'const held = Symbol("held");'],
])("%s at the top of a module is a state", (_, code) => {
  expect(stateOf(code)).toHaveLength(1);
});

test.each([
  ["a table", 'const table = new Map([["one", 1]]);'],
  ["a list with elements", "const list = [1];"],
  ["a symbol that all copies share", 'const mark = Symbol.for("mark");'],
  ["a variable of a function", "function count() {\n  let held = 1;\n  return held;\n}"],
])("%s is none", (_, code) => {
  expect(stateOf(code)).toEqual([]);
});
