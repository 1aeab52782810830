/**
 * The time that a request has, as signals that every call outside carries. What is not done when `work` ends is parked;
 * parking has a share of its own, so that there is time for it whatever hung before.
 */
export interface Budget {
  /** Aborts when no further event is to be begun, beside those that were at once, so that what is begun is ended. */
  readonly begin: AbortSignal;
  /** Aborts when what is unfinished has to be parked. */
  readonly work: AbortSignal;
  /** Aborts when the request has to be answered. */
  readonly parking: AbortSignal;
}

/** How a {@link Budget} is divided, in milliseconds from the start. */
export interface BudgetShares {
  /** @default as long as `work` */
  readonly begin?: number;
  readonly work: number;
  readonly parking: number;
}

/**
 * Starts a budget now. Its signals are made when they are first asked for, since most requests are done before they have to
 * wait for anything.
 *
 * @param now milliseconds, from any origin
 */
export function startBudget({ begin, work, parking }: BudgetShares, now: () => number): Budget {
  const start = now();
  const made: { begin?: AbortSignal; work?: AbortSignal; parking?: AbortSignal } = {};
  const after = (milliseconds: number) => {
    const left = Math.ceil(milliseconds - (now() - start));
    // A timeout of nothing would abort a moment later only.
    return left > 0
      ? AbortSignal.timeout(left)
      : AbortSignal.abort(new DOMException("The time ran out", "TimeoutError"));
  };
  return {
    get begin() {
      made.begin ??= begin === undefined ? this.work : after(begin);
      return made.begin;
    },
    get work() {
      made.work ??= after(work);
      return made.work;
    },
    get parking() {
      made.parking ??= after(parking);
      return made.parking;
    },
  };
}

/** A signal that aborts with the given one, or after these milliseconds: no step may use up what others need. */
export function share(signal: AbortSignal, milliseconds: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
}

/** The promise's outcome, or the signal's reason, whichever comes first: also for calls that take no signal. */
export function within<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Waits; rejects with the signal's reason when that comes first. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return within(signal, new Promise((resolve) => setTimeout(resolve, milliseconds)));
}
