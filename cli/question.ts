import { createInterface } from "node:readline";

/** Where a question is asked. */
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

/** Whether an answer is yes; everything else is no. */
export function isYes(answer: string | null): boolean {
  return /^y(es)?$/i.test(answer ?? "");
}
