import { type Alert, createAlert } from "./alerts/alert.ts";
import { type Budget, share, within } from "./budget.ts";
import type { Claim, Claims, End } from "./claims/claims.ts";
import { decide, type ProfileLocations, profileKeys } from "./decision.ts";
import { type Exception, except, exceptionSubject } from "./exceptions/exception.ts";
import { forget, networkKey, sightingOf, type UserState, unknownUser } from "./history/history.ts";
import { isSuppressible, type Suppression, suppress, type UserStates } from "./history/suppression.ts";
import { type Candidate, findCandidate, findCandidates } from "./matching.ts";
import type { Measure } from "./measure.ts";
import type { Delivery, MalformedEvent } from "./okta/event-hook.ts";
import type { LogEvent } from "./okta/log-event.ts";
import { type Refresh, refreshesOf } from "./profiles/refresh.ts";
import type { Work } from "./retries/work.ts";
import type { SeverityAdjustment } from "./severity/adjustment.ts";
import type { RuleSet } from "./sigma/rule-set.ts";

/** What the pipeline needs of the world. */
export interface PipelinePorts {
  readonly rules: RuleSet;
  /** What adjusts the severity of alerts, in this order. */
  readonly severityAdjustments: readonly SeverityAdjustment[];
  readonly lookUp: LookUp;
  readonly claims: Claims;
  readonly userStates: UserStates;
  /** Publishes one alert; rejects when it cannot be. */
  readonly publish: (alert: Alert, signal: AbortSignal) => Promise<void>;
  /** Parks work to be tried again; rejects when any of it cannot be. */
  readonly parkWork: (work: readonly ParkedWork[], signal: AbortSignal) => Promise<void>;
  /** Parks what cannot be judged, where an operator finds it; rejects when any of it cannot be. */
  readonly parkMalformed: (events: readonly MalformedEvent[], delivery: Delivery, signal: AbortSignal) => Promise<void>;
  /** Asks for profiles to be fetched anew; rejects when it cannot. Null where profiles do not come from Okta. */
  readonly refreshProfiles: ((users: readonly Refresh[], signal: AbortSignal) => Promise<void>) | null;
  /** A mismatch is farther than this from every profile location, in kilometers. */
  readonly mismatchDistanceKm: number;
  /** Minutes in which a user's further session starts on one network are held back after an alert; 0 for none. */
  readonly suppressMinutes: number;
  readonly now: () => Date;
  readonly observe: (observation: Observation) => void;
  readonly measure: Measure;
}

/**
 * Looks up what is known of users, in one go.
 *
 * @param users Okta user ids (`00u...`) and lower-case logins
 * @throws when the store cannot be asked: then nothing is known of any of them
 */
export type LookUp = (users: ReadonlySet<string>, signal: AbortSignal) => Promise<Findings>;

/** What is known before an event is judged. */
export interface Findings {
  readonly locations: ProfileLocations;
  /** Those of these users, and those of anyone; whether one covers an event is still to be judged. */
  readonly exceptions: readonly Exception[];
  /** What is remembered of each user that was asked for; null when that could not be read. */
  readonly states: ReadonlyMap<string, UserState> | null;
}

/** Work that waits, and the seconds that it has to at least. */
export interface ParkedWork {
  readonly work: Work;
  readonly delaySeconds: number;
}

/** What an observation is about: enough to follow an event from its delivery to its alert. */
export interface Subject {
  readonly deliveryId: string | null;
  readonly events: readonly LogEvent[];
  /** Ids of the rules that match, or of those that are still to be decided. */
  readonly ruleIds: readonly string[];
}

/** What is worth a log line or a metric. */
export type Observation = { readonly subject: Subject } & (
  | { readonly kind: "matched" | "duplicate" | "suppressed" }
  | { readonly kind: "alertPublished"; readonly alert: Alert }
  | { readonly kind: "excepted"; readonly by: readonly Exception[]; readonly whole: boolean }
  | { readonly kind: "profilesUnavailable" | "claimsUnavailable" | "historyUnavailable"; readonly error: unknown }
  | { readonly kind: "refreshesLost"; readonly count: number; readonly error: unknown }
  | { readonly kind: "workParked"; readonly followUp: boolean; readonly reason: string | null }
  | { readonly kind: "workLost"; readonly followUp: boolean; readonly reason: string | null; readonly error: unknown }
  | { readonly kind: "malformedParked"; readonly count: number }
  | { readonly kind: "malformedFailed"; readonly count: number; readonly error: unknown }
);

