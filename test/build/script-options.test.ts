import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { scripts } = JSON.parse(await readFile(`${root}package.json`, "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

interface Result {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an npm script as npm does, with these arguments. */
const run = (name: string, ...args: readonly string[]) =>
  new Promise<Result>((resolve) => {
    const line = [scripts[name], ...args].join(" ");
    const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}` };
    execFile("sh", ["-c", line], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });

/** The scripts that build, measure or write something by our own code, and are no command of the command line. */
const ours = Object.entries(scripts).flatMap(([name, line]) =>
  /^node (?:build|bench)\/\S+$/.test(line) ? [name] : [],
);

describe("a script that builds, writes or measures", () => {
  test("is one program, which is given the options: there are some", () => {
    expect(ours).toEqual(
      expect.arrayContaining([
        "bench",
        "build",
        "coverage",
        "event-types",
        "release-notes",
        "release-template",
        "schema",
      ]),
    );
    for (const line of Object.values(scripts)) expect(line).not.toMatch(/^node build\/bundle\.ts.*&&/);
  });

  test.each(ours)("explains itself on --help, and does nothing else: %s", async (name) => {
    const { code, stdout, stderr } = await run(name, "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: npm run /);
    expect(stdout).toContain("-h, --help");
  });

  test.each(ours)("refuses an option that it does not have: %s", async (name) => {
    const { code, stderr } = await run(name, "--no-such-option");
    expect(code).toBe(2);
    expect(stderr).toContain("--no-such-option");
    expect(stderr).toContain("Usage: npm run ");
  });
});
