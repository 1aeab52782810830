import { type Alert, createAlert } from "./alerts/alert.ts";
import { type Budget, share, within } from "./budget.ts";
import type { Claim, Claims, End } from "./claims/claims.ts";
import { type Decision, decide, type ProfileLocations } from "./decision.ts";
import { type Exception, except, exceptionSubject } from "./exceptions/exception.ts";
import { networkAndCountry, sightingOf, type UserState, unknownUser } from "./history/history.ts";
import { applyChange, mergeStates, remember } from "./history/remember.ts";
import { createSession, type Session } from "./history/session.ts";
import type { HeldBack, Suppression, SuppressionWindow, UserStates } from "./history/suppression.ts";
import { type RememberedUser, rememberedUser, type UserKey } from "./history/user-key.ts";
import { type Candidate, enrich, findCandidate, findCandidates } from "./matching.ts";
import type { Measure } from "./measure.ts";
import type { Delivery, MalformedEvent } from "./okta/event-hook.ts";
import { type LogEvent, publishedTime } from "./okta/log-event.ts";
import { canonicalLogin, personKeys, personOf } from "./okta/person.ts";
import { looksLikeLogin } from "./okta/stranger.ts";
import { type Refresh, refreshesOf } from "./profiles/refresh.ts";
import { type DelayReason, delayReasons } from "./retries/delay-reason.ts";
import { maximumUnconfirmed, UnconfirmedPublishError, unconfirmedDelaySeconds } from "./retries/unconfirmed.ts";
import type { Match, Work } from "./retries/work.ts";
import type { SeverityAdjustment } from "./severity/adjustment.ts";
import type { CompiledRule } from "./sigma/compile.ts";
import { UNKNOWN } from "./sigma/field.ts";
import type { RuleSet } from "./sigma/rule-set.ts";

/** What the pipeline needs of the world. */
export interface PipelinePorts {
  readonly rules: RuleSet;
  /** What adjusts the severity of alerts, in this order. */
  readonly severityAdjustments: readonly SeverityAdjustment[];
  readonly lookUp: LookUp;
  readonly claims: Claims;
  readonly userStates: UserStates;
  /**
   * Publishes one alert; rejects when it cannot be: with {@link UnconfirmedPublishError} when it may be published all the same.
   */
  readonly publish: (alert: Alert, signal: AbortSignal) => Promise<void>;
  /** Parks work to be tried again; rejects when any of it cannot be. */
  readonly parkWork: (work: readonly ParkedWork[], signal: AbortSignal) => Promise<void>;
  /**
   * Parks work that is not to be tried again, where an operator finds it with the reason; rejects when it cannot be.
   */
  readonly deadLetterWork: (work: Work, reason: string, signal: AbortSignal) => Promise<void>;
  /** Parks what cannot be judged, where an operator finds it; rejects when any of it cannot be. */
  readonly parkMalformed: (events: readonly MalformedEvent[], delivery: Delivery, signal: AbortSignal) => Promise<void>;
  /** Asks for profiles to be fetched anew; rejects when it cannot. Null where profiles do not come from Okta. */
  readonly refreshProfiles: ((users: readonly Refresh[], signal: AbortSignal) => Promise<void>) | null;
  /** A mismatch is farther than this from every profile location, in kilometers. */
  readonly mismatchDistanceKm: number;
  /** The domains of the org's logins; empty where they are not named. */
  readonly loginDomains: readonly string[];
  /** Minutes in which a user's further session starts on one network are held back after an alert; 0 for none. */
  readonly suppressMinutes: number;
  readonly now: () => Date;
  readonly observe: (observation: Observation) => void;
  readonly measure: Measure;
}

/**
 * Looks up what is known of users, in one go.
 *
 * @throws when the store cannot be asked: then nothing is known of any of them
 */
export type LookUp = (asked: Asked, signal: AbortSignal) => Promise<Findings>;

/** Whom is asked for. */
export interface Asked {
  /** What profiles and exceptions are found by: Okta user ids (`00u...`) and lower-case logins. */
  readonly keys: ReadonlySet<string>;
  /** What is remembered of users is found by. */
  readonly users: ReadonlySet<UserKey>;
}

