import pMap from "p-map";
import type { Delivery, MalformedEvent } from "../okta/event-hook.ts";
import { isHookEligible } from "../okta/hook-eligible-event-types.ts";
import { type LogEvent, parseLogEvent, publishedTime } from "../okta/log-event.ts";
import type { Claims } from "../pipeline/claims.ts";
import type { Candidate } from "../pipeline/match.ts";
import type { DeliveryReport } from "../pipeline/process-delivery.ts";
import {
  findStart,
  lag,
  type Position,
  type Restart,
  type Start,
  type StartOptions,
  startFrom,
  writePosition,
} from "./position.ts";

/** The report of a run. */
export interface ReconciliationReport {
  pages: number;
  /** Events in the log. */
  events: number;
  /** Events that were alerted on, excepted or suppressed before. */
  known: number;
  /**
   * Events that the hook had time to deliver, and that this run alerted on, excepted or suppressed; further ones may be
   * parked.
   */
  missed: number;
  /**
   * Events that appeared in the log late, and that this run alerted on, excepted or suppressed: the hook may still
   * deliver them.
   */
  late: number;
  /**
   * Events without an alert of their own for which a correlation fired, and that were alerted on, excepted or suppressed: as this
   * run takes events in the order of time, it finds a step that came before its chain. Nothing says whether the hook
   * delivered them.
   */
  correlated: number;
  /** Events of the last minutes that are left to the hook: the next run reads their page again. */
  awaited: number;
  deadLettered: number;
  /** Whether the run reached the end of the log; else the next run goes on. */
  finished: boolean;
  /** The start from a time; null when the run went on at the link of the last run. */
  restart: Restart | null;
  /** Whether a page linked to one that the run had read. */
  looped: boolean;
  /** Why Okta refuses the filter, so that every event is read; null when it accepts the filter. */
  refusedFilter: string | null;
  /** Events that Okta persisted before this time can have been missed for good; null for none. ISO 8601, UTC. */
  unseenBefore: string | null;
  /** Milliseconds by which the checkpoint is behind. */
  lag: number;
}

/** A page of the log. */
interface Page {
  readonly items: readonly unknown[];
  readonly next: string | null;
}

/** Whether the hook missed events, or the log showed them late, so that the hook may still deliver them. */
type Punctuality = "missed" | "late";

/**
 * How a run comes to an event that it takes through the pipeline: the hook missed it; the log showed it late; an alert is about it
 * already, and it may complete a correlation; or it has no alert of its own, so that nothing says whether the hook delivered it.
 */
export type Found = Punctuality | "known" | "correlated";

/** Whether an event takes part in no correlation; in some, beside its own alert; or in some, and has no alert of its own. */
export type PartInCorrelations = "none" | "beside" | "only";

/** The ports of reconciliation. */
export interface ReconciliationPorts extends StartOptions {
  readonly log: StartOptions["log"] & {
    readonly pollPage: (url: string, signal: AbortSignal) => Promise<Page>;
  };
  /** The status and the reason of Okta's refusal; null for any other error. */
  readonly refusalOf: (error: unknown) => { readonly status: number | null; readonly reason: string } | null;
  readonly loadState: () => Promise<unknown>;
  readonly saveState: (state: unknown) => Promise<void>;
  readonly findCandidates: (events: readonly LogEvent[]) => readonly Candidate[];
  readonly claims: Pick<Claims, "find" | "complete">;
  /** An event's part in correlations. @default it has none */
  readonly partOf?: (candidate: Candidate) => PartInCorrelations;
  /**
   * Takes events through the pipeline.
   *
   * @returns the report; of it, `correlated` are alerted on, excepted or suppressed, and are events found as such. @default none
   */
  readonly process: (
    delivery: Delivery,
    candidates: readonly Candidate[],
    foundAs: (event: Pick<LogEvent, "uuid">) => Found,
  ) => Promise<DeliveryReport & { readonly correlated?: number }>;
  /** Makes an id for an event without a uuid. */
  readonly digest: (text: string) => string;
}

