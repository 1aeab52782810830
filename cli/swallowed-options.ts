import type { Command, Option } from "commander";
import { shellWord } from "./shell-word.ts";

/** Options that npm always passes to a script. */
const always: ReadonlySet<string> = new Set(["cache", "prefix", "user-agent"]);

/** Options that people give to npx itself: `npx --yes okta-proxy-watch`, `npx --call "..."`. */
const ofNpx: ReadonlySet<string> = new Set(["yes", "call", "package"]);

/**
 * What npm takes an option for that resembles one of its own: it completes names, and divides `--asn` into short options. It takes
 * `--local` for `--local-address`, whose value cannot be right, and passes nothing on: `findDeployment` deals with that.
 */
const npmNames: Readonly<Record<string, string>> = { "-c": "call", "--asn": "all", "--by": "bypass-2fa" };

/** An option that npm took. */
export interface SwallowedOption {
  /** As it was typed: `--dry-run`. */
  readonly flag: string;
  /** The word behind it, which npm took as well; null where it left that among the arguments, or there is none. */
  readonly value: string | null;
  /** What the option takes: `<file>`. Null for an option that takes nothing. */
  readonly takes: string | null;
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
    const typed = [option.long, option.short].filter((flag) => flag != null);
    const names = typed.flatMap((flag) => [
      [flag, npmNames[flag]] as const,
      ...(flag.startsWith("--") ? [[flag, flag.slice(2)] as const] : []),
    ]);
    return names.flatMap(([flag, each]) => {
      const value = environment[`npm_config_${each?.replaceAll("-", "_")}`];
      if (each === undefined || always.has(each) || (isNpx && ofNpx.has(each))) return [];
      if (value === undefined || value === "" || value === "false") return [];
      if (args.some((arg) => arg === option.short || arg.split("=")[0] === option.long)) return [];
      return [{ flag, value: value === "true" ? null : value, takes: option.flags.match(/[<[].*[>\]]/)?.[0] ?? null }];
    });
  });
  return [...new Map(found.map((each) => [each.flag, each])).values()];
}

/** The options that a call may have: of the command and its named subcommand, or of all where none is named. */
function optionsOf(command: Command, args: readonly string[]): readonly Option[] {
  const named = command.commands.find((each) => args.includes(each.name()));
  return [command, ...(named === undefined ? command.commands : [named])].flatMap(({ options }) => options);
}

/**
 * Writes the arguments as they were meant: those given, and what npm took. A value that npm has left among the arguments goes back to its
 * option where there is one of each; else the option has what it takes in place of a value.
 */
export function describeSwallowed(
  command: Command,
  args: readonly string[],
  swallowed: readonly SwallowedOption[],
): string[] {
  const at = args.indexOf("--");
  const [own, passedOn] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
  const named = command.commands.find((each) => each.name() === own[0]);
  const wanted = (named ?? command).registeredArguments;
  const isOpen = wanted.some(({ variadic }) => variadic);
  const known = (named === undefined ? 0 : 1) + (isOpen ? Number.POSITIVE_INFINITY : wanted.length);
  const surplus = own.slice(known);
  const lacking = swallowed.filter(({ value, takes }) => value === null && takes?.startsWith("<"));
  const single = lacking.length === 1 && surplus.length === 1 ? surplus[0] : undefined;
  // What npm took along with an option that takes nothing is an argument.
  const operands = swallowed.flatMap(({ value, takes }) => (value === null || takes !== null ? [] : [value]));
  return [
    ...[...own.slice(0, known), ...operands, ...(lacking.length === 0 ? surplus : [])].map(shellWord),
    ...swallowed.flatMap((option) => {
      if (option.takes === null) return [option.flag];
      const value = option.value ?? (lacking.includes(option) ? single : undefined);
      // Without quotes: a shell refuses it, until it is filled in.
      return [
        option.flag,
        ...(value === undefined ? (lacking.includes(option) ? [option.takes] : []) : [shellWord(value)]),
      ];
    }),
    ...passedOn.map(shellWord),
  ];
}
