import { Command, CommanderError } from "commander";

/** Input that cannot be used. The message says what is wrong, where, and what to do. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Exit code of a command that was given input or options that cannot be used. */
const badInput = 2;

/** A command as `npm run NAME -- …` calls it, with `--help`. */
export function createCommand(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .helpOption("-h, --help", "show this text")
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride();
}

/** Text from outside for a terminal: no control or direction character of it may act there. Lines stay. */
export function onTerminal(text: string): string {
  return text.replace(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}

/** Runs a command, and sets the process's exit code: 2 for input or options that cannot be used. */
export async function runCommand(command: Command): Promise<void> {
  // Whoever reads our output may stop before its end: `| head` is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    await command.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : badInput;
    } else if (error instanceof InputError) {
      process.stderr.write(`error: ${error.message}\n`);
      process.exitCode = badInput;
    } else {
      throw error;
    }
  }
}
