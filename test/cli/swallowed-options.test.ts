import { expect, test } from "vitest";
import { createCommand } from "../../cli/command.ts";
import { swallowedOptions } from "../../cli/swallowed-options.ts";
import { runCli } from "../fixtures/command.ts";

/** As `profiles import --dry-run --cache FILE`. */
function command() {
  const profiles = createCommand("profiles", "Profile locations");
  profiles.command("import").option("--dry-run", "only look").option("--cache <file>", "where to keep what was read");
  return profiles;
}

const swallowed = (environment: NodeJS.ProcessEnv) =>
  swallowedOptions(command(), { npm_lifecycle_event: "profiles", ...environment });

test("an option that npm took is found, also a subcommand's", () => {
  expect(swallowed({ npm_config_dry_run: "true" })).toEqual(["dry-run"]);
});

test("what npm hands on by itself, or has switched off, is none", () => {
  expect(swallowed({ npm_config_cache: "/root/.npm", npm_config_dry_run: "" })).toEqual([]);
  expect(swallowed({ npm_config_dry_run: "false", npm_config_loglevel: "silent" })).toEqual([]);
});

test("what another script was given is not this one's", () => {
  expect(swallowed({ npm_lifecycle_event: "test", npm_config_dry_run: "true" })).toEqual([]);
  expect(swallowed({ npm_lifecycle_event: undefined, npm_config_dry_run: "true" })).toEqual([]);
});

test("a command whose option npm took is not run without it", async () => {
  const environment = { npm_lifecycle_event: "profiles", npm_config_dry_run: "true" };
  const { code, stdout, stderr } = await runCli("profiles", ["template"], { environment });
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: "",
    stderr: "error: npm took --dry-run for itself, as there was no -- before it: npm run profiles -- --dry-run\n",
  });
});
