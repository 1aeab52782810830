import { sessionStart } from "../okta/log-event.ts";
import { isTemporal } from "../sigma/correlation.ts";
import { plural } from "../text/shorten.ts";
import type { Alert, AlertCorrelation } from "./alert-schema.ts";
import { linkToEvent } from "./console-links.ts";
import { undoOf } from "./undo.ts";

/*
 * The story of an alert about a correlation: what came together, and the earlier alerts of its incident, as one list of
 * acts in order of time.
 */

/** One act, or several in a row that say the same. */
export interface Act {
  /** ISO 8601, UTC: of several, of the first and of the last. */
  readonly published: string;
  readonly until: string;
  readonly count: number;
  readonly eventType: string | null;
  /** What was done, or else the title of the rule that it matched, in quotes. */
  readonly what: string;
  /** Whether `what` is a deed, to stand behind a person. */
  readonly isDeed: boolean;
  /** Who did it; null where that is not known. */
  readonly person: string | null;
  readonly from: string | null;
  readonly through: string | null;
  readonly client: string | null;
  readonly undo: string | null;
  readonly link: string | null;
  /** Whether it is the event that the alert is about. */
  readonly isOwn: boolean;
  /** Whether no more than the rule is known of it, and it may have to be undone. */
  readonly isUnknown: boolean;
}

/** The acts of an alert about a correlation. */
export interface Story {
  /** The severest correlation that fired. */
  readonly title: string;
  readonly correlation: AlertCorrelation;
  /** In order of time, at least one. */
  readonly acts: readonly Act[];
  /** Acts in the middle that the alert does not name. */
  readonly more: number;
}

type Reported = Pick<Alert, "detections" | "incident" | "okta" | "links">;

/** The story of an alert; null where none of its detections is a correlation. */
export function storyOf({ detections, incident, okta, links }: Reported): Story | null {
  const correlations = detections.flatMap(({ title, correlation }) =>
    correlation === null ? [] : [{ title, correlation }],
  );
  const [severest] = correlations;
  if (severest === undefined) return null;
  const acts = new Map<string, Act>();
  for (const { correlation } of correlations) {
    const harmless = harmlessRules(correlation);
    for (const event of correlation.events) {
      // An event that several rules match is one act.
      if (acts.get(event.eventUuid)?.isDeed === true) continue;
      acts.set(event.eventUuid, { ...actOfEvent(event, okta), isUnknown: mayNeedUndo(event, harmless) });
    }
  }
  for (const alert of incident.before) {
    if (!acts.has(alert.eventUuid)) acts.set(alert.eventUuid, actOfAlert(alert, okta, links.userProfile));
  }
  const sorted = [...acts.values()].sort((a, b) => Date.parse(a.published) - Date.parse(b.published));
  return { ...severest, acts: unite(sorted), more: severest.correlation.more };
}

type CorrelatedEvent = AlertCorrelation["events"][number];

/** The ids of rules that match nothing which has to be undone, as far as their events are known. */
function harmlessRules({ events }: AlertCorrelation): ReadonlySet<string> {
  const known = events.filter(({ deed }) => deed !== null);
  const undone = new Set(known.flatMap(({ rule, undo }) => (undo === null ? [] : [rule.id])));
  return new Set(known.map(({ rule }) => rule.id).filter((id) => !undone.has(id)));
}

function mayNeedUndo({ eventType, rule }: CorrelatedEvent, harmless: ReadonlySet<string>): boolean {
  return eventType === null && !harmless.has(rule.id);
}

function actOfEvent(event: CorrelatedEvent, okta: Alert["okta"]): Omit<Act, "isUnknown"> {
  const { eventUuid, eventType, rule, deed, person, from, through, client, undo, link } = event;
  return {
    ...once(event.published),
    eventType,
    what: deed ?? `"${rule.title}"`,
    isDeed: deed !== null,
    person,
    from,
    through,
    client,
    undo,
    link,
    isOwn: eventUuid === okta.eventUuid,
  };
}

/**
 * The act of an earlier alert of the incident, of which only the deed is kept.
 *
 * @param profile the page of the incident's person, where sessions are cleared: the same as where the act is part of a correlation
 */
function actOfAlert(alert: Alert["incident"]["before"][number], okta: Alert["okta"], profile: string | null): Act {
  const { eventUuid, published, eventType, deed, succeeded, detections } = alert;
  return {
    ...once(published),
    eventType,
    what: deed ?? `"${detections[0]?.title ?? eventType}"`,
    isDeed: deed !== null,
    person: null,
    from: null,
    through: null,
    client: null,
    undo: undoOf(eventType, succeeded),
    link: (eventType === sessionStart ? profile : null) ?? linkToEvent(okta.org, eventUuid, published),
    isOwn: eventUuid === okta.eventUuid,
    isUnknown: false,
  };
}

const once = (published: string) => ({ published, until: published, count: 1 });

