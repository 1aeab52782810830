import { noteOf } from "../alerts/event-note.ts";
import { advanceGroups, BusyGroupError, type DecidedEvent } from "../correlation/advance-groups.ts";
import { groupKey, matchesOf, withParts } from "../correlation/correlate.ts";
import type { StoredGroup } from "../correlation/group-store.ts";
import { publishedTime } from "../okta/log-event.ts";
import { looksLikeLogin } from "../okta/stranger.ts";
import { share } from "../time/budget.ts";
import { type Comparisons, comparedOf } from "./compared.ts";
import { correlationsOver, isCorrelated, isExpected, type RunningCorrelations } from "./correlations.ts";
import { delayReasons } from "./delay-reason.ts";
import { valuesOf } from "./group-values.ts";
import { decide } from "./judge.ts";
import { type Candidate, idsOf } from "./match.ts";
import type { Findings } from "./ports.ts";
import type { CorrelatedEvent, CorrelatedEvents, MatchedWork, Run } from "./stages.ts";

/** The keys of the groups that an event may take part in, by the rules that match, or may match. */
export function groupsOf(
  { candidate: { event, rules }, work }: MatchedWork,
  { plan }: RunningCorrelations,
): readonly string[] {
  const at = publishedTime(event.published);
  const asked = { uuid: event.uuid, at, rules: idsOf(rules), valuesOf: valuesOf(event, work.values) };
  return [...new Set(matchesOf(plan, asked).matches.map(groupKey))];
}

/**
 * Takes the events of a delivery into the groups of their correlations: all of them at once, so that each group is written
 * once, and an event finds those before it in the same delivery. Never rejects: what cannot be decided is left undecided.
 *
 * @param lookUp has read the groups that {@link groupsOf} names
 * @param comparing compares the events with others
 */
export async function correlateEvents(
  all: readonly MatchedWork[],
  lookUp: Promise<Findings | null>,
  comparing: Promise<Comparisons>,
  run: Run,
): Promise<CorrelatedEvents> {
  const { ports, budget } = run;
  const { correlations, groups: store } = ports;
  // A time that cannot be read is in no window.
  const taking = all.filter(
    ({ candidate }) => isCorrelated(candidate, ports) && !Number.isNaN(publishedTime(candidate.event.published)),
  );
  if (correlations === null || taking.length === 0) return none;
  const [findings, comparisons] = await Promise.all([lookUp, comparing]);
  const known = findings?.groups ?? null;
  const judged = taking.map(({ candidate, work }): Judged => {
    const { event } = candidate;
    const compared = comparedOf(comparisons, candidate);
    const decision = decide(candidate, findings?.locations ?? null, ports.mismatchDistanceKm, work.matched, compared);
    const groups = new Map(groupsOf({ candidate, work }, correlations).map((key) => [key, known?.get(key) ?? null]));
    // The start of its chain may wait as well, or come a moment later: a write is little beside an alert, and beside a message.
    const isKept = work.waiting !== null || isExpected(candidate, work, ports) || !isEveryday(event.eventType);
    return { event, work, isKept, rules: idsOf(decision.detections), undecided: decision.undecided, groups };
  });
  if (known === null) return new Map(judged.map((each) => [each.event.uuid, undecidedOf(each, each.rules, null, run)]));
  const arriving = judged.map(({ event, work, rules, isKept }) => ({
    uuid: event.uuid,
    isKept,
    at: publishedTime(event.published),
    rules,
    valuesOf: valuesOf(event, work.values),
    note: () => noteOf(event, (login) => looksLikeLogin(login, ports.loginDomains)),
  }));
  const groups = new Map(judged.flatMap((each) => [...each.groups]));
  const signal = share(budget.work, budget.steps.suppress);
  const decided = await ports.measure("Correlation", () =>
    advanceGroups(correlations.plan, arriving, groups, store, signal),
  );
  count("withoutGroup", judged, (event) => decided.get(event)?.without, run);
  count("tooLateForGroup", judged, (event) => decided.get(event)?.tooLate, run);
  return new Map(
    judged.map((each) => {
      const { uuid } = each.event;
      const { firings = [], undecided = nothing } = decided.get(uuid) ?? {};
      const failed = [...undecided.keys()].map(({ id }) => id);
      const own = failed.filter((id) => !correlations.silent.has(id));
      const left = undecidedOf(each, failed, [...undecided.values()][0] ?? null, run);
      const found = withParts(firings).filter(({ correlation: { id } }) => !correlations.silent.has(id));
      return [uuid, { ...left, undecided: [...new Set([...own, ...left.undecided])], firings: found }];
    }),
  );
}

/**
 * Whether events of this type come with every sign-in and every opening of an app: most events of an org. All others are acts, such as a
 * role that is granted, of which there are few: a group keeps each, so that its chain is found in whatever order both arrive.
 */
export function isEveryday(eventType: string): boolean {
  return everyday.test(eventType);
}

const everyday = /^(?:user\.(?:authentication|session)\.|policy\.evaluate_sign_on$|app\.oauth2\.)/i;

/** An event with the rules that match, and its groups. */
interface Judged extends Pick<MatchedWork, "work"> {
  readonly event: Candidate["event"];
  /** Whether groups keep it as a step of a chain that has not started: it is an act, it waited, or rules alert on it. */
  readonly isKept: boolean;
  readonly rules: readonly string[];
  /** Rules that need the user's location, travel or session, which is not known now. */
  readonly undecided: readonly string[];
  readonly groups: ReadonlyMap<string, StoredGroup | null>;
}

const none: CorrelatedEvents = new Map();
const nothing: DecidedEvent["undecided"] = new Map();

/**
 * Leaves the correlations over some rules and correlations undecided, and those over rules that are undecided themselves.
 *
 * @param error why; null where the look-up has said so already
 */
function undecidedOf(
  { event, work, undecided }: Judged,
  ids: readonly string[],
  error: unknown,
  { ports }: Run,
): CorrelatedEvent {
  const over = correlationsOver([...ids, ...undecided], ports);
  if (error !== null) {
    const subject = { deliveryId: work.delivery.id, events: [event], ruleIds: ids };
    ports.observe({ kind: "correlationsUndecided", subject, error });
  }
  const reason = error instanceof BusyGroupError ? delayReasons.groupBusy : delayReasons.correlationUndecided;
  return { firings: [], undecided: over, reason };
}

/** Counts the events that take no part in some correlation. */
function count(
  kind: "withoutGroup" | "tooLateForGroup",
  judged: readonly Judged[],
  read: (uuid: string) => Iterable<{ readonly id: string }> | undefined,
  { ports }: Run,
): void {
  const found = judged.flatMap((each) => {
    const ids = [...(read(each.event.uuid) ?? [])].map(({ id }) => id);
    return ids.length === 0 ? [] : [{ ...each, ids }];
  });
  const [first] = found;
  if (first === undefined) return;
  const ruleIds = [...new Set(found.flatMap(({ ids }) => ids))];
  const subject = { deliveryId: first.work.delivery.id, events: found.map(({ event }) => event), ruleIds };
  ports.observe({ kind, subject, count: found.length });
}
