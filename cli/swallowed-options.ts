import type { Command } from "commander";

/** What npm always hands to a script, asked for or not. */
const always: ReadonlySet<string> = new Set(["cache", "prefix", "user-agent"]);

/**
 * Names of options that were typed without the `--` that npm wants before them: npm takes `npm run deploy --dry-run` for an
 * option of its own, and runs the command without it. It leaves a trace, `npm_config_dry_run`:
 * https://docs.npmjs.com/cli/v11/using-npm/scripts
 *
 * @param command with its options, as `createCommand` makes it
 */
export function swallowedOptions(command: Command, environment: NodeJS.ProcessEnv): string[] {
  // Another script of npm may have started this command, with options of its own.
  if (environment.npm_lifecycle_event !== scriptOf(command)) return [];
  const options = [command, ...command.commands].flatMap((each) => each.options);
  const long = options.flatMap((option) => (option.long === undefined ? [] : [option.long.replace(/^--/, "")]));
  const short = options.flatMap((option) => (option.short === "-c" ? ["call"] : []));
  return [...new Set([...long, ...short])].filter((name) => {
    const value = environment[`npm_config_${name.replaceAll("-", "_")}`];
    return !always.has(name) && value !== undefined && value !== "" && value !== "false";
  });
}

/** The script's name, of the command `npm run NAME --`. */
export function scriptOf(command: Command): string {
  return command.name().split(" ")[2] ?? "";
}
