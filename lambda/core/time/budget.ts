/**
 * The longest that each step of the pipeline may take, in milliseconds, so that one that hangs leaves time for the next:
 * without locations an alert still goes out, and without a claim it does, as a possible duplicate. Publishing has no share: it
 * takes what `work` leaves.
 */
export interface StepShares {
  /** Look-up, claim and window are asked for at the same time. */
  readonly lookUp: number;
  readonly claim: number;
  readonly open: number;
  /** Judging by what is remembered of the user, and waiting for another alert about the same session. */
  readonly suppress: number;
  /** Recording what became of it. */
  readonly complete: number;
  /** Asking for profiles to be refreshed. */
  readonly refresh: number;
}

/** How a function that runs the pipeline spends its time. Those of a deployment are below; a run may set its own. */
export interface Pace extends BudgetShares {
  readonly steps: StepShares;
  /** Milliseconds until a claim or a window expires whose function was stopped: longer than the function works on one event. */
  readonly lease: number;
}

/**
 * For the receiver, which Okta gives three seconds, cold start included. What is unfinished after 1.6 is parked, which has until
 * 2.3; whatever hangs, the answer is there after that. Of a delivery with more matches than are worked on at once, no other is
 * started after 0.7. Look-up, claim and window load what they need with the first alert.
 */
export const answering: Pace = {
  begin: 700,
  work: 1_600,
  parking: 2_300,
  steps: { lookUp: 900, claim: 900, open: 900, suppress: 400, complete: 250, refresh: 1_000 },
  lease: 20_000,
};

/**
 * For redrive and reconciliation, which nothing waits for: a service that answers after a second, or after ten, decides. The
 * steps before publishing leave it half of the time even when all of them hang.
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
 * Seconds until the retry queue gives out a message again whose function was stopped: six times the function's timeout, as AWS
 * asks for (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
 */
export const retryVisibilitySeconds = 6 * redriveTimeoutSeconds;

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
  readonly steps: StepShares;
  /** Milliseconds that a claim or a window stands: see {@link Pace}. */
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

/**
 * Starts a budget now. Its signals are made when they are first asked for, since most requests are done before they have to
 * wait for anything.
 *
 * @param now milliseconds, from any origin
 */
export function startBudget(shares: BudgetShares, now: () => number): Budget {
  const { begin, work, parking, steps = answering.steps, lease = answering.lease } = shares;
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
    steps,
    lease,
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

/**
 * Waits; rejects with the signal's reason when that comes first.
 *
 * @param signal @default the whole time is waited
 */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const waited = new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  return signal === undefined ? waited : within(signal, waited);
}
