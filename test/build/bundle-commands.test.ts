import { execFile } from "node:child_process";
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleCommands } from "../../build/bundle-commands.ts";
import { bundleFolder, findBundle, pointAtSources } from "../../cli/command-bundle.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A checkout with two commands: `greet`, which loads a package and, when it runs, a further source; and `part`. */
const files: Readonly<Record<string, string>> = {
  "package.json": `{ "name": "small", "type": "module" }`,
  "build/bundle-commands.ts": "",
  "node_modules/.package-lock.json": "{}",
  "node_modules/words/package.json": `{ "name": "words", "version": "1.0.0", "main": "index.js" }`,
  "node_modules/words/index.js": `module.exports = { word: "hello" };`,
  "cli/main.ts": `import { commands } from "./commands.ts";
export const isBundled = (): boolean => /\\.mjs:/.test(new Error().stack ?? "");
export async function main(args: readonly string[]): Promise<void> {
  const [name = "", ...rest] = args[0] === "help" ? args.slice(1) : args;
  const entry = commands[name as keyof typeof commands];
  const said = entry === undefined ? "the list" : (await entry.load()).command(rest);
  process.stdout.write(\`\${await said} \${isBundled() ? "by the bundle" : "by the sources"}\\n\`);
}
`,
  "cli/commands.ts": `export const commands = {
  greet: { load: () => import("./greet.ts") },
  part: { load: () => import("./part.ts") },
  flagged: { load: () => import("./flagged.ts"), flags: ["--max-semi-space-size=2"] },
  completion: { load: () => import("./completion.ts") },
};
`,
  "cli/flagged.ts": `export const command = () => "fast";\n`,
  "cli/greet.ts": `import { readFile } from "node:fs/promises";
import words from "words";
export async function command(args: readonly string[]): Promise<string> {
  const { name } = await import("./greet/name.ts");
  if (args[0] === "fail") throw new Error("failed", { cause: new Error("the reason") });
  const data = await readFile(new URL("../detections/data.yml", import.meta.url), "utf8");
  return \`\${words.word} \${name} \${data}\`;
}
`,
  "cli/greet/name.ts": `export const name = "Ann";\n`,
  "cli/part.ts": `export const command = () => "bye";\n`,
  "cli/completion.ts": `export const command = () => "words";\n`,
  "detections/data.yml": "data",
};

let root: string;
beforeEach(async () => {
  root = join(await realpath(await mkdtemp(join(tmpdir(), "commands-"))), "/");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  for (const name of ["okta-proxy-watch.js", "command-bundle.ts"]) {
    await cp(join(repository, "cli", name), join(root, "cli", name));
  }
  await afterATick();
});
afterEach(() => rm(root, { recursive: true }));

/** What is written so near to the bundle's start passes for a change that came meanwhile. */
const afterATick = () => new Promise((resolve) => setTimeout(resolve, 50));

async function run(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, "cli/okta-proxy-watch.js"), ...args]);
  return stdout.trim();
}

const write = (path: string, text: string) => writeFile(join(root, path), text);

describe("a bundle of what is there", () => {
  test("is what commands, their help and the list of them start from", async () => {
    expect(await run("greet")).toBe("hello Ann data by the sources");
    expect(await bundleCommands(root)).toBeNull();
    expect(await run("greet")).toBe("hello Ann data by the bundle");
    expect(await run("help", "greet")).toBe("hello Ann data by the bundle");
    expect(await run("part")).toBe("bye by the bundle");
    for (const args of [[], ["--help"], ["help"], ["misspelt"], ["../main"]]) {
      expect(await run(...args)).toBe("the list by the bundle");
    }
  });

  test("reads data from beside the sources, as it is then", async () => {
    await bundleCommands(root);
    await write("detections/data.yml", "other data");
    expect(await run("greet")).toBe("hello Ann other data by the bundle");
  });

  test("leads to the sources in the stack of an error that ends the process, and in those of what caused it", async () => {
    await bundleCommands(root);
    const failed = await run("greet", "fail").catch(({ stderr }: { readonly stderr: string }) => stderr);
    expect(failed.match(/file:\S+greet\.ts:5:\d+/g)).toHaveLength(2);
    expect(failed).toMatch(/Error: failed\n {4}at \S+ \(file:\/\/\/\S+\/cli\/greet\.ts:5:33\)\n/);
    expect(failed).toMatch(/\[cause\]: Error: the reason\n {6}at \S+ \(file:\/\/\/\S+\/cli\/greet\.ts:5:62\)\n/);
  });
});

test("an error that is its own cause has its stack lead to the sources once", () => {
  const error = new Error("failed");
  error.cause = new Error("the reason", { cause: error });
  const { stack } = error;
  pointAtSources(error);
  expect(error.stack).toBe(stack);
});

