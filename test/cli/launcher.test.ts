import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { launcher } from "../fixtures/command.ts";

/** Has the process, and none that it starts, pass for one of Node.js 20. */
const older = `data:text/javascript,${encodeURIComponent(
  `if (process.env.PASSES_FOR !== "24") {
    process.env.PASSES_FOR = "24";
    const versions = { ...process.versions, node: "20.20.2" };
    Object.defineProperty(process, "versions", { value: versions });
  }`,
)}`;

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});

function start(path: string, args: readonly string[]) {
  const { PASSES_FOR: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--import", older, path, ...args], { env });
  running.add(child);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    output.stdout += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    output.stderr += String(chunk);
  });
  const closed = once(child, "close") as Promise<[code: number | null, signal: string | null]>;
  return { child, output, closed };
}

describe("started by an older Node.js", () => {
  test("the command line runs by the installed one, and its output and exit code pass through", async () => {
    const { child, output, closed } = start(launcher, ["rules", "--no-such-option"]);
    child.stdin.end();
    expect(await closed).toEqual([2, null]);
    expect(output.stderr).toContain("unknown option '--no-such-option'");
    const help = start(launcher, ["rules", "--help"]);
    expect(await help.closed).toEqual([0, null]);
    expect(help.output.stdout).toMatch(/^Usage: npx okta-proxy-watch rules /);
  });

  test("standard input passes through", async () => {
    const { child, output, closed } = start(launcher, ["backtest", "--events", "-"]);
    child.stdin.end("{");
    expect(await closed).toEqual([2, null]);
    expect(output.stderr).toContain("no event was found");
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s ends the command, and the launcher by it", async (signal) => {
    // It waits for its input.
    const { child, output, closed } = start(launcher, ["backtest", "--events", "-"]);
    child.stdin.write(`${" ".repeat(100)}\n`);
    child.stdin.write('{"');
    // The launcher hands on signals once the command is started, which a process of the system shows.
    await expect.poll(() => childrenOf(child.pid ?? 0), { timeout: 60_000 }).not.toEqual([]);
    const [command = 0] = await childrenOf(child.pid ?? 0);
    child.kill(signal);
    expect(await closed).toEqual([null, signal]);
    expect(() => process.kill(command, 0)).toThrow("ESRCH");
    expect(output.stdout).toBe("");
  });

  test("where npm ci was not run, says so, with exit code 2", async () => {
    const folder = await mkdtemp(join(tmpdir(), "launcher-"));
    await mkdir(join(folder, "cli"));
    const copy = join(folder, "cli", "okta-proxy-watch.mjs");
    await cp(launcher, copy);
    const { output, closed } = start(copy, ["rules"]);
    expect(await closed).toEqual([2, null]);
    await rm(folder, { recursive: true });
    expect(output.stderr).toBe(
      "error: this needs Node.js 24, which npm ci installs for it; this one is v24.21.0: npm ci\n".replace(
        "v24.21.0",
        process.version,
      ),
    );
  });
});

/** The processes that a process has started. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const ps = spawn("ps", ["-A", "-o", "pid=,ppid="]);
  let text = "";
  ps.stdout.on("data", (chunk) => {
    text += String(chunk);
  });
  await once(ps, "close");
  const rows = text.split("\n").map((line) => line.trim().split(/ +/).map(Number));
  return rows.flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));
}
