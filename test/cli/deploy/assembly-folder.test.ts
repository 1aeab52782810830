import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let temporary: string;
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "okta-proxy-watch-assembly-"));
});
afterAll(() => rm(temporary, { recursive: true }));

const module = new URL("../../../cli/deploy/assembly-folder.ts", import.meta.url).href;

/** A process that has made such a folder, written to it, and begun this by the time that it names the folder. */
async function start(rest: string) {
  const script = `
    import { writeFileSync } from "node:fs";
    const { makeAssemblyFolder } = await import(${JSON.stringify(module)});
    const folder = await makeAssemblyFolder();
    writeFileSync(folder + "/manifest.json", "{}");
    ${rest}
    process.stdout.write(folder);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const [folder] = await once(child.stdout, "data");
  return { child, closed, folder: String(folder) };
}

test("two runs have a folder each, which go when their processes end", async () => {
  const runs = await Promise.all([start(""), start("process.exitCode = 1;")]);
  expect(new Set(runs.map(({ folder }) => folder)).size).toBe(2);
  await Promise.all(runs.map(({ closed }) => closed));
  expect(await readdir(temporary)).toEqual([]);
});

test("the folder goes when the process fails", async () => {
  const { closed } = await start(
    "process.on('uncaughtException', () => process.exit(7)); setImmediate(() => { throw new Error('no'); });",
  );
  expect(await closed).toEqual([7, null]);
  expect(await readdir(temporary)).toEqual([]);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("the folder goes when the process is ended by %s", async (signal, code) => {
  const { child, closed } = await start("setInterval(() => {}, 1_000);");
  child.kill(signal);
  expect(await closed).toEqual([code, null]);
  expect(await readdir(temporary)).toEqual([]);
});

test("a signal leaves the folder to what else listens to it, as CDK is waited for", async () => {
  const { child, closed } = await start(
    `process.on("SIGTERM", () => setImmediate(async () => {
       const { existsSync } = await import("node:fs");
       process.exit(existsSync(folder) ? 0 : 1);
     }));
     setInterval(() => {}, 1_000);`,
  );
  child.kill("SIGTERM");
  expect(await closed).toEqual([0, null]);
  expect(await readdir(temporary)).toEqual([]);
});
