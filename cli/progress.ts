/** A line of progress, rewritten in place; silent where standard error is no terminal. */
export interface Progress {
  /** Shows the text that `describe` makes, at most five times a second. */
  readonly update: (describe: () => string) => void;
  /** Clears the line. */
  readonly done: () => void;
}

const intervalMilliseconds = 200;

/** Shows progress on a terminal. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { update: () => {}, done: () => {} };
  let shownAt = Number.NEGATIVE_INFINITY;
  const rewrite = (text: string) => stream.write(`\r\x1b[2K${text}`);
  return {
    update(describe) {
      const now = performance.now();
      if (now - shownAt < intervalMilliseconds) return;
      shownAt = now;
      rewrite(describe().slice(0, (stream.columns || 80) - 1));
    },
    done: () => void rewrite(""),
  };
}
