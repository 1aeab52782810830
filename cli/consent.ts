import { InputError, lineWith } from "./command.ts";
import { ask, isYes, type Terminal } from "./question.ts";

/** How a command is asked for consent. */
export interface Consent {
  /** Whether `--yes` is given. */
  readonly yes: boolean;
  /** Whether a person can be asked. @default whether standard input is a terminal */
  readonly isTerminal?: boolean;
  /** @default - standard input, and standard error */
  readonly terminal?: Terminal;
}

/** The option of every command that asks, as commander takes it. */
export const yesOption = ["--yes", "do not ask", false] as const;

/** What the help of a command that asks says of its exit code. */
export const consentExit = "1 when the answer was no";

/**
 * Asks whether to go on: what cannot be undone takes a yes at a terminal, or `--yes`.
 *
 * @param question what goes, or is made
 * @throws InputError with the line to paste, where there is no terminal and no `--yes`
 */
export async function asksConsent(
  question: string,
  { yes, isTerminal = process.stdin.isTTY === true, terminal }: Consent,
): Promise<boolean> {
  if (yes) return true;
  if (!isTerminal) {
    throw new InputError(
      `there is no terminal to ask at, and nothing was changed. To go on without being asked:\n  ${lineWith("--yes")}`,
    );
  }
  const goesOn = isYes(await ask(`${question} [y/N] `, { output: process.stderr, ...terminal }));
  if (!goesOn) {
    process.stderr.write("Nothing was changed.\n");
    process.exitCode = 1;
  }
  return goesOn;
}
