import { InputError, shellWord } from "../command.ts";
import { ask, isYes, type Terminal } from "../question.ts";

/** How a command is asked for consent. */
export interface Consent {
  /** Whether `--yes` is given. */
  readonly yes: boolean;
  /** Whether a person can be asked. */
  readonly isTerminal: boolean;
  /** The arguments of the command, for the line to paste. */
  readonly args: readonly string[];
  /** @default - standard input, and standard error */
  readonly terminal?: Terminal;
}

/**
 * Asks whether to go on.
 *
 * @throws InputError with the line to paste, where there is no terminal and no `--yes`
 */
export async function asksConsent(question: string, { yes, isTerminal, args, terminal }: Consent): Promise<boolean> {
  if (yes) return true;
  if (!isTerminal) {
    throw new InputError(
      `there is no terminal to ask at, and nothing was changed. To go on without being asked:\n  npx okta-proxy-watch exceptions ${[...args, "--yes"].map(shellWord).join(" ")}`,
    );
  }
  return isYes(await ask(`${question} [y/N] `, { output: process.stderr, ...terminal }));
}
