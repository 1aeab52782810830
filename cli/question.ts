import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** The terminal of a question. */
export interface Terminal {
  /** @default - standard input */
  readonly input?: NodeJS.ReadableStream;
  /** @default - standard output */
  readonly output?: NodeJS.WritableStream;
}

/**
 * Asks for a line.
 *
 * @returns the answer, without space around it; null when there is none: Ctrl-C, Ctrl-D, or the end of the input
 */
export async function ask(
  question: string,
  { input = process.stdin, output = process.stdout }: Terminal = {},
): Promise<string | null> {
  const terminal = createInterface({ input, output });
  const answer = await new Promise<string | null>((resolve) => {
    terminal.once("close", () => resolve(null));
    terminal.question(question, resolve);
  });
  terminal.close();
  if (answer === null) output.write("\n");
  return answer?.trim() ?? null;
}

/**
 * Asks for a line that is a secret: the terminal does not show it.
 *
 * @returns the answer, without space around it; null when there is none: Ctrl-C, Ctrl-D, or the end of the input
 */
export async function askSecret(
  question: string,
  { input = process.stdin, output = process.stderr }: Terminal = {},
): Promise<string | null> {
  output.write(question);
  // The line editor echoes its input to its output.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const isTerminal = (input as Partial<NodeJS.ReadStream>).isTTY === true;
  const terminal = createInterface({ input, output: nowhere, terminal: isTerminal });
  const answer = await new Promise<string | null>((resolve) => {
    terminal.once("close", () => resolve(null));
    terminal.once("line", resolve);
  });
  terminal.close();
  output.write("\n");
  return answer?.trim() ?? null;
}

/** Whether an answer is yes; any other answer is no. */
export function isYes(answer: string | null): boolean {
  return /^y(es)?$/i.test(answer ?? "");
}