/** What became of a delivery. Anything but zero `failed` means that it has to be delivered again. */
export interface Outcome {
  readonly received: number;
  readonly alerted: number;
  /** Events that were alerted on before. */
  readonly duplicates: number;
  /** Events whose every match an exception covers. */
  readonly excepted: number;
  /** Session starts that were held back, as their user was alerted on a moment before. */
  readonly suppressed: number;
  /** Pieces of work that wait on the retry queue; an event that was alerted on may leave one as well. */
  readonly parked: number;
  /** Malformed events on the dead-letter queue. */
  readonly deadLettered: number;
  readonly failed: number;
}

/** Publishing more alerts than this at once gains nothing: it is the SDK's default number of sockets. */
const concurrency = 50;

/**
 * The longest that each step may take, in milliseconds, so that one that hangs leaves time for the next: without
 * locations an alert still goes out, and without a claim it does, as a possible duplicate.
 */
const shares = { lookUp: 600, claim: 500, suppress: 500, complete: 250, refresh: 1_000 } as const;

/** Seconds that work waits before it is first tried again. Whoever is at it has to be given the time to end. */
const delays = { failed: 2, underWay: 25 } as const;

/**
 * Takes a delivery through all steps: match, look up, judge, claim, alert, park. Nearly every event ends at the first.
 * Never rejects: what could not be done is parked, and what could not be parked is counted and observed.
 *
 * @param candidates the events that match, where they have been found already
 */
export async function processDelivery(
  delivery: Delivery,
  ports: PipelinePorts,
  budget: Budget,
  candidates = ports.measure("Matching", () => findCandidates(delivery.events, ports.rules)),
): Promise<Outcome> {
  const [malformedParked, steps] = await Promise.all([
    parkMalformed(delivery, ports, budget),
    candidates.length === 0 ? [] : handleAll(candidates, delivery, ports, budget),
    refreshProfiles(delivery, ports, budget),
  ]);
  const left = steps.flatMap((step) => step.left ?? []);
  const parked = await parkWork(left, ports, budget);
  const count = (done: Step["done"]) => steps.filter((step) => step.done === done).length;
  const malformed = delivery.malformed.length;
  return {
    received: delivery.events.length + malformed,
    alerted: count("alerted"),
    duplicates: count("duplicate"),
    excepted: count("excepted"),
    suppressed: count("suppressed"),
    parked: parked ? left.length : 0,
    deadLettered: malformedParked ? malformed : 0,
    failed: (parked ? 0 : left.length) + (malformedParked ? 0 : malformed),
  };
}

/**
 * Tries a piece of work again.
 *
 * @throws when it has to be tried once more: the error says why
 */
export async function retryWork(work: Work, ports: PipelinePorts, budget: Budget): Promise<void> {
  const found = findCandidate(work.event, ports.rules);
  const rules = found?.rules.filter(({ rule }) => work.rules === null || work.rules.includes(rule.id)) ?? [];
  if (rules.length === 0) return;
  const findings = await lookUp([{ event: work.event, rules }], work.delivery.id, ports, budget);
  const { done, left } = await handle({ event: work.event, rules }, work, findings, ports, budget);
  if (left === null) return;
  if (done === null) throw new Error(left.work.waiting?.reason ?? "the work is not done");
  if (!(await parkWork([left], ports, budget))) throw new Error("the follow-up could not be parked");
}

/** How far an event came. */
interface Step {
  /** Null when it is left as it was. */
  readonly done: End["outcome"] | "unmatched" | "duplicate" | null;
  readonly left: ParkedWork | null;
}

async function handleAll(
  candidates: readonly Candidate[],
  delivery: Delivery,
  ports: PipelinePorts,
  budget: Budget,
): Promise<Step[]> {
  const findings = await lookUp(candidates, delivery.id, ports, budget);
  const pending = candidates.entries();
  const steps: Step[] = [];
  const worker = async () => {
    for (const [index, candidate] of pending) {
      const work: Work = { event: candidate.event, delivery, rules: null, followUp: false, waiting: null };
      steps[index] = await handle(candidate, work, findings, ports, budget);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, candidates.length) }, worker));
  return steps;
}