/** What is known before an event is judged. */
export interface Findings {
  readonly locations: ProfileLocations;
  /** Those of these users, and those of anyone; whether one covers an event is still to be judged. */
  readonly exceptions: readonly Exception[];
  /** What is remembered under each key that was asked for; null when that could not be read. */
  readonly states: ReadonlyMap<UserKey, UserState> | null;
  /** Why it could not be read; null where it could. */
  readonly statesError: unknown;
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
  | {
      readonly kind: "workParked";
      readonly followUp: boolean;
      readonly reason: string | null;
      /** What it could not be done by; null where nothing failed. */
      readonly error: unknown;
    }
  /** Work that is not tried again, all of it or the rules that are named; where it is all, it is on the dead-letter queue. */
  | { readonly kind: "workDropped"; readonly whole: boolean; readonly reason: string }
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
  /** Events on the dead-letter queue: malformed ones, and those whose alert may have been sent too often. */
  readonly deadLettered: number;
  readonly failed: number;
}

/** Events that are worked on at once: the alerts of one delivery, of nearly every one. */
const concurrency = 50;

/**
 * Seconds that work waits before it is first tried again: what failed, and what another function has claimed, where the claim
 * does not say how long it stands.
 */
const delays = { failed: 2, inProgress: 25 } as const;
/** The longest that SQS delays a message, in seconds. */
const longestDelaySeconds = 900;

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
  const left = steps.flatMap(leftOf);
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
    deadLettered: count("deadLettered") + (malformedParked ? malformed : 0),
    failed: (parked ? 0 : left.length) + (malformedParked ? 0 : malformed),
  };
}

/**
 * Tries a piece of work again. What could not be published for sure is parked anew, with that counted; what no rule matches any
 * more, or what may have been published too often, goes to the dead-letter queue.
 *
 * @throws when it has to be tried once more: the error says why
 */
export async function retryWork(work: Work, ports: PipelinePorts, budget: Budget): Promise<void> {
  const { candidate, gone } = findAgain(work, ports.rules);
  const drop = async (reason: string) => {
    await within(budget.parking, ports.deadLetterWork(work, reason, budget.parking));
    ports.observe({ kind: "workDropped", subject: subjectOf(work), whole: true, reason });
  };
  if (candidate === null) return await drop(nothingMatches);
  const findings = lookUp([candidate], work.delivery.id, ports, budget);
  const step = await handle(candidate, work, findings, ports, budget);
  const { done, left } = step;
  if (done === "unmatched" && isBlind(work, candidate)) return await drop(cannotBeJudged);
  if (done !== null && gone.length > 0) {
    const subject = { ...subjectOf(work), ruleIds: gone };
    ports.observe({ kind: "workDropped", subject, whole: false, reason: nothingMatches });
  }
  // What was published without an answer is parked with that counted, in the place of this message.
  const isSame = done === null && left !== null && left.work.unconfirmed === work.unconfirmed;
  if (isSame) throw new Error(left.work.waiting?.reason ?? "the work is not done", { cause: left.error });
  if (!(await parkWork(leftOf(step), ports, budget, true))) throw new Error("what is left of it could not be parked");
}

const nothingMatches = "no rule of this release matches the event any more, as far as it was kept";
const cannotBeJudged = "the event was cut to fit a message, and its rules cannot be judged without what it lost";

/** Whether an event lost anything that its rules ask for, or that locations are judged by. */
function isBlind({ eventCut = null }: Work, { rules }: Candidate): boolean {
  if (eventCut === null) return false;
  const items = rules.flatMap(({ rule }) => Object.values(rule.selections).flat(2));
  const asked = new Set(["actor", "client", ...items.map(({ field }) => field?.split(".")[0])]);
  // A keyword, which names no field, asks for all of them.
  return asked.has(undefined) || eventCut.some((name) => asked.has(name));
}

/**
 * The rules of parked work that are still there: those that matched stay matched, though the event was cut; the others are
 * judged by what is left of it.
 */
