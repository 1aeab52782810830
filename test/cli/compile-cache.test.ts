import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { scripts } = JSON.parse(await readFile(`${root}package.json`, "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const commands = Object.values(scripts).filter((script) => / cli\/[a-z-]+\.ts$/.test(script));

test("every command is started with the cache of compiled code, and fills it", async () => {
  expect(commands.length).toBeGreaterThan(8);
  for (const script of commands) expect(script).toMatch(/^node --import \.\/cli\/compile-cache\.ts /);
  const [, ...args] = (scripts.rules ?? "").split(" ");
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  await promisify(execFile)(process.execPath, [...args, "--help"], { cwd: root, env });
  const kept = await readdir(`${root}node_modules/.cache/okta-proxy-watch`, { recursive: true });
  expect(kept.length).toBeGreaterThan(10);
});