/** The most pages of a run: the next one reads on. */
const maximumPages = 50;
/** Events that the pipeline handles at once: its time is measured for a delivery. */
const atOnce = 50;
/** Concurrent reads of claims. */
const concurrency = 20;
const claimMilliseconds = 5_000;
/** The most characters of Okta's reason for a refusal. */
const maximumReason = 500;

/**
 * Polls the org's System Log for events that no alert is about, and takes them through the pipeline. It saves the link
 * to the next page after each page, so that the next run goes on where this one ends or is stopped; a page that is read
 * twice changes nothing.
 *
 * An unclaimed event of the last two minutes that a hook can deliver is left to the hook: the link stays at its page,
 * which the next run reads again.
 *
 * @param signal ends it before the next page, or the next events of one: the report says that it did not finish
 * @throws when the log cannot be read, or an event could be neither alerted on nor parked: the next run reads that page
 * again
 */
export async function reconcile(ports: ReconciliationPorts, signal: AbortSignal): Promise<ReconciliationReport> {
  const { now } = ports;
  const report: ReconciliationReport = {
    pages: 0,
    events: 0,
    known: 0,
    missed: 0,
    late: 0,
    correlated: 0,
    awaited: 0,
    deadLettered: 0,
    finished: false,
    restart: null,
    looped: false,
    refusedFilter: null,
    unseenBefore: null,
    lag: 0,
  };
  const save = (position: Position) => ports.saveState(writePosition(position));
  const begin = async ({ position, restart, unseenBefore }: Start): Promise<Position> => {
    if (restart === null) return position;
    report.restart = restart;
    report.unseenBefore = unseenBefore;
    // Saving it fixes the start of a first run, also when the run is stopped.
    await save(position);
    return position;
  };
  let position = await begin(findStart(await ports.loadState(), ports));
  const read = new Set<string>();
  while (position.link !== null && report.pages < maximumPages && !signal.aborted) {
    const askedAt = now().getTime();
    const answer = await ask(position, ports, signal);
    if (answer === "stopped") break;
    if ("refused" in answer) {
      // The run already started from a time: a second start would change nothing.
      if (report.restart !== null) {
        await save({ ...position, link: null });
        throw answer.refused;
      }
      position = await begin(startFrom(position, "linkLost", ports));
      continue;
    }
    position = answer.position;
    const { url } = answer;
    read.add(url);
    const { items, next } = answer.page;
    const handled = await handlePage(items, position, askedAt, ports, report, signal);
    // Its time is over amid the page, which the next run reads again: what is handled has a claim.
    if (handled === "stopped") break;
    const { reached, awaitedSince } = handled;
    report.pages += 1;
    // Events that are not handled yet were persisted after this time.
    const handledUntil = awaitedSince ?? (items.length === 0 ? askedAt : reached);
    const checkpoint = new Date(Math.max(Date.parse(position.checkpoint), handledUntil)).toISOString();
    const isEnd = awaitedSince !== null || items.length === 0;
    report.looped = !isEnd && next !== null && read.has(next);
    report.finished = isEnd || next === null;
    const target = awaitedSince !== null ? url : (next ?? (items.length === 0 ? url : null));
    const { filter } = position.link ?? { filter: null };
    position = { ...position, checkpoint, link: target === null || report.looped ? null : { url: target, filter } };
    await save(position);
    if (report.finished) break;
  }
  report.refusedFilter = position.refusedFilter?.reason ?? null;
  report.lag = Math.max(0, now().getTime() - Date.parse(position.checkpoint));
  return report;
}

/**
 * A page with the position after it, which changes where Okta refused the filter; or the reason why there is no page.
 */
type Answer =
  | { readonly page: Page; readonly url: string; readonly position: Position }
  | { readonly refused: unknown }
  | "stopped";