function findAgain(
  { event, rules: wanted, matched = [] }: Work,
  ruleSet: RuleSet,
): { readonly candidate: Candidate | null; readonly gone: readonly string[] } {
  const found = findCandidate(event, ruleSet);
  const matchedIds = new Set(matched.map(({ ruleId }) => ruleId));
  const certain = ruleSet.rules.filter(({ rule }) => matchedIds.has(rule.id));
  const isOther = ({ rule }: CompiledRule) => !matchedIds.has(rule.id) && (wanted === null || wanted.includes(rule.id));
  const others = (found?.rules ?? []).filter(isOther);
  const rules = [...certain, ...others];
  const ids = new Set(idsOf(rules));
  const gone = [...new Set([...matchedIds, ...(wanted ?? [])])].filter((id) => !ids.has(id));
  if (rules.length === 0) return { candidate: null, gone };
  const alsoCertain = (found?.certain ?? []).filter(isOther);
  return { candidate: { event, rules, certain: [...certain, ...alsoCertain] }, gone };
}

/** How far an event came. */
interface Step {
  /** Null when it is left as it was. */
  readonly done: End["outcome"] | "unmatched" | "duplicate" | null;
  readonly left: LeftWork | null;
  /** What its alert could not decide, beside the work itself that is left. @default none */
  readonly undecided?: LeftWork | null;
}

function leftOf({ left, undecided = null }: Step): readonly LeftWork[] {
  return [left, undecided].filter((each) => each !== null);
}

/** Work that is left, and what it could not be done by: null where nothing failed. */
interface LeftWork extends ParkedWork {
  readonly error: unknown;
}

async function handleAll(
  candidates: readonly Candidate[],
  delivery: Delivery,
  ports: PipelinePorts,
  budget: Budget,
): Promise<Step[]> {
  const findings = lookUp(candidates, delivery.id, ports, budget);
  const beside = byUser(candidates.map(({ event }) => event));
  const pending = candidates.entries();
  const steps: Step[] = [];
  const worker = async () => {
    for (const [index, candidate] of pending) {
      const work: Work = { event: candidate.event, delivery, rules: null, followUp: false, waiting: null };
      // Those that are begun at once have all the time; of the others none that could not be ended.
      const isTooLate = index >= concurrency && budget.begin.aborted;
      steps[index] = isTooLate
        ? { done: null, left: wait(keep(work, candidate), delayReasons.timeRanOut, delays.failed, ports.now()) }
        : await handle(candidate, work, findings, ports, budget, beside);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, candidates.length) }, worker));
  return steps;
}

/** Work that is left, and why. */
function wait(
  work: Work,
  reason: DelayReason,
  delaySeconds: number,
  now: Date,
  rest: Partial<Work> = {},
  error: unknown = null,
): LeftWork {
  const waiting = { reason, since: work.waiting?.since ?? now };
  return { work: { ...work, ...rest, waiting }, delaySeconds, error };
}

/** Work with what is known of its rules: those that match stay matched, whatever of the event fits into a message. */
function keep(work: Work, { event, rules, certain }: Candidate): Work {
  const before = work.matched ?? [];
  const known = new Set(before.map(({ ruleId }) => ruleId));
  const enrichment = enrich(event, UNKNOWN);
  const matched: Match[] = certain
    .filter(({ rule }) => !known.has(rule.id))
    .map(({ rule, explain }) => ({ ruleId: rule.id, matched: explain(event.received, enrichment) }));
  return { ...work, rules: idsOf(rules), matched: [...before, ...matched] };
}

/**
 * Takes one event as far as it goes. Where a rule matches wherever the user is, it is claimed, and its window opened, while
 * the look-up is under way: an alert waits for three calls, one after the other. Never rejects: what is left says why.
 */
async function handle(
  candidate: Candidate,
  work: Work,
  lookedUp: Promise<Findings | null>,
  ports: PipelinePorts,
  budget: Budget,
  beside: EventsByUser = new Map(),
): Promise<Step> {
  try {
    budget.work.throwIfAborted();
    const [findings, early] = await Promise.all([
      lookedUp,
      candidate.certain.length > 0 ? begin(work, idsOf(candidate.certain), ports, budget) : null,
    ]);
    const decision = decide(candidate, findings?.locations ?? null, ports.mismatchDistanceKm, work.matched);
    const { detections, undecided } = decision;
    if (detections.length === 0) {
      if (undecided.length === 0) return { done: "unmatched", left: null };
      return {
        done: null,
        left: wait(work, delayReasons.storeDown, delays.failed, ports.now(), { rules: undecided }),
      };
    }
    const begun = early ?? (await begin(work, idsOf(detections), ports, budget));
    return await conclude(candidate, decision, begun, work, findings, ports, budget, beside);
  } catch (error) {
    const reason = budget.work.aborted ? delayReasons.timeRanOut : delayReasons.notPublished;
    return { done: null, left: wait(keep(work, candidate), reason, delays.failed, ports.now(), {}, error) };
  }
}

