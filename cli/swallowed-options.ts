import type { Command } from "commander";

/** Options that npm always passes to a script. */
const always: ReadonlySet<string> = new Set(["cache", "prefix", "user-agent"]);

/**
 * Finds options that were typed without npm's `--` before them: npm reads `npm run deploy --dry-run` as an option of
 * its own, and runs the command without it. It sets `npm_config_dry_run`:
 * https://docs.npmjs.com/cli/v11/using-npm/scripts
 *
 * @param command a command of `createCommand`, with its options
 */
export function swallowedOptions(command: Command, environment: NodeJS.ProcessEnv): string[] {
  // Another npm script with options of its own may have started this command.
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
