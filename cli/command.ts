import { Command, CommanderError, InvalidArgumentError } from "commander";
import { ProxySettingsError, useProxy } from "./proxy.ts";
import { scriptOf, swallowedOptions } from "./swallowed-options.ts";

/** Input that cannot be used. The message has the fault, its place, and the remedy. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** The exit code for input or options that cannot be used. */
export const badInput = 2;

/** A command as `npm run NAME -- …` calls it, with `--help`. */
export function createCommand(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
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

/** An argument for a shell: as it is where it is a plain word, else in single quotes. */
export function shellWord(argument: string): string {
  const text = onOneLine(argument);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Text from outside for a terminal, without control and direction characters. Line breaks stay. */
export function onTerminal(text: string): string {
  return text.replace(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}

/** Text from outside within a line: with a line break of its own, it would pass for what the command says. */
export function onOneLine(text: string): string {
  return onTerminal(text).replaceAll("\n", " ");
}

/** A value as a line of JSON, whose control and direction characters are escaped: a terminal may show it. */
export function jsonLine(value: unknown): string {
  const escaped = (text: string) =>
    Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`);
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (text) => escaped(text).join(""));
}

/**
 * Runs a command, and sets the process's exit code: 2 for input or options that cannot be used.
 *
 * @param args the command's arguments @default - those of the process
 */
export async function runCommand(command: Command, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  // A reader such as `| head` may close the pipe early, which is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    useProxy(process.env);
    refuseSwallowed(command);
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : badInput;
    } else if (error instanceof InputError || error instanceof ProxySettingsError) {
      // A message may hold text of a file, or of an answer.
      process.stderr.write(`error: ${onTerminal(error.message)}\n`);
      process.exitCode = badInput;
    } else {
      throw error;
    }
  }
}

function refuseSwallowed(command: Command): void {
  const swallowed = swallowedOptions(command, process.env);
  if (swallowed.length === 0) return;
  const options = swallowed.map((name) => (name === "call" ? "-c" : `--${name}`)).join(", ");
  throw new InputError(
    `npm took ${options} for itself, as there was no -- before it: npm run ${scriptOf(command)} -- ${options.replaceAll(",", "")}`,
  );
}