test("a command that has to be started again with flags of Node.js is looked through by the process that has them", async () => {
  await bundleCommands(root);
  await write("cli/flagged.ts", `export const command = () => "faster";\n`);
  expect(findBundle(["flagged"], root)).not.toBeNull();
  const program = [join(root, "cli/okta-proxy-watch.js"), "flagged"];
  const { stdout } = await promisify(execFile)(process.execPath, ["--max-semi-space-size=2", ...program]);
  expect(stdout).toBe("faster by the sources\n");
});

describe("the sources are started, not what was bundled of them,", () => {
  test("after a source was edited, also one that is loaded as the command runs", async () => {
    await bundleCommands(root);
    await write("cli/greet/name.ts", `export const name = "Bob";\n`);
    expect(await run("greet")).toBe("hello Bob data by the sources");
    expect(await run("completion")).toBe("words by the sources");
    // Commands that do not load it are what they were.
    expect(await run("part")).toBe("bye by the bundle");
    expect(await run()).toBe("the list by the bundle");
    await afterATick();
    await bundleCommands(root);
    expect(await run("greet")).toBe("hello Bob data by the bundle");
  });

  test("after an edit that keeps size and time", async () => {
    const path = join(root, "cli/greet/name.ts");
    await utimes(path, 1_700_000_000, 1_700_000_000);
    await afterATick();
    await bundleCommands(root);
    await write("cli/greet/name.ts", `export const name = "Bob";\n`);
    await utimes(path, 1_700_000_000, 1_700_000_000);
    expect((await stat(path)).mtimeMs).toBe(1_700_000_000_000);
    expect(await run("greet")).toBe("hello Bob data by the sources");
  });

  test("after a file took another one's place", async () => {
    await write("cli/greet/other.ts", `export const name = "Eve";\n`);
    await afterATick();
    await bundleCommands(root);
    await rename(join(root, "cli/greet/other.ts"), join(root, "cli/greet/name.ts"));
    expect(await run("greet")).toBe("hello Eve data by the sources");
  });

  test("after a source was removed: its absence is what the command says", async () => {
    await bundleCommands(root);
    await rm(join(root, "cli/greet/name.ts"));
    await expect(run("greet")).rejects.toThrow("ERR_MODULE_NOT_FOUND");
  });

  test("after a command was added", async () => {
    await bundleCommands(root);
    await write("cli/new.ts", `export const command = () => "new";\n`);
    await write("cli/commands.ts", `export const commands = { new: { load: () => import("./new.ts") } };\n`);
    expect(await run("new")).toBe("new by the sources");
    expect(await run("misspelt")).toBe("the list by the sources");
  });

  test.each([
    ["a package's file was edited", "node_modules/words/index.js", `module.exports = { word: "good morning" };`],
    ["npm installed something", "node_modules/.package-lock.json", `{ "packages": {} }`],
    ["the project's package.json changed", "package.json", `{ "type": "module" }`],
    ["the way of bundling changed", "build/bundle-commands.ts", "// anew"],
  ])("after %s", async (_, path, text) => {
    await bundleCommands(root);
    await write(path, text);
    expect(await run("greet")).toMatch(/^(hello|good morning) Ann data by the sources$/);
    expect(await run("greet")).toMatch(path.includes("words") ? /^good morning/ : /^hello/);
  });

  test("in a checkout that was moved, and in a copy", async () => {
    await bundleCommands(root);
    const copy = root.replace(/.$/, "-copy/");
    await cp(root, copy, { recursive: true, preserveTimestamps: true });
    expect(findBundle(["greet"], copy)).toBeNull();
    await rm(copy, { recursive: true });
    await rename(root, copy);
    expect(findBundle(["greet"], copy)).toBeNull();
    await rename(copy, root);
    expect(findBundle(["greet"], root)).not.toBeNull();
  });

  test("where another checkout shares node_modules and was bundled last", async () => {
    await bundleCommands(root);
    const manifest = join(root, bundleFolder, "greet.json");
    const other = { ...JSON.parse(await readFile(manifest, "utf8")), root: "/another/" };
    await writeFile(manifest, JSON.stringify(other));
    expect(await run("greet")).toBe("hello Ann data by the sources");
  });

  test.each([
    ["a part of the bundle is missing", (path: string) => rm(path)],
    ["a part of the bundle is cut", (path: string) => writeFile(path, "export")],
  ])("where %s", async (_, damage) => {
    await bundleCommands(root);
    const parts = (await readdir(join(root, bundleFolder))).filter((name) => /^name-.*\.mjs$/.test(name));
    expect(parts).toHaveLength(1);
    await damage(join(root, bundleFolder, parts[0] ?? ""));
    expect(await run("greet")).toBe("hello Ann data by the sources");
  });

  test.each(["", "{", "{}", "null", `{ "root": "/" }`])("where a manifest is %j", async (text) => {
    await bundleCommands(root);
    for (const name of ["greet", "main"]) await writeFile(join(root, bundleFolder, `${name}.json`), text);
    expect(await run("greet")).toBe("hello Ann data by the sources");
  });

  test.each([
    ["cut off", (path: string) => writeFile(path, "{")],
    ["missing", (path: string) => rm(path)],
    ["a folder", (path: string) => rm(path).then(() => mkdir(path))],
    [
      "one of no files",
      (path: string) => writeFile(path, JSON.stringify({ root, main: "main", flags: [], files: [null] })),
    ],
  ])("where a command's manifest is %s, though that of the list is whole", async (_, damage) => {
    await bundleCommands(root);
    await damage(join(root, bundleFolder, "greet.json"));
    await write("cli/greet.ts", `export const command = () => "edited";\n`);
    expect(await run("greet")).toBe("edited by the sources");
    expect(await run("misspelt")).toBe("the list by the bundle");
  });

  test("where what was a folder of sources is a file", async () => {
    await bundleCommands(root);
    await rm(join(root, "cli/greet"), { recursive: true });
    await write("cli/greet", "");
    await write("cli/greet.ts", `export const command = () => "edited";\n`);
    expect(await run("greet")).toBe("edited by the sources");
  });

  test("where a file was changed while it was bundled, which the bundler says", async () => {
    const bundling = bundleCommands(root);
    await appendFile(join(root, "cli/part.ts"), "// more\n");
    expect(await bundling).toBe("cli/part.ts");
    expect(await run("greet")).toBe("hello Ann data by the sources");
  });
});