/** Reads the page that a position links to. */
async function ask(position: Position, ports: ReconciliationPorts, signal: AbortSignal): Promise<Answer> {
  const { log, refusalOf, now } = ports;
  const url = position.link?.url ?? "";
  try {
    return { page: await log.pollPage(url, signal), url, position };
  } catch (error) {
    // The wait for Okta's rate limit took all the time: the next run reads the page.
    if (signal.aborted) return "stopped";
    const { status = null, reason = "" } = refusalOf(error) ?? {};
    const isStart = !new URL(url).searchParams.has("after");
    if (!isStart && [400, 404, 410].includes(status ?? 0)) return { refused: error };
    if (!isStart || status !== 400) throw error;
    const everything = withoutFilter(url);
    if (everything === null) return { refused: error };
    try {
      // Okta's reason does not prove that the filter is at fault: a request that succeeds without it does.
      const page = await log.pollPage(everything, signal);
      const refusedFilter = { at: now().toISOString(), reason: shorten(reason) };
      return { page, url: everything, position: { ...position, refusedFilter } };
    } catch (further) {
      if (signal.aborted) return "stopped";
      return { refused: refusalOf(further) === null ? further : error };
    }
  }
}

/** Okta's reason quotes the filter, and names the fault at its end. */
function shorten(reason: string): string {
  const half = maximumReason / 2;
  return reason.length <= maximumReason ? reason : `${reason.slice(0, half)} ... ${reason.slice(-half)}`;
}

/** The same request without a filter; null for one that has none. */
function withoutFilter(text: string): string | null {
  const url = new URL(text);
  if (!url.searchParams.has("filter")) return null;
  url.searchParams.delete("filter");
  return url.href;
}

/** How far a page's events are handled, in milliseconds since 1970. */
interface HandledPage {
  /** The latest time of publishing: events of later pages were persisted later. */
  readonly reached: number;
  /** When the oldest event that is left to the hook was published; null for none. */
  readonly awaitedSince: number | null;
}

/** Takes a page's events through the pipeline, except known ones and those that the hook may still deliver. */
async function handlePage(
  items: readonly unknown[],
  { checkpoint }: Position,
  askedAt: number,
  ports: ReconciliationPorts,
  report: ReconciliationReport,
  signal: AbortSignal,
): Promise<HandledPage | "stopped"> {
  report.events += items.length;
  const events = new Map<string, LogEvent>();
  const malformed: MalformedEvent[] = [];
  const late = new Set<string>();
  let reached = Date.parse(checkpoint);
  for (const item of items) {
    const parsed = parseLogEvent(item);
    if (!parsed.ok) {
      malformed.push({ event: item, faults: parsed.faults });
      continue;
    }
    const { event } = parsed;
    const published = publishedTime(event.published);
    // Events that were published later came earlier.
    if (published < reached - lag && !events.has(event.uuid)) late.add(event.uuid);
    if (published > reached && published <= askedAt) reached = published;
    events.set(event.uuid, event);
  }
  const candidates = ports.findCandidates([...events.values()]);
  const partOf = ports.partOf ?? (() => "none" as const);
  // Nothing claims an event that has no alert of its own.
  const asked = candidates.filter((candidate) => partOf(candidate) !== "only");
  const claimable = new Set(await without(asked, ({ event }) => event.uuid, ports));
  const isUnknown = (candidate: Candidate) => claimable.has(candidate) || partOf(candidate) === "only";
  report.known += asked.length - claimable.size;
  // An event of the far future, or of a type that no hook delivers, is not left to the hook.
  const isAwaited = ({ event }: Candidate) =>
    Math.abs(askedAt - publishedTime(event.published)) < lag && isHookEligible(event.eventType);
  const awaited = candidates.filter((candidate) => isUnknown(candidate) && isAwaited(candidate));
  // A known event takes part in its correlations again: what came before it may have been delivered after it.
  const due = candidates
    .filter((candidate) => (isUnknown(candidate) ? !isAwaited(candidate) : partOf(candidate) === "beside"))
    .sort((one, other) => publishedTime(one.event.published) - publishedTime(other.event.published));
  for (const punctuality of ["late", "missed"] as const) {
    const some = due
      .filter(({ event }) => late.has(event.uuid) === (punctuality === "late"))
      .map((candidate): Due => {
        const ofCorrelations = partOf(candidate) === "only" ? "correlated" : "known";
        return { candidate, found: claimable.has(candidate) ? punctuality : ofCorrelations };
      });
    const isWhole = await handle(some, punctuality, ports, report, signal);
    if (!isWhole) return "stopped";
  }
  await deadLetter(malformed, ports, report);
  report.awaited += awaited.length;
  const times = awaited.map(({ event }) => publishedTime(event.published));
  return { reached, awaitedSince: times.length === 0 ? null : Math.min(askedAt, ...times) };
}

