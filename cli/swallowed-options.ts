import type { Command, Option } from "commander";

/** Options that npm always passes to a script. */
const always: ReadonlySet<string> = new Set(["cache", "prefix", "user-agent"]);

/** Options that people give to npx itself: `npx --yes okta-proxy-watch`, `npx --call "..."`. */
const ofNpx: ReadonlySet<string> = new Set(["yes", "call", "package"]);

/** npm's own names of short options. */
const npmNames: Readonly<Record<string, string>> = { "-c": "call" };

/** An option that npm took. */
export interface SwallowedOption {
  /** As it was typed: `--dry-run`. */
  readonly flag: string;
  /** The word behind it, which npm took as well; null for none. */
  readonly value: string | null;
  /** Whether the option takes a value. For one that takes none, the word behind it is an argument of the command. */
  readonly takesValue: boolean;
}

/**
 * Finds options that were typed where npm takes them: `npm run deploy --dry-run` without a `--`, `npx --dry-run
 * okta-proxy-watch deploy`. npm runs the command without them, and sets `npm_config_dry_run`:
 * https://docs.npmjs.com/cli/v11/using-npm/scripts
 *
 * @param command a command of `createCommand`, with its options
 * @param name its name, which its npm script has too
 * @param args its arguments: an option among them has reached it
 */
export function swallowedOptions(
  command: Command,
  name: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): SwallowedOption[] {
  const { npm_lifecycle_event: event } = environment;
  const isNpx = event === "npx";
  // Another npm script with options of its own may have started this command.
  if (event !== name && !isNpx) return [];
  const found = optionsOf(command, args).flatMap((option): SwallowedOption[] => {
    const names = [option.long?.replace(/^--/, ""), option.short && npmNames[option.short]];
    return names.flatMap((each) => {
      const value = environment[`npm_config_${each?.replaceAll("-", "_")}`];
      if (each === undefined || always.has(each) || (isNpx && ofNpx.has(each))) return [];
      if (value === undefined || value === "" || value === "false") return [];
      if (args.some((arg) => arg === option.short || arg.split("=")[0] === option.long)) return [];
      const flag = each === "call" ? String(option.short) : `--${each}`;
      return [{ flag, value: value === "true" ? null : value, takesValue: option.required || option.optional }];
    });
  });
  return [...new Map(found.map((each) => [each.flag, each])).values()];
}

/** The options that a call may have: of the command and its named subcommand, or of all where none is named. */
function optionsOf(command: Command, args: readonly string[]): readonly Option[] {
  const named = command.commands.find((each) => args.includes(each.name()));
  return [command, ...(named === undefined ? command.commands : [named])].flatMap(({ options }) => options);
}

/** The arguments as they were meant: those given, and what npm took. */
export function describeSwallowed(
  command: Command,
  args: readonly string[],
  swallowed: readonly SwallowedOption[],
): string[] {
  const isSubcommand = (word: string) => command.commands.some((each) => each.name() === word);
  const operands = swallowed.flatMap(({ value, takesValue }) => (value === null || takesValue ? [] : [value]));
  const options = swallowed.flatMap(({ flag, value, takesValue }) =>
    value === null || !takesValue ? [flag] : [flag, value],
  );
  const at = args.indexOf("--");
  const [own, passedOn] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
  return [
    ...operands.filter(isSubcommand),
    ...own,
    ...operands.filter((each) => !isSubcommand(each)),
    ...options,
    ...passedOn,
  ];
}