describe("a bundler", () => {
  test("leaves a whole bundle beside others that run at once", async () => {
    expect(await Promise.all(Array.from({ length: 8 }, () => bundleCommands(root)))).toEqual(Array(8).fill(null));
    expect(await run("greet")).toBe("hello Ann data by the bundle");
    const left = await readdir(join(root, bundleFolder));
    expect(left.filter((name) => !/^[a-z-]+(-[A-Z0-9]{8}\.mjs(\.map)?|\.json)$/.test(name))).toEqual([]);
  });

  test("keeps the parts that a command which runs may still load, for a day", async () => {
    await bundleCommands(root);
    const before = await readdir(join(root, bundleFolder));
    await write("cli/greet/name.ts", `export const name = "Bob";\n`);
    await afterATick();
    await bundleCommands(root);
    const both = await readdir(join(root, bundleFolder));
    expect(both).toEqual(expect.arrayContaining(before));
    expect(both.length).toBeGreaterThan(before.length);
    const old = new Date(Date.now() - 25 * 3_600_000);
    for (const name of both) await utimes(join(root, bundleFolder, name), old, old);
    await bundleCommands(root);
    expect((await readdir(join(root, bundleFolder))).length).toBe(before.length);
    expect(await run("greet")).toBe("hello Bob data by the bundle");
  });

  test("keeps them from when they are replaced, however old they are", async () => {
    await bundleCommands(root);
    const before = await readdir(join(root, bundleFolder));
    const old = new Date(Date.now() - 25 * 3_600_000);
    for (const name of before) await utimes(join(root, bundleFolder, name), old, old);
    await write("cli/greet/name.ts", `export const name = "Bob";\n`);
    await afterATick();
    await bundleCommands(root);
    expect(await readdir(join(root, bundleFolder))).toEqual(expect.arrayContaining(before));
    expect(await run("greet")).toBe("hello Bob data by the bundle");
  });

  test("refuses a source that asks for its place by anything but its URL", async () => {
    await write("cli/part.ts", "export const command = () => import.meta.dirname;\n");
    await expect(bundleCommands(root)).rejects.toThrow(
      "cli/part.ts is in the bundle of the commands: import.meta.dirname",
    );
    expect(await run("part")).toBe(`${root}cli by the sources`);
  });
});

test("an installation without development dependencies says in one line that commands are not bundled, and succeeds", async () => {
  const folder = await mkdtemp(join(tmpdir(), "omitted-"));
  for (const name of ["prepare.js", "bundle-commands.ts", "script-options.ts"]) {
    await cp(join(repository, "build", name), join(folder, "build", name));
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, "build", "prepare.js")]);
  expect({ stdout, stderr }).toEqual({
    stdout: "",
    stderr: "note: commands are not bundled: development dependencies are left out\n",
  });
  await rm(folder, { recursive: true });
});
