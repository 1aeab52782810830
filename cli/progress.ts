/** What a command is doing, on standard error. */
export interface Progress {
  /** Shows the text that `describe` makes: on a terminal at most five times a second, else every ten seconds. */
  readonly update: (describe: () => string) => void;
  /** Clears the line of a terminal. */
  readonly done: () => void;
}

/** The least time between two texts, in milliseconds: on a terminal, where a line is rewritten in place, and in a log. */
const onTerminalEach = 200;
const inLogEach = 10_000;

/** Shows progress: as a line that is rewritten in place on a terminal, else as lines, of which a short command has none. */
export function createProgress(stream: NodeJS.WriteStream, now: () => number = () => performance.now()): Progress {
  const isTerminal = stream.isTTY === true;
  let shownAt = isTerminal ? Number.NEGATIVE_INFINITY : now();
  const rewrite = (text: string) => stream.write(`\r\x1b[2K${text}`);
  return {
    update(describe) {
      const at = now();
      if (at - shownAt < (isTerminal ? onTerminalEach : inLogEach)) return;
      shownAt = at;
      if (isTerminal) rewrite(describe().slice(0, (stream.columns || 80) - 1));
      else stream.write(`${describe()}\n`);
    },
    done: () => {
      if (isTerminal) rewrite("");
    },
  };
}

/** After how long a command that shows nothing says that it works, in milliseconds. */
const silentFor = 2_000;

/**
 * Shows what takes long, once it has taken two seconds: `building the functions, 12 s`.
 *
 * @param what what is done
 */
export async function withProgress<Result>(
  what: string,
  work: () => Promise<Result>,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<Result> {
  const progress = createProgress(stream);
  const start = performance.now();
  const timer = setInterval(() => {
    const passed = performance.now() - start;
    if (passed >= silentFor) progress.update(() => `${what}, ${Math.floor(passed / 1_000)} s`);
  }, 1_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (performance.now() - start >= silentFor) progress.done();
  }
}
