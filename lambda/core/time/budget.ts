/**
 * The longest time of each step of the pipeline, in milliseconds, so that a step that hangs leaves time for the next:
 * an alert goes out without locations, and without a claim as a possible duplicate. Publishing has no share: it takes
 * the rest of `work`.
 */
export interface StepShares {
  /** Look-up, claim and window run at the same time. */
  readonly lookUp: number;
  readonly claim: number;
  readonly open: number;
  /** Reading the user's state, and waiting for another alert about the same session. */
  readonly suppress: number;
  /** Recording the result. */
  readonly complete: number;
  /** Requesting refreshes of profiles. */
  readonly refresh: number;
}

/** The time of a function that runs the pipeline: those of a deployment are below, and a run may set its own. */
export interface Pace extends BudgetShares {
  readonly steps: StepShares;
  /**
   * Milliseconds until the claim or window of a stopped function expires: longer than a function works on one event.
   */
  readonly lease: number;
}

/**
 * For the receiver, which Okta gives three seconds, cold start included. After 1.6 seconds it parks unfinished work,
 * until 2.3; then it answers. In a delivery with more matches than run at once, it starts no further event after 0.7.
 * Look-up, claim and window load their modules with the first alert.
 */
export const answering: Pace = {
  begin: 700,
  work: 1_600,
  parking: 2_300,
  steps: { lookUp: 900, claim: 900, open: 900, suppress: 400, complete: 250, refresh: 1_000 },
  lease: 20_000,
};

/**
 * For redrive and reconciliation, whose callers do not wait: a service may answer after ten seconds. Publishing keeps
 * half of the time even when all steps before it hang.
 */
export const waiting: Pace = {
  work: 25_000,
  parking: 35_000,
  steps: { lookUp: 6_000, claim: 6_000, open: 6_000, suppress: 6_000, complete: 4_000, refresh: 6_000 },
  lease: 45_000,
};

/** The redrive function's timeout, in seconds: the end of {@link waiting}, and the time to report failures to the queue. */
export const redriveTimeoutSeconds = 60;

/**
 * Seconds until the retry queue delivers the message of a stopped function again: six times the function's timeout, as
 * AWS recommends (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
 */
export const retryVisibilitySeconds = 6 * redriveTimeoutSeconds;

/**
 * The time of a request, as signals that every outgoing call carries. Unfinished work is parked when `work` ends;
 * parking has a share of its own, so that a call that hangs cannot use it up.
 */
export interface Budget {
  /** Aborts when no further event may start beyond those that run at once, so that started events can finish. */
  readonly begin: AbortSignal;
  /** Aborts when unfinished work has to be parked. */
  readonly work: AbortSignal;
  /** Aborts when the request has to be answered. */
  readonly parking: AbortSignal;
  readonly steps: StepShares;
  /** Milliseconds until a claim or a window expires: see {@link Pace}. */
  readonly lease: number;
}

/** How a {@link Budget} is divided, in milliseconds from the start. */
export interface BudgetShares {
  /** @default as long as `work` */
  readonly begin?: number;
  readonly work: number;
  readonly parking: number;
  /** @default those of {@link answering} */
  readonly steps?: StepShares;
  /** @default that of {@link answering} */
  readonly lease?: number;
}

/** Starts a budget now. */
export function startBudget(shares: BudgetShares): Budget {
  const { steps = answering.steps, lease = answering.lease } = shares;
  const work = AbortSignal.timeout(shares.work);
  return {
    begin: shares.begin === undefined ? work : AbortSignal.timeout(shares.begin),
    work,
    parking: AbortSignal.timeout(shares.parking),
    steps,
    lease,
  };
}

/**
 * A signal that aborts with the given one, or after these milliseconds: no step may use up the time of others.
 *
 * @param milliseconds Infinity for a step without a limit of its own, which makes no timer
 */
export function share(signal: AbortSignal, milliseconds: number): AbortSignal {
  if (milliseconds === Number.POSITIVE_INFINITY) return signal;
  return AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
}

/** The signal of a budget without an end, as a backtest has it. */
export const neverAborts: AbortSignal = new AbortController().signal;

/**
 * Settles as the promise does, or rejects with the signal's reason, whichever comes first: also for calls that take no
 * signal.
 */
export function within<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  if (signal === neverAborts) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/**
 * Waits; rejects with the signal's reason when that comes first.
 *
 * @param signal @default none: it waits the whole time
 */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const waited = new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  return signal === undefined ? waited : within(signal, waited);
}