/** Takes one event as far as it goes. Never rejects: what is left says why. */
async function handle(
  candidate: Candidate,
  work: Work,
  findings: Findings | null,
  ports: PipelinePorts,
  budget: Budget,
): Promise<Step> {
  const wait = (reason: string, delaySeconds: number, rest: Partial<Work> = {}): ParkedWork => ({
    work: { ...work, ...rest, waiting: { reason, since: work.waiting?.since ?? ports.now() } },
    delaySeconds,
  });
  const { event } = candidate;
  try {
    budget.work.throwIfAborted();
    const locations = findings?.locations ?? null;
    const { judgement, enrichment, detections, undecided } = decide(candidate, locations, ports.mismatchDistanceKm);
    const storeDown = "the profile store could not be asked where the user is expected";
    if (detections.length === 0) {
      if (undecided.length === 0) return { done: "unmatched", left: null };
      return { done: null, left: wait(storeDown, delays.failed, { rules: undecided }) };
    }
    const subject = { ...subjectOf(work), ruleIds: detections.map(({ rule }) => rule.id) };
    const key = work.followUp ? `${event.uuid}#follow-up` : event.uuid;
    const claim = await claimWork(key, subject, ports, budget);
    if (claim?.kind === "underWay") {
      return { done: null, left: wait("another request is at this event, or was stopped at it", delays.underWay) };
    }
    if (claim?.kind === "done") {
      ports.observe({ kind: "duplicate", subject });
      // Whoever alerted may have been stopped before it parked what it could not decide.
      const forgotten = claim.end.undecided.length > 0 && !work.followUp;
      const rest = wait("it could not be decided when the event was alerted on", 0, {
        rules: claim.end.undecided,
        followUp: true,
      });
      return { done: "duplicate", left: forgotten ? rest : null };
    }
    ports.observe({ kind: "matched", subject });
    const parkedFollowUp =
      undecided.length === 0 ? null : wait(storeDown, delays.failed, { rules: undecided, followUp: true });
    const user = rememberUser(work, subject, claim, findings, ports);
    const { left, by } = except(
      detections,
      event.isTest ? [] : (findings?.exceptions ?? []),
      exceptionSubject(event, profileKeys(event)),
      ports.now(),
    );
    const end = (outcome: End["outcome"]): End => ({ outcome, undecided, exceptions: by.map(({ id }) => id) });
    const finish = async (outcome: End["outcome"], record: Promise<void> | null | undefined) => {
      const complete = claim && ports.claims.complete(key, end(outcome), share(budget.parking, shares.complete));
      await ports.measure("Recording", () => Promise.all([complete, record].map((each) => each && quietly(each))));
      return { done: outcome, left: parkedFollowUp } as const;
    };
    if (by.length > 0) ports.observe({ kind: "excepted", subject, by, whole: left.length === 0 });
    if (left.length === 0) return await finish("excepted", user?.record(null, budget));

    const due = await user?.suppress(key, left, budget);
    if (due?.kind === "held") {
      ports.observe({ kind: "suppressed", subject });
      return await finish("suppressed", null);
    }
    const alert = createAlert({
      event,
      delivery: work.delivery,
      detections: left,
      judgement,
      thresholdKm: ports.mismatchDistanceKm,
      detectedAt: ports.now(),
      followUp: work.followUp,
      delay: work.waiting,
      state: user?.state ?? null,
      heldBack: due?.heldBack ?? null,
      severity: { adjustments: ports.severityAdjustments, enrichment },
    });
    try {
      budget.work.throwIfAborted();
      await ports.measure("Publishing", () => within(budget.work, ports.publish(alert, budget.work)));
    } catch (error) {
      const signal = share(budget.parking, shares.complete);
      const giveBack = [claim && ports.claims.release(key, signal), due && user?.close(due, signal)];
      await Promise.all(giveBack.map((each) => each && quietly(each)));
      throw error;
    }
    ports.observe({ kind: "alertPublished", subject, alert });
    return await finish("alerted", user?.record(due ?? null, budget));
  } catch (error) {
    const reason = budget.work.aborted ? "the time ran out" : `the alert could not be published: ${messageOf(error)}`;
    return { done: null, left: wait(reason, delays.failed) };
  }
}

type Due = Extract<Suppression, { readonly kind: "alert" }>;

/** What is remembered of an event's user, and how it changes. */
interface RememberedUser {
  readonly state: UserState;
  /** Null when nothing can be held back, or the store cannot tell: then the alert goes out. */
  readonly suppress: (
    key: string,
    detections: readonly { readonly rule: { readonly id: string } }[],
    budget: Budget,
  ) => Promise<Suppression | null>;
  readonly record: (due: Due | null, budget: Budget) => Promise<void>;
  readonly close: (due: Due, signal: AbortSignal) => Promise<void>;
}

