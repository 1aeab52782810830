import { styleText } from "node:util";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { closest, distance } from "fastest-levenshtein";
import { InputError } from "../lambda/core/values/input-error.ts";
import { examples } from "./examples.ts";
import { useProxy } from "./proxy.ts";
import { onOneLine, onTerminal, shellWord } from "./shell-word.ts";
import { describeSwallowed, swallowedOptions } from "./swallowed-options.ts";

export { InputError } from "../lambda/core/values/input-error.ts";
export { onOneLine, onTerminal, shellWord } from "./shell-word.ts";

/** The exit code for input or options that cannot be used. */
export const badInput = 2;

/** A command of the command line. */
export interface CommandEntry {
  /** What it does, in a line of the list of commands. */
  readonly summary: string;
  /** Loads it, for one run: a start loads one command alone. */
  readonly load: () => Promise<{ readonly command: Command }>;
  /** Flags of Node.js that it needs. @default none */
  readonly flags?: readonly string[];
}

/** How the command line is called: by npm, which finds it in the checkout and every folder in it. */
export const commandLine = "npx okta-proxy-watch";

/** A command as `npx okta-proxy-watch NAME …` and `npm run NAME -- …` call it, with `--help`. */
export function createCommand(name: string, description: string): Command {
  return withHelp(new Command(`${commandLine} ${name}`)).description(description);
}

/** Sets how a command explains itself, and its subcommands themselves. */
export function withHelp(command: Command): Command {
  return command
    .configureHelp({ styleTitle: (title) => styleText("bold", title, { validateStream: false }) })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, errorWord())) })
    .helpOption("-h, --help", "show this text")
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride();
}

/**
 * Reads the text of an option, without space around it.
 *
 * @throws InvalidArgumentError for a text without a letter or digit: it is empty, or the dots of a line that was to be filled in
 */
export function parseText(text: string): string {
  if (!/[\p{L}\p{N}]/u.test(text)) throw new InvalidArgumentError("text is expected in place of the dots");
  return text.trim();
}

/**
 * The parser of an option that has one value.
 *
 * @returns a parser that throws InvalidArgumentError where the option is given again: the last one would win without a word
 */
export function once<Value>(parse: (text: string) => Value): (text: string, before?: Value) => Value {
  return (text, before) => {
    if (before !== undefined) throw new InvalidArgumentError("it is given twice, and takes one value");
    return parse(text);
  };
}

/** A value as a line of JSON, whose control and direction characters are escaped: a terminal may show it. */
export function jsonLine(value: unknown): string {
  const escaped = (text: string) =>
    Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`);
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (text) => escaped(text).join(""));
}

/** Adds the examples of {@link examples} to the help of a command and of its subcommands. */
export function addExamples(command: Command, name = nameOf(command)): void {
  const lines = (examples[name] ?? []).map(([line, what]) => `  ${commandLine} ${line}\n      ${what}`);
  if (lines.length > 0) command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  for (const each of command.commands) addExamples(each, `${name} ${each.name()}`.trim());
}

/** The name of a command of `createCommand`, which its npm script has too. */
export function nameOf(command: Command): string {
  return command.name().slice(commandLine.length + 1);
}

/** Prints a line, or lines, of a command's result, which may hold text from outside. */
export function print(text: string): void {
  process.stdout.write(`${onTerminal(text)}\n`);
}

let running: { readonly name: string; readonly args: readonly string[] } = { name: "", args: [] };

/** The arguments of the command that runs, for a line to paste. */
export function givenArguments(): readonly string[] {
  return running.args;
}

/** The line of the command that runs, with further options. */
export function lineWith(...further: readonly string[]): string {
  return [commandLine, running.name, ...[...running.args, ...further].map(shellWord)].join(" ");
}

/** Whether `npm run NAME` started the command that runs: npm may have taken options that stand without a `--` before them. */
export function isByNpmRun(): boolean {
  return running.name !== "" && process.env.npm_lifecycle_event === running.name;
}

/**
 * Runs a command, and sets the process's exit code: 2 for input or options that cannot be used.
 *
 * @param given the command's arguments
 */
export async function runCommand(command: Command, given: readonly string[]): Promise<void> {
  const args = asHelp(command, given);
  running = { name: nameOf(command), args };
  addExamples(command);
  // A reader such as `| head` may close the pipe early, which is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    useProxy(process.env);
    refuseSwallowed(command, args);
    refuseUnknown(command, args);
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : badInput;
    } else if (error instanceof InputError) {
      // A message may hold text of a file, or of an answer.
      process.stderr.write(`${errorWord()} ${onTerminal(error.message)}\n`);
      process.exitCode = badInput;
    } else {
      throw error;
    }
  }
}

/**
 * `rules help`, `rules help test` and `rules test help` ask for the help as `--help` does: commander knows the word for a command that has
 * subcommands alone, and takes it for an argument of all others.
 */
function asHelp(command: Command, args: readonly string[]): readonly string[] {
  const [first, second] = args;
  const isSubcommand = (name: string | undefined) => command.commands.some((each) => each.name() === name);
  if (args.length === 1 && first === "help") return ["--help"];
  if (args.length !== 2 || first === undefined) return args;
  if (first === "help" && second !== undefined && isSubcommand(second)) return [second, "--help"];
  return second === "help" && isSubcommand(first) ? [first, "--help"] : args;
}

/** `error:`, red on a terminal that takes colours (`NO_COLOR` says that it does not: https://no-color.org). */
function errorWord(): string {
  return styleText("red", "error:", { stream: process.stderr });
}

/**
 * Answers a misspelt subcommand of a command that does something without one: commander takes it for an argument, and says that there are
 * too many.
 */
function refuseUnknown(command: Command, [given = "-"]: readonly string[]): void {
  const names = command.commands.map((each) => each.name());
  if (given.startsWith("-") || names.length === 0 || command.registeredArguments.length > 0) return;
  if (names.includes(given) || given === "help") return;
  const near = closest(given.toLowerCase(), names);
  // Two letters in each other's place are two edits, and one slip.
  const isSwapped = lettersOf(given.toLowerCase()) === lettersOf(near);
  const isNear = isSwapped || distance(given.toLowerCase(), near) < near.length / 2;
  const hint = isNear ? `(Did you mean ${near}?)` : `(There are ${names.join(", ")})`;
  command.error(`error: unknown command '${onOneLine(given)}'\n${hint}`);
}

const lettersOf = (word: string) => [...word].sort().join("");

function refuseSwallowed(command: Command, args: readonly string[]): void {
  const name = nameOf(command);
  const swallowed = swallowedOptions(command, name, args, process.env);
  if (swallowed.length === 0) return;
  const line = [commandLine, name, ...describeSwallowed(command, args, swallowed)].join(" ");
  const options = swallowed.map(({ flag }) => flag).join(", ");
  throw new InputError(
    `npm took ${options} for itself, and nothing was done. The line to paste:\n  ${line}\nIf you did not write ${options}: npm's settings have it (.npmrc, or npm_config_… in the environment)`,
  );
}
