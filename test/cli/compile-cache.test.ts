import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { commands } from "../../cli/commands.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { scripts } = JSON.parse(await readFile(`${root}package.json`, "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

test("every command has its npm script, which fills the cache of compiled code, and starts from it", async () => {
  expect(Object.keys(commands).length).toBeGreaterThan(12);
  for (const [name, { flags = [] }] of Object.entries(commands)) {
    expect([name, scripts[name]]).toEqual([name, ["node", ...flags, "cli/okta-proxy-watch.js", name].join(" ")]);
  }
  const [, ...args] = (scripts.rules ?? "").split(" ");
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  await promisify(execFile)(process.execPath, [...args, "--help"], { cwd: root, env });
  const kept = await readdir(`${root}node_modules/.cache/okta-proxy-watch`, { recursive: true });
  expect(kept.length).toBeGreaterThan(10);

  // What is kept starts without the compiler of TypeScript, which takes 15 MB.
  const asked = `process.once("exit", () => process.stderr.write(process.moduleLoadList.join("\\n")))`;
  const watched = ["--import", `data:text/javascript,${encodeURIComponent(asked)}`, ...args, "--help"];
  const { stderr } = await promisify(execFile)(process.execPath, watched, { cwd: root, env });
  expect(stderr).toContain("NativeModule fs");
  expect(stderr).not.toContain("amaro");
});