/** Work that was begun: what has to be ended, whatever comes of it. */
interface Begun {
  /** The key of its claim. */
  readonly key: string;
  /** Null when the store could not be asked. */
  readonly claim: Claim | null;
  /** Null for an event of nobody in particular. */
  readonly session: Session | null;
  /** The window that was opened; null when there is none, or another. */
  readonly window: SuppressionWindow | null;
}

/** Claims the work, and opens its window beside. */
async function begin(work: Work, ruleIds: readonly string[], ports: PipelinePorts, budget: Budget): Promise<Begun> {
  const { event, followUp } = work;
  const subject = { ...subjectOf(work), ruleIds };
  const key = followUp ? `${event.uuid}#follow-up` : event.uuid;
  const user = userOf(event);
  const { userStates: states, suppressMinutes } = ports;
  const session =
    user === null ? null : createSession(event, user, key, followUp, { states, suppressMinutes, now: ports.now() });
  const open = async () => {
    if (!session?.isSuppressible) return null;
    const signal = share(budget.work, budget.steps.open);
    // Where it cannot be opened, no window holds anything back: that is tried, and told, once what is known of the user is there.
    return ports.measure("Suppression", () => session.open(ruleIds, signal)).catch(() => null);
  };
  const [claim, window] = await Promise.all([claimWork(key, work, subject, ports, budget), open()]);
  return { key, claim, session, window };
}