/** Acts in a row that say the same, as one. */
function unite(acts: readonly Act[]): readonly Act[] {
  const united: Act[] = [];
  for (const act of acts) {
    const last = united.at(-1);
    if (last !== undefined && !last.isOwn && !act.isOwn && isSame(last, act)) {
      united[united.length - 1] = { ...last, until: act.published, count: last.count + 1 };
    } else {
      united.push(act);
    }
  }
  return united;
}

function isSame(one: Act, other: Act): boolean {
  return (["what", "person", "from", "through", "client", "undo"] as const).every((name) => one[name] === other[name]);
}

/** The number of acts, of which some may not be named. */
export function countActs({ acts, more }: Story): number {
  return acts.reduce((sum, { count }) => sum + count, more);
}

/** The persons who acted, each once, in order of their first act. */
export function personsOf({ acts }: Story): readonly string[] {
  return [...new Set(acts.flatMap(({ person }) => person ?? []))];
}

/** The persons who acted beside the person of the alert. */
export function othersOf(story: Story, user: string): readonly string[] {
  return personsOf(story).filter((person) => !isSamePerson(person, user));
}

/** A note has the beginning of a long name. */
const leastOfName = 30;

function isSamePerson(person: string, user: string): boolean {
  return person === user || (person.length > leastOfName && user.startsWith(person.slice(0, leastOfName)));
}

/** Whether its correlation is about acts one after the other, and not about how many or how different. */
export function isChain({ correlation }: Story): boolean {
  return isTemporal(correlation) && correlation.events.some(({ rule }) => !rule.isCorrelation);
}

/** The story in a few words: `chain of 4 acts, now created token deploy`; of a count, the title of the correlation. */
export function nameStory(story: Story): string {
  if (!isChain(story)) return story.title;
  const last = story.acts.find(({ isOwn }) => isOwn) ?? story.acts.at(-1);
  return `chain of ${plural(countActs(story), "act")}${last === undefined ? "" : `, now ${nameAct(last)}`}`;
}

/** The most acts that a sentence names. */
const maximumNamed = 4;
/** The first act, how many more, and the last. */
const leastNamed = 3;

/**
 * What happened in which order, in one sentence: `3 acts within 10 minutes: sign-in through Tor, then granted Super
 * administrator to bea@example.com, created token deploy`. Then with fewer acts named, for less room, the longest first: each names the
 * first act and the last.
 */
export function describeOrders(story: Story): readonly string[] {
  const counts = [maximumNamed, leastNamed];
  return [...new Set(counts.map((maximum) => describeOrderOf(story, maximum)))];
}

function describeOrderOf(story: Story, maximum: number): string {
  const span = describeSpan(story);
  if (!isChain(story)) return `${story.title}: ${plural(countActs(story), "event")} ${span}`;
  const names = story.acts.map((act) => `${nameAct(act)}${act.count === 1 ? "" : ` (${act.count} times)`}`);
  const [first, ...others] = inTheMiddle(names, maximum, countLeftOut(story, maximum));
  const then = others.length === 0 ? "" : `, then ${others.join(", ")}`;
  return `${plural(countActs(story), "act")} ${span}: ${first}${then}`;
}

/** `within 16 minutes`, `within 40 seconds`: from the first act to the last. */
function describeSpan({ acts }: Story): string {
  const since = Date.parse(acts[0]?.published ?? "");
  const seconds = Math.ceil((Math.max(...acts.map(({ until }) => Date.parse(until))) - since) / 1_000);
  if (seconds < 120) return `within ${plural(Math.max(seconds, 1), "second")}`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `within ${minutes} minutes` : `within ${Math.round(minutes / 60)} hours`;
}

/** `sign-in through Tor`, `created token deploy`. */
function nameAct({ eventType, isDeed, undo, what, through }: Act): string {
  if (eventType !== sessionStart || !isDeed || undo === null) return what;
  return `sign-in${through === null ? "" : ` through ${through}`}`;
}

/** The first and the last parts of a list, with the number of acts between them that are left out. */
function inTheMiddle(parts: readonly string[], maximum: number, leftOut: number): string[] {
  if (leftOut === 0) return [...parts];
  const kept = Math.min(maximum - 1, parts.length);
  const head = Math.ceil(kept / 2);
  return [...parts.slice(0, head), plural(leftOut, "more act"), ...parts.slice(parts.length - (kept - head))];
}

/** The acts that a list of so many parts leaves out. */
function countLeftOut(story: Story, maximum: number): number {
  const { acts, more } = story;
  if (acts.length <= maximum && more === 0) return 0;
  const kept = Math.min(maximum - 1, acts.length);
  const head = Math.ceil(kept / 2);
  const named = [...acts.slice(0, head), ...acts.slice(acts.length - (kept - head))];
  return countActs(story) - named.reduce((sum, { count }) => sum + count, 0);
}