/** Null when there is no user to be remembered, or what is remembered of users cannot be read. */
function rememberUser(
  { event, followUp }: Work,
  subject: Subject,
  claim: Claim | null,
  findings: Findings | null,
  ports: PipelinePorts,
): RememberedUser | null {
  const [user] = profileKeys(event);
  if (user === undefined || claim === null || !findings?.states) return null;
  const state = findings.states.get(user) ?? unknownUser;
  const network = networkKey(event);
  const now = ports.now();
  // A test is nothing that its user did, and what a follow-up is about has been remembered already.
  const sighting = event.isTest || followUp ? null : sightingOf(event, now);
  return {
    state,
    async suppress(key, detections, budget) {
      if (ports.suppressMinutes === 0 || !isSuppressible(event)) return null;
      const signal = share(budget.work, shares.suppress);
      const candidate = { id: key, detections: detections.map(({ rule }) => rule.id) };
      const { suppressMinutes } = ports;
      try {
        const session = { event, user, candidate, state, sighting, suppressMinutes, now };
        return await ports.measure("Suppression", () => suppress(ports.userStates, session, signal));
      } catch (error) {
        budget.work.throwIfAborted();
        ports.observe({ kind: "historyUnavailable", subject, error });
        return null;
      }
    },
    async record(due, budget) {
      if (sighting === null && due === null) return;
      const signal = share(budget.parking, shares.complete);
      const memory = { sighting, forgotten: forget(state, network, now) };
      await within(signal, ports.userStates.record(user, network, due?.opened ?? null, memory, signal));
    },
    close: (due, signal) => within(signal, ports.userStates.close(user, network, due.opened, signal)),
  };
}

/** Null when the store could not be asked: the alert may then be a duplicate, and goes out all the same. */
async function claimWork(key: string, subject: Subject, ports: PipelinePorts, budget: Budget): Promise<Claim | null> {
  const signal = share(budget.work, shares.claim);
  try {
    return await ports.measure("Claim", () => within(signal, ports.claims.claim(key, signal)));
  } catch (error) {
    // When all the time is gone, nothing goes out any more, and the claim may have been made.
    budget.work.throwIfAborted();
    ports.observe({ kind: "claimsUnavailable", subject, error });
    return null;
  }
}

/** What cannot be asked for is no event lost: the next sync brings it. */
async function refreshProfiles(delivery: Delivery, ports: PipelinePorts, budget: Budget): Promise<void> {
  if (ports.refreshProfiles === null) return;
  const users = refreshesOf(delivery.events);
  if (users.length === 0) return;
  const signal = share(budget.work, shares.refresh);
  try {
    await within(signal, ports.refreshProfiles(users, signal));
  } catch (error) {
    ports.observe({ kind: "refreshesLost", subject: subjectOfWhole(delivery), count: users.length, error });
  }
}

/** Null when the store could not be asked. */
async function lookUp(
  candidates: readonly Candidate[],
  deliveryId: string | null,
  ports: PipelinePorts,
  budget: Budget,
): Promise<Findings | null> {
  const events = candidates.map(({ event }) => event);
  const users = new Set(events.flatMap(profileKeys));
  const signal = share(budget.work, shares.lookUp);
  try {
    return await ports.measure("LookUp", () => within(signal, ports.lookUp(users, signal)));
  } catch (error) {
    const ruleIds = new Set(candidates.flatMap(({ rules }) => rules.map(({ rule }) => rule.id)));
    ports.observe({ kind: "profilesUnavailable", subject: { deliveryId, events, ruleIds: [...ruleIds] }, error });
    return null;
  }
}

/** Whether all of it is parked. */
async function parkWork(left: readonly ParkedWork[], ports: PipelinePorts, budget: Budget): Promise<boolean> {
  if (left.length === 0) return true;
  const observeEach = (observation: { kind: "workParked" } | { kind: "workLost"; error: unknown }) => {
    for (const { work } of left) {
      const { followUp, waiting } = work;
      ports.observe({ subject: subjectOf(work), followUp, reason: waiting?.reason ?? null, ...observation });
    }
  };
  try {
    await ports.measure("Parking", () => within(budget.parking, ports.parkWork(left, budget.parking)));
    observeEach({ kind: "workParked" });
    return true;
  } catch (error) {
    observeEach({ kind: "workLost", error });
    return false;
  }
}

/** Whether all of them are parked. */
async function parkMalformed(delivery: Delivery, ports: PipelinePorts, budget: Budget): Promise<boolean> {
  const count = delivery.malformed.length;
  if (count === 0) return true;
  const subject = subjectOfWhole(delivery);
  try {
    await within(budget.parking, ports.parkMalformed(delivery.malformed, delivery, budget.parking));
    ports.observe({ kind: "malformedParked", subject, count });
    return true;
  } catch (error) {
    ports.observe({ kind: "malformedFailed", subject, count, error });
    return false;
  }
}

/** What is about a delivery, and no event of it in particular. */
function subjectOfWhole({ id }: Delivery): Subject {
  return { deliveryId: id, events: [], ruleIds: [] };
}

function subjectOf({ event, delivery, rules }: Work): Subject {
  return { deliveryId: delivery.id, events: [event], ruleIds: rules ?? [] };
}

/** For bookkeeping whose failure changes nothing: a claim that is neither completed nor released expires. */
async function quietly(promise: Promise<void>): Promise<void> {
  await promise.catch(() => {});
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