/** Judges what was begun: by its claim, its exceptions and its user's windows; and publishes the alert. */
async function conclude(
  candidate: Candidate,
  { judgement, enrichment, detections, undecided }: Decision,
  { key, claim, session, window }: Begun,
  work: Work,
  findings: Findings | null,
  ports: PipelinePorts,
  budget: Budget,
  beside: EventsByUser,
): Promise<Step> {
  const { event } = work;
  const subject = { ...subjectOf(work), ruleIds: idsOf(detections) };
  const known = session && findings?.states ? recall(session.user, findings.states) : null;
  let opened = window;
  const close = (signal: AbortSignal) => opened && session?.close(opened, signal);

  if (claim !== null && claim.kind !== "claimed") {
    await quietly(close(share(budget.parking, budget.steps.complete)));
    if (claim.kind === "underWay") {
      const now = ports.now();
      const seconds =
        claim.until === null ? delays.inProgress : Math.ceil((claim.until.getTime() - now.getTime()) / 1_000) + 1;
      const delay = Math.min(Math.max(seconds, delays.failed), longestDelaySeconds);
      return { done: null, left: wait(keep(work, candidate), delayReasons.inProgress, delay, now) };
    }
    ports.observe({ kind: "duplicate", subject });
    // Whoever alerted may have been stopped before it parked what it could not decide.
    const forgotten = claim.end.undecided.length > 0 && !work.followUp;
    const rest = { rules: claim.end.undecided, ...asFollowUp };
    const left = forgotten ? wait(work, delayReasons.undecidedBefore, 0, ports.now(), rest) : null;
    return { done: "duplicate", left };
  }

  // The message counts where the store of claims is down, and the claim where the queue is.
  const unconfirmed = Math.max(work.unconfirmed ?? 0, claim?.unconfirmed ?? 0);
  const release = async (published = unconfirmed) => {
    const signal = share(budget.parking, budget.steps.complete);
    await Promise.all([quietly(claim && ports.claims.release(key, published, signal)), quietly(close(signal))]);
  };
  const followUp = () => {
    const rest = { rules: undecided, ...asFollowUp };
    return undecided.length === 0 ? null : wait(work, delayReasons.storeDown, delays.failed, ports.now(), rest);
  };
  // What was published without an answer is tried again as it was, so that each copy has the same id; or not any more.
  const endUnconfirmed = async (sent: Decision["detections"], published: number, error: unknown): Promise<Step> => {
    await release(published);
    const matched = sent.map((detection) => ({ ruleId: detection.rule.id, matched: detection.matched }));
    const rest = { rules: idsOf(sent), matched, unconfirmed: published, again: false };
    const delay = unconfirmedDelaySeconds(published);
    const again = wait(work, delayReasons.unconfirmed, delay, ports.now(), rest, error);
    const dead = published < maximumUnconfirmed ? null : await deadLetter(again.work, key, subject, ports, budget);
    return { ...(dead ?? { done: null, left: again }), undecided: followUp() };
  };
  try {
    ports.observe({ kind: "matched", subject });
    const { left, by } = except(
      detections,
      findings?.exceptions ?? [],
      exceptionSubject(event, personKeys(event)),
      ports.now(),
    );
    const end = async (outcome: End["outcome"], ended: SuppressionWindow | null): Promise<Step> => {
      const signal = share(budget.parking, budget.steps.complete);
      const exceptions = by.map(({ id }) => id);
      await ports.measure("Recording", () =>
        Promise.all([
          // Where it could not be claimed as well: whoever comes to it later knows of this.
          quietly(ports.claims.complete(key, { outcome, undecided, exceptions }, signal)),
          // A session that was held back was remembered with that.
          quietly(outcome === "suppressed" ? null : session?.record(ended, known?.own ?? unknownUser, signal)),
        ]),
      );
      return { done: outcome, left: followUp() };
    };
    if (by.length > 0) ports.observe({ kind: "excepted", subject, by, whole: left.length === 0 });
    if (left.length === 0) return await end("excepted", opened && { ...opened, until: 0 });

    let heldBack: HeldBack | null = opened?.told ?? null;
    if (opened !== null) opened = { ...opened, detections: idsOf(left) };
    else if (session?.isSuppressible && known !== null) {
      const due = await suppressWork(session, subject, idsOf(left), known.own, ports, budget);
      if (due?.kind === "held") {
        ports.observe({ kind: "suppressed", subject });
        return await end("suppressed", null);
      }
      if (due?.kind === "waiting") {
        await release();
        const left = wait(keep(work, candidate), delayReasons.sessionInProgress, delays.failed, ports.now());
        return { done: null, left };
      }
      opened = due?.opened ?? null;
      heldBack = due?.heldBack ?? null;
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
      eventCut: work.eventCut ?? null,
      state: known && session && withEarlier(known.whole, beside.get(session.user.key) ?? [], event, ports.now()),
      heldBack,
      // A login that has a profile is one, whatever it looks like.
      isLogin: (login) =>
        looksLikeLogin(login, ports.loginDomains) || findings?.locations.has(canonicalLogin(login)) === true,
      severity: { adjustments: ports.severityAdjustments, enrichment },
    });
    budget.work.throwIfAborted();
    if (unconfirmed >= maximumUnconfirmed) return await endUnconfirmed(left, unconfirmed, null);
    try {
      await ports.measure("Publishing", () => within(budget.work, ports.publish(alert, budget.work)));
    } catch (error) {
      if (error instanceof UnconfirmedPublishError || budget.work.aborted) {
        return await endUnconfirmed(left, unconfirmed + 1, error);
      }
      throw error;
    }
    ports.observe({ kind: "alertPublished", subject, alert });
    return await end("alerted", opened && { ...opened, published: true });
  } catch (error) {
    await release();
    throw error;
  }
}

/** Whom an event is about, as what is remembered of them is found; null for an event about no person. */
function userOf(event: LogEvent): RememberedUser | null {
  const person = personOf(event);
  return person && rememberedUser(person);
}

/** The events of a delivery that match, by the key of their user. */
type EventsByUser = ReadonlyMap<UserKey, readonly LogEvent[]>;

function byUser(events: readonly LogEvent[]): EventsByUser {
  const found = new Map<UserKey, LogEvent[]>();
  for (const event of events) {
    const user = userOf(event);
    if (user !== null) found.set(user.key, [...(found.get(user.key) ?? []), event]);
  }
  return found;
}

/**
 * What is remembered of a user, and what came with the same delivery, before the event: Okta sends events together that are close
 * in time, and all of them are looked up before any is remembered.
 */
function withEarlier(state: UserState, beside: readonly LogEvent[], event: LogEvent, now: Date): UserState {
  const time = publishedTime(event.published);
  const earlier = beside.filter(
    (each) => each.uuid !== event.uuid && publishedTime(each.published) <= time && !each.isTest,
  );
  return earlier.reduce(
    (known, each) => applyChange(known, remember(known, networkAndCountry(each), sightingOf(each, now), now)),
    state,
  );
}