/** A sentence about all acts for the alert's summary, without its end: who did what, and when. */
export function summarizeActs(story: Story, who: string): string {
  if (!isChain(story)) {
    const persons = personsOf(story).length;
    return `"${story.title}": ${plural(countActs(story), "event")} ${describeSpan(story)}${persons > 1 ? `, of ${plural(persons, "person")}` : ""}`;
  }
  const several = personsOf(story).length > 1;
  const firstDeed = story.acts.findIndex(({ isDeed }) => isDeed);
  const named = story.acts.map((act, index) => {
    const { person, isDeed, what, count } = act;
    const name = several && isDeed ? `${person ?? who} ` : index === firstDeed ? `${who} ` : "";
    const times = count === 1 ? "" : ` ${count} times`;
    return `${name}${what}${isDeed ? "" : " matched"}${times} at ${timeOf(act, story.acts[index - 1])}`;
  });
  const parts = inTheMiddle(named, maximumNamed + 2, countLeftOut(story, maximumNamed + 2));
  return parts.length < 2 ? (parts[0] ?? who) : `${parts.slice(0, -1).join(", ")}, and then ${parts.at(-1)}`;
}

/** Whether all acts whose origin is known came from the same place through the same network. */
export function isOfOneOrigin({ acts }: Story): boolean {
  const origins = acts.flatMap(({ from, through }) =>
    from === null && through === null ? [] : [`${from} ${through}`],
  );
  return new Set(origins).size < 2;
}

/** `09:41`; for the first act, and one of another day than the act before, `2026-11-24 09:41 UTC`. */
function timeOf({ published }: Act, before: Act | undefined): string {
  const time = published.slice(11, 16);
  const day = published.slice(0, 10);
  return before?.published.slice(0, 10) === day ? time : `${day} ${time} UTC`;
}

/** The acts of a story line by line; the origin stands where it changes. */
export function timeline(story: Story, user: string, maximum: number): readonly string[] {
  const several = othersOf(story, user).length > 0;
  let before: Origin = { from: null, through: null, client: null };
  const lines = story.acts.map((act, index) => {
    const { person, what, isOwn, count, published, until } = act;
    const { text: where, after } = describeOrigin(act, before);
    before = after;
    const who = several && person !== null ? `${person} ` : "";
    const last = until.slice(0, 16) === published.slice(0, 16) ? "" : ` until ${until.slice(11, 16)}`;
    const times = count === 1 ? "" : `, ${count} times${last}`;
    return `${timeOf(act, story.acts[index - 1])} ${who}${what}${times}${where}${isOwn ? " (this event)" : ""}`;
  });
  return inTheMiddle(lines, maximum, countLeftOut(story, maximum));
}

type Origin = Pick<Act, "from" | "through" | "client">;

/** What of the origin of an act differs from that of the act before: `, now from Lisbon, Portugal, through Tor`. */
function describeOrigin(act: Origin, before: Origin): { readonly text: string; readonly after: Origin } {
  const words = { from: "from", through: "through", client: "with" } as const;
  const changed = (["from", "through", "client"] as const).filter(
    (name) => act[name] !== null && act[name] !== before[name],
  );
  const isFirst = [before.from, before.through, before.client].every((each) => each === null);
  const after = {
    from: act.from ?? before.from,
    through: act.through ?? before.through,
    client: act.client ?? before.client,
  };
  const text = changed.map((name) => `${words[name]} ${act[name]}`).join(", ");
  return { text: text === "" ? "" : `, ${isFirst ? "" : "now "}${text}`, after };
}

/** One thing to undo. */
export interface Undo {
  /** `created token deploy at 09:41: revoke the token`, the time in UTC. */
  readonly text: string;
  /** The page in the admin console; null where that is not known. */
  readonly link: string | null;
}

/** The number of acts that are to be undone beside session starts. */
export function countLasting({ acts, more }: Story): number {
  const lasting = acts.filter(({ undo, eventType }) => undo !== null && eventType !== sessionStart);
  return lasting.length === 0 ? 0 : lasting.reduce((sum, { count }) => sum + count, more);
}

/** What to undo, act by act, and last how many further acts are to be looked at. */
export function undoList(story: Story, maximum: number): readonly Undo[] {
  const { acts, more } = story;
  const several = personsOf(story).length > 1;
  const all = acts.filter(({ undo }) => undo !== null);
  const list = all.slice(-maximum).map(({ published, what, undo, link, count, person }) => {
    const times = count === 1 ? "" : ` ${count} times`;
    const who = several && person !== null ? `${person} ` : "";
    // A colon behind a defanged text could make it markup.
    return { text: `${who}${what}${times} at ${published.slice(11, 16)}: ${undo}`, link };
  });
  // Acts of which no more than the rule is known may have to be undone, where any has.
  const unknown = acts.filter(({ isUnknown }) => isUnknown).reduce((sum, { count }) => sum + count, more);
  const left = all.length - list.length + (list.length === 0 ? 0 : unknown);
  return left === 0
    ? list
    : [...list, { text: `${plural(left, "more act")}: see the session in Okta's System Log`, link: null }];
}
