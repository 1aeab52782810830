import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { commands } from "../../cli/commands.ts";
import { examples } from "../../cli/examples.ts";
import { launcher, runCli, spawnCli } from "../fixtures/command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Place {
  readonly name: string;
  readonly words: readonly string[];
  readonly command: Command;
}

const placesOf = (command: Command, words: readonly string[]): readonly Place[] => [
  { name: words.join(" "), words, command },
  ...command.commands.flatMap((each) => placesOf(each, [...words, each.name()])),
];
const places = (
  await Promise.all(Object.entries(commands).map(async ([name, { load }]) => placesOf((await load()).command, [name])))
).flat();
const names = places.map(({ name }) => name);

/** Completion holds the table of commands, which a process of its own loads. */
const run = (name: string, args: readonly string[]) => (name === "completion" ? spawnCli : runCli)(name, args);

/** The words of a line, as a shell divides it, without what it writes to a file. */
const wordsOf = (line: string) =>
  [...line.replace(/ >>? .*$/, "").matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

describe("every command and subcommand", () => {
  test("there are many", () => {
    expect(places.length).toBeGreaterThan(45);
  });

  test("has an example in cli/examples.ts, and each example is of one that there is", () => {
    expect(names.filter((name) => examples[name] === undefined)).toEqual([]);
    expect(Object.keys(examples).filter((name) => name !== "" && !names.includes(name))).toEqual([]);
  });

  test.each(names)("%s explains itself with its examples, and ends with 0", async (name) => {
    const [command = "", ...words] = name.split(" ");
    const { code, stdout, stderr } = await run(command, [...words, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: npx okta-proxy-watch ${name}\\b`));
    for (const [line, what] of examples[name] ?? []) {
      expect(stdout).toContain(`\n  npx okta-proxy-watch ${line}\n      ${what}\n`);
    }
    expect(await run(command, [...words, "help"])).toMatchObject({ code: 0, stdout, stderr: "" });
  });

  test.each(names)("%s refuses an option that it does not have, and ends with 2", async (name) => {
    const [command = "", ...words] = name.split(" ");
    const { code, stdout, stderr } = await run(command, [...words, "--no-such-option"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error: /);
  });

  test("says which exit codes it has, where it does something", () => {
    const silent = places.filter(({ command }) => {
      let text = "";
      const writeOut = (part: string) => {
        text += part;
      };
      command.configureOutput({ writeOut }).outputHelp();
      return command.commands.length === 0 && !text.includes("Exit code:");
    });
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  const listings = /^rules$|^digest$|^okta-ranges$|\b(?:list|show|status|doctor|score|coverage|test)$/;
  test.each(names.filter((name) => listings.test(name)))("%s, which lists, has --json", (name) => {
    const { command } = places.find((each) => each.name === name) ?? {};
    expect(command?.options.map(({ long }) => long)).toContain("--json");
  });
});

test.each(Object.entries(examples).flatMap(([name, lines]) => lines.map(([line]) => [line, name] as const)))(
  "the example %j can be typed so",
  async (line, name) => {
    const [first = "", ...args] = wordsOf(line);
    if (first === "help") return expect(Object.keys(commands)).toContain(args[0]);
    if (name !== "") expect(line).toMatch(new RegExp(`^${name}(?: |$)`));
    // A command of its own: options are kept from one reading to the next.
    const loaded = await commands[first]?.load();
    expect(loaded).toBeDefined();
    let ran = false;
    for (const { command } of loaded === undefined ? [] : placesOf(loaded.command, [first])) {
      for (const option of command.options) command.setOptionValue(option.attributeName(), undefined);
      command.action(() => {
        ran = true;
      });
    }
    await loaded?.command.parseAsync(args, { from: "user" });
    expect(ran).toBe(true);
  },
);

describe("the command line", () => {
  test("lists its commands, and --version is that of the package", async () => {
    const { code, stdout } = await spawnCli("--help", []);
    expect(code).toBe(0);
    for (const name of Object.keys(commands)) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(await spawnCli("--version", [])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each([
    ["ruls", [], "unknown command 'ruls'\n(Did you mean rules?)"],
    ["RULES", [], "unknown command 'RULES'\n(Did you mean rules?)"],
    ["help", ["ruls"], "unknown command 'ruls'\n(Did you mean rules?)"],
    ["rules", ["tst"], "unknown command 'tst'\n(Did you mean test?)"],
    ["rules", ["tset"], "unknown command 'tset'\n(Did you mean test?)"],
    ["rules", ["list"], "unknown command 'list'\n(There are test, coverage, import, new)"],
    ["hook", ["regster"], "unknown command 'regster'\n(Did you mean register?)"],
    ["profiles", ["import", "a.csv", "--dryrun"], "unknown option '--dryrun'\n(Did you mean --dry-run?)"],
  ])("%s %j is answered with the nearest name, and exit code 2", async (name, args, message) => {
    const { code, stdout, stderr } = await spawnCli(name, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  test.each([
    [
      "start",
      ["--port", "abc"],
      "option '--port <port>' argument 'abc' is invalid. A port is a number from 0 to 65535.",
    ],
    ["start", ["--port", "65536"], "A port is a number from 0 to 65535."],
    [
      "digest",
      ["--local", "--url", "localhost:9"],
      "--url localhost:9 has no http:// before it: write http://localhost:9",
    ],
  ])(
    "%s %j is answered with what is wrong with the value, in a line or two, and exit code 2",
    async (name, args, message) => {
      const { code, stdout, stderr } = await spawnCli(name, args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(message);
      expect(stderr.trim().split("\n").length).toBeLessThan(4);
    },
  );

  test("help NAME is NAME --help, of subcommands too", async () => {
    const { code, stdout } = await spawnCli("help", ["profiles", "import"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: npx okta-proxy-watch profiles import /);
    expect(await run("profiles", ["help", "import"])).toMatchObject({ code: 0, stdout });
  });

  test("its exit code is 1 where something was found wrong", async () => {
    const folder = await mkdtemp(join(tmpdir(), "main-"));
    await writeFile(
      join(folder, "a.yml"),
      "title: A\nid: 00000000-0000-4000-8000-000000000001\nlogsource:\n  product: okta\ndetection:\n  a:\n    eventType: user.session.end\n  condition: a\nlevel: low\n",
    );
    await writeFile(
      join(folder, "a.cases.yml"),
      "cases:\n  - title: A start.\n    matches: true\n    event: { base: session-start }\n",
    );
    const { code, stdout, stderr } = await spawnCli("rules", ["test", "--rules", folder]);
    await rm(folder, { recursive: true });
    expect(stderr).toBe("");
    expect(stdout).toContain("FAIL");
    expect(code).toBe(1);
  });

  test("backtest has V8's flags, however it was started", async () => {
    const report = `data:text/javascript,process.on("exit",()=>process.stderr.write(process.execArgv.join("%20")))`;
    const { stderr } = await new Promise<{ stderr: string }>((resolve) =>
      execFile(
        process.execPath,
        ["--import", report, launcher, "backtest", "--help"],
        { cwd: root },
        (_, _stdout, stderr) => resolve({ stderr }),
      ),
    );
    for (const flag of commands.backtest?.flags ?? []) expect(stderr).toContain(flag);
    expect(commands.backtest?.flags).toHaveLength(3);
  });

  test("is found by a link to it, from another folder, as npx does", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bin-"));
    await symlink(launcher, join(folder, "opw"));
    const outcome = await new Promise<{ code: unknown; stdout: string }>((resolve) =>
      execFile(join(folder, "opw"), ["help", "hook"], { cwd: folder }, (error, stdout) =>
        resolve({ code: error?.code ?? 0, stdout }),
      ),
    );
    await rm(folder, { recursive: true });
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toMatch(/^Usage: npx okta-proxy-watch hook /);
    const { bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(bin).toEqual({ "okta-proxy-watch": "cli/okta-proxy-watch.js", opw: "cli/okta-proxy-watch.js" });
  });
});

describe("colours", () => {
  const help = (environment: Readonly<Record<string, string>>) => spawnCli("hook", ["--help"], { environment });
  const wrong = (environment: Readonly<Record<string, string>>) => spawnCli("hook", ["nope"], { environment });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with it
  const coloured = /\u001b\[/;

  test("are none where the output is no terminal", async () => {
    expect((await help({})).stdout).not.toMatch(coloured);
    expect((await wrong({})).stderr).not.toMatch(coloured);
  });

  test("are there where they are asked for, and NO_COLOR takes them away", async () => {
    expect((await help({ FORCE_COLOR: "1" })).stdout).toMatch(coloured);
    expect((await help({ NO_COLOR: "1" })).stdout).not.toMatch(coloured);
  });
});