/** What is remembered of a user: under the key that is written, and under all keys of theirs together. */
function recall({ key, others }: RememberedUser, states: ReadonlyMap<UserKey, UserState>) {
  const own = states.get(key) ?? unknownUser;
  return {
    own,
    whole: mergeStates(
      own,
      others.map((other) => states.get(other) ?? unknownUser),
    ),
  };
}

/** What is left undecided is a piece of work of its own: nothing of it matched, or was published, yet. */
const asFollowUp = { followUp: true, matched: [], unconfirmed: 0, again: false } as const;

/** Null when it could not be parked there: then it has to be tried again. */
async function deadLetter(
  work: Work,
  key: string,
  subject: Subject,
  ports: PipelinePorts,
  budget: Budget,
): Promise<Step | null> {
  const reason = `the alert may have been sent ${work.unconfirmed} times, without an answer of the topic; it is not sent again`;
  try {
    await within(budget.parking, ports.deadLetterWork(work, reason, budget.parking));
  } catch {
    return null;
  }
  const signal = share(budget.parking, budget.steps.complete);
  await quietly(ports.claims.complete(key, { outcome: "deadLettered", undecided: [], exceptions: [] }, signal));
  ports.observe({ kind: "workDropped", subject, whole: true, reason });
  return { done: "deadLettered", left: null };
}

/** Null when the store could not be asked: then the alert goes out. */
async function suppressWork(
  session: Session,
  subject: Subject,
  ruleIds: readonly string[],
  state: UserState,
  ports: PipelinePorts,
  budget: Budget,
): Promise<Suppression | null> {
  const signal = share(budget.work, budget.steps.suppress);
  try {
    return await ports.measure("Suppression", () => session.suppress(ruleIds, state, signal));
  } catch (error) {
    budget.work.throwIfAborted();
    ports.observe({ kind: "historyUnavailable", subject, error });
    return null;
  }
}

/** Null when the store could not be asked: the alert may then be a duplicate, and goes out all the same. */
async function claimWork(
  key: string,
  { again = false }: Work,
  subject: Subject,
  ports: PipelinePorts,
  budget: Budget,
): Promise<Claim | null> {
  const options = { lease: budget.lease, again };
  const signal = share(budget.work, budget.steps.claim);
  try {
    return await ports.measure("Claim", () => within(signal, ports.claims.claim(key, options, signal)));
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
  const signal = share(budget.work, budget.steps.refresh);
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
  const asked: Asked = {
    keys: new Set(events.flatMap(personKeys)),
    users: new Set(events.map(userOf).flatMap((user) => (user === null ? [] : [user.key, ...user.others]))),
  };
  const signal = share(budget.work, budget.steps.lookUp);
  const ruleIds = [...new Set(candidates.flatMap(({ rules }) => rules.map(({ rule }) => rule.id)))];
  const subject = { deliveryId, events, ruleIds };
  try {
    const findings = await ports.measure("LookUp", () => within(signal, ports.lookUp(asked, signal)));
    if (findings.states === null) ports.observe({ kind: "historyUnavailable", subject, error: findings.statesError });
    return findings;
  } catch (error) {
    ports.observe({ kind: "profilesUnavailable", subject, error });
    return null;
  }
}

/** Whether all of it is parked. */
async function parkWork(
  left: readonly LeftWork[],
  ports: PipelinePorts,
  budget: Budget,
  isRetry = false,
): Promise<boolean> {
  if (left.length === 0) return true;
  const observeEach = (observation: { kind: "workParked" } | { kind: "workLost"; error: unknown }) => {
    for (const { work, error } of left) {
      const { followUp, waiting } = work;
      ports.observe({ subject: subjectOf(work), followUp, reason: waiting?.reason ?? null, error, ...observation });
    }
  };
  try {
    await ports.measure("Parking", () => within(budget.parking, ports.parkWork(left, budget.parking)));
    observeEach({ kind: "workParked" });
    return true;
  } catch (error) {
    // What is tried again stays on the queue as it was, and nothing is lost.
    if (!isRetry) observeEach({ kind: "workLost", error });
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
async function quietly(promise: Promise<void> | null | undefined): Promise<void> {
  await promise?.catch(() => {});
}

function idsOf(rules: readonly { readonly rule: { readonly id: string } }[]): string[] {
  return rules.map(({ rule }) => rule.id);
}
