/**
 * The time that a request has, as signals that every call outside carries. What is not done when `work` ends is parked;
 * parking has a share of its own, so that there is time for it whatever hung before.
 */
export interface Budget {
  /** Aborts when what is unfinished has to be parked. */
  readonly work: AbortSignal;
  /** Aborts when the request has to be answered. */
  readonly parking: AbortSignal;
}

/** How a {@link Budget} is divided, in milliseconds from the start. */
export interface BudgetShares {
  readonly work: number;
  readonly parking: number;
}

/**
 * Starts a budget now. Its signals are made when they are first asked for, since most requests are done before they have to
 * wait for anything.
 *
 * @param now milliseconds, from any origin
 */
export function startBudget({ work, parking }: BudgetShares, now: () => number): Budget {
  const start = now();
  const made: { work?: AbortSignal; parking?: AbortSignal } = {};
  const after = (milliseconds: number) => AbortSignal.timeout(Math.max(0, Math.ceil(milliseconds - (now() - start))));
  return {
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