/** An event that is to be taken through the pipeline. */
interface Due {
  readonly candidate: Candidate;
  readonly found: Found;
}

/** Takes events through the pipeline, as many at once as it has time for. @returns whether all of them are through */
async function handle(
  all: readonly Due[],
  punctuality: Punctuality,
  ports: ReconciliationPorts,
  report: ReconciliationReport,
  signal: AbortSignal,
): Promise<boolean> {
  for (let index = 0; index < all.length; index += atOnce) {
    if (signal.aborted) return false;
    const some = all.slice(index, index + atOnce);
    const candidates = some.map(({ candidate }) => candidate);
    const found = new Map(some.map((each) => [each.candidate.event.uuid, each.found]));
    const events = candidates.map(({ event }) => event);
    const foundAs = ({ uuid }: Pick<LogEvent, "uuid">) => found.get(uuid) ?? punctuality;
    const { correlated = 0, ...outcome } = await ports.process(deliveryOf(events, [], ports), candidates, foundAs);
    if (outcome.failed > 0) throw new Error(`${outcome.failed} events could be neither alerted on nor parked`);
    // The report counts only these results: other requests may hold some claims, and rules may not match a user's
    // location.
    const done = outcome.published + outcome.excepted + outcome.grouped + outcome.inStorm + outcome.gathered;
    report[punctuality] += done - correlated;
    report.correlated += correlated;
  }
  return true;
}

/** Dead-letters malformed events once, however often the log shows them. */
async function deadLetter(
  malformed: readonly MalformedEvent[],
  ports: ReconciliationPorts,
  report: ReconciliationReport,
): Promise<void> {
  const keyOf = ({ event }: MalformedEvent) => `malformed#${ports.digest(JSON.stringify(event))}`;
  const unknown = await without(malformed, keyOf, ports);
  if (unknown.length === 0) return;
  const { failed } = await ports.process(deliveryOf([], unknown, ports), [], () => "missed");
  if (failed > 0) throw new Error(`${failed} malformed events could not be parked`);
  report.deadLettered += unknown.length;
  const end = { outcome: "alerted", undecided: [], exceptions: [] } as const;
  await Promise.all(
    unknown.map((each) => ports.claims.complete(keyOf(each), end, AbortSignal.timeout(claimMilliseconds))),
  );
}

/** Removes items whose claim is done; each item costs one read. */
async function without<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { claims }: ReconciliationPorts,
): Promise<Item[]> {
  const find = (item: Item) => claims.find(keyOf(item), AbortSignal.timeout(claimMilliseconds));
  const found = await pMap(items, find, { concurrency });
  // The holder of an open claim may have been stopped: the pipeline handles such a claim.
  return items.filter((_, index) => found[index]?.kind !== "done");
}

function deliveryOf(
  events: readonly LogEvent[],
  malformed: readonly MalformedEvent[],
  { log }: ReconciliationPorts,
): Delivery {
  return { id: null, eventHookId: null, org: new URL(log.orgUrl).host, source: "reconciled", events, malformed };
}
