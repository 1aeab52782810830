import type { Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { createCommand, nameOf } from "../../cli/command.ts";
import { commands } from "../../cli/commands.ts";
import { describeSwallowed, swallowedOptions } from "../../cli/swallowed-options.ts";
import { runCli, spawnCli } from "../fixtures/command.ts";

/** As `profiles import --dry-run --cache FILE`. */
function command() {
  const profiles = createCommand("profiles", "Profile locations");
  profiles
    .command("import")
    .option("--dry-run", "only look")
    .argument("<file>", "a file")
    .option("--url <url>", "where")
    .option("--label <text>", "its label")
    .option("--cache <file>", "where to keep what was read");
  profiles.command("list").option("--json", "as JSON");
  return profiles;
}

const swallowed = (environment: NodeJS.ProcessEnv, args: readonly string[] = ["import", "a.csv"]) =>
  swallowedOptions(command(), "profiles", args, { npm_lifecycle_event: "profiles", ...environment });
const flags = (...args: Parameters<typeof swallowed>) => swallowed(...args).map(({ flag }) => flag);

test("an option that npm took is found, also a subcommand's", () => {
  expect(flags({ npm_config_dry_run: "true" })).toEqual(["--dry-run"]);
});

test("what npm hands on by itself, or has switched off, is none", () => {
  expect(flags({ npm_config_cache: "/root/.npm", npm_config_dry_run: "" })).toEqual([]);
  expect(flags({ npm_config_dry_run: "false", npm_config_loglevel: "silent" })).toEqual([]);
});

test("what another script was given is not this one's", () => {
  expect(flags({ npm_lifecycle_event: "test", npm_config_dry_run: "true" })).toEqual([]);
  expect(flags({ npm_lifecycle_event: undefined, npm_config_dry_run: "true" })).toEqual([]);
});

test("an option that has reached the command is not swallowed, whatever npm's settings have", () => {
  expect(flags({ npm_config_dry_run: "true" }, ["import", "a.csv", "--dry-run"])).toEqual([]);
  expect(flags({ npm_config_url: "http://localhost:1" }, ["import", "--url=http://localhost:2"])).toEqual([]);
});

test("an option of another subcommand is not swallowed", () => {
  expect(flags({ npm_config_json: "true" })).toEqual([]);
  expect(flags({ npm_config_json: "true" }, ["list"])).toEqual(["--json"]);
});

test("npx keeps its own --yes, and is found to have taken others", () => {
  expect(flags({ npm_lifecycle_event: "npx", npm_config_yes: "true" })).toEqual([]);
  expect(flags({ npm_lifecycle_event: "npx", npm_config_dry_run: "true" })).toEqual(["--dry-run"]);
});

test("the line to paste has each value at its option again, and asks for those that npm has mixed up", () => {
  const lineOf = (environment: NodeJS.ProcessEnv, args: readonly string[]) =>
    describeSwallowed(command(), args, swallowed(environment, args)).join(" ");
  // npm run profiles import a.csv --url=http://localhost:1
  expect(lineOf({ npm_config_url: "http://localhost:1" }, ["import", "a.csv"])).toBe(
    "import a.csv --url http://localhost:1",
  );
  // npm run profiles import a.csv --url http://localhost:1: npm leaves the value among the arguments.
  expect(lineOf({ npm_config_url: "true" }, ["import", "a.csv", "http://localhost:1"])).toBe(
    "import a.csv --url http://localhost:1",
  );
  expect(lineOf({ npm_config_url: "true" }, ["import", "a.csv"])).toBe("import a.csv --url <url>");
  expect(lineOf({ npm_config_url: "true", npm_config_label: "true" }, ["import", "a.csv", "b", "c"])).toBe(
    "import a.csv --url <url> --label <text>",
  );
  expect(lineOf({ npm_config_dry_run: "true" }, ["import", "my file.csv"])).toBe("import 'my file.csv' --dry-run");
});

test("what npm takes an option for that resembles one of its own is that option", () => {
  const exceptions = createCommand("exceptions", "Exceptions");
  exceptions.command("add").option("--asn <number>", "a network").option("--by <name>", "who");
  const environment = { npm_lifecycle_event: "exceptions", npm_config_all: "true", npm_config_bypass_2fa: "true" };
  const found = swallowedOptions(exceptions, "exceptions", ["add", "64500", "grace"], environment);
  expect(describeSwallowed(exceptions, ["add", "64500", "grace"], found).join(" ")).toBe(
    "add --asn <number> --by <name>",
  );
});

test("a command whose option npm took is not run without it, and prints the line to paste", async () => {
  const environment = { npm_lifecycle_event: "profiles", npm_config_dry_run: "true" };
  const { code, stdout, stderr } = await runCli("profiles", ["import", "my file.csv"], { environment });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toBe(
    "error: npm took --dry-run for itself, and nothing was done. The line to paste:\n" +
      "  npx okta-proxy-watch profiles import 'my file.csv' --dry-run\n" +
      "If you did not write --dry-run: npm's settings have it (.npmrc, or npm_config_… in the environment)\n",
  );
});

/** Every option of every command: a new command or option is among them by itself. */
const loaded = await Promise.all(Object.values(commands).map(async ({ load }) => (await load()).command));
const all = loaded.flatMap((root) =>
  [root, ...root.commands].flatMap((each) =>
    each.options.map((option): readonly [string, Command, Command, Option] => [
      [nameOf(root), ...(each === root ? [] : [each.name()]), option.long ?? option.short].join(" "),
      root,
      each,
      option,
    ]),
  ),
);

describe("every option of every command is refused where npm took it:", () => {
  test("there are many", () => {
    expect(loaded.length).toBeGreaterThan(12);
    expect(all.length).toBeGreaterThan(100);
  });

  // npm always passes a folder of its own as `cache`: https://docs.npmjs.com/cli/v11/using-npm/config#cache. And it passes nothing of
  // `--local`, which it takes for `--local-address`: test/cli/lost-local.test.ts.
  const named = all.filter(([, , , { long }]) => long !== "--cache");
  expect(all.length - named.length).toBe(1);
  test.each(named)("%s", (_, root, each, option) => {
    const name = nameOf(root);
    const args = each === root ? [] : [each.name()];
    const variable = `npm_config_${option.name().replaceAll("-", "_")}`;
    const environment = { npm_lifecycle_event: name, [variable]: option.required ? "x y" : "true" };
    const found = swallowedOptions(root, name, args, environment);
    expect(found.map(({ flag }) => flag)).toEqual([option.long]);
    expect(describeSwallowed(root, args, found)).toEqual([...args, option.long, ...(option.required ? ["'x y'"] : [])]);
  });
});

test("npm's name of -c is refused as -c", () => {
  const deploy = createCommand("deploy", "Deploys").option("-c, --context <name=value>", "a setting");
  const found = swallowedOptions(deploy, "deploy", [], { npm_lifecycle_event: "deploy", npm_config_call: "a=b" });
  expect(found).toEqual([{ flag: "-c", value: "a=b", takes: "<name=value>" }]);
});

test("the command line itself refuses, before it loads anything of the command", async () => {
  const environment = { npm_lifecycle_event: "destroy", npm_config_dry_run: "true" };
  const { code, stderr } = await spawnCli("destroy", [], { environment });
  expect(code).toBe(2);
  expect(stderr).toContain("\n  npx okta-proxy-watch destroy --dry-run\n");
});
