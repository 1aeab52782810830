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

/** What became of a run. */
export interface ReconciliationReport {
  pages: number;
  /** Events that the log told of. */
  events: number;
  /** Of these, those that were alerted on, excepted or held back before. */
  known: number;
  /** Those that the hook had time to deliver, and that are alerted on, excepted or held back now; beside them, some may wait. */
  missed: number;
  /**
   * Those that the log itself told of late, and that are alerted on, excepted or held back now: whether the hook delivers them
   * is not known yet.
   */
  late: number;
  /** Those of the last minutes that are left to the hook: the next run reads their page again. */
  awaited: number;
  deadLettered: number;
  /** Whether the end was reached; else the next run goes on. */
  finished: boolean;
  /** The start from a time, where the run made one; null when it went on at the link of the last run. */
  restart: Restart | null;
  /** Whether a page linked to one that the run had read. */
  looped: boolean;
  /** Why Okta refuses the filter, so that every event is read; null when it takes it. */
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

/** Whether the hook had the time to deliver events, or the log told of them late, so that it is not known. */
export type Punctuality = "missed" | "late";

/** What reconciliation needs. */
export interface ReconciliationPorts extends StartOptions {
  readonly log: StartOptions["log"] & {
    readonly pollPage: (url: string, signal: AbortSignal) => Promise<Page>;
  };
  /** The status and the reason that Okta refused a request with; null for any other error. */
  readonly refusalOf: (error: unknown) => { readonly status: number | null; readonly reason: string } | null;
  readonly loadState: () => Promise<unknown>;
  readonly saveState: (state: unknown) => Promise<void>;
  readonly findCandidates: (events: readonly LogEvent[]) => readonly Candidate[];
  readonly claims: Pick<Claims, "find" | "complete">;
  /** Takes events through the pipeline. */
  readonly process: (
    delivery: Delivery,
    candidates: readonly Candidate[],
    punctuality: Punctuality,
  ) => Promise<DeliveryReport>;
  /** Identifies what has no uuid of its own. */
  readonly digest: (text: string) => string;
}

/** Pages of a run: what is left the next one reads. */
const maximumPages = 50;
/** Events that go through the pipeline at once: its time is made for a delivery. */
const atOnce = 50;
/** Questions to the store of claims that are in progress at once. */
const concurrency = 20;
const claimMilliseconds = 5_000;
/** Characters of Okta's reason for a refusal that are kept. */
const maximumReason = 500;

/**
 * Polls the org's System Log for events that no alert is about, and takes them through the pipeline. After each page the link
 * to the next one is saved, so that the next run goes on where this one ends or is stopped; a page that is read twice changes
 * nothing.
 *
 * An event of the last two minutes that a hook can deliver and that has no claim is left to it: the link stays at its page, which the next run reads
 * again.
 *
 * @param signal ends it before the next page: the report says that it did not finish
 * @throws when the log cannot be read, or something could be neither alerted on nor parked: the next run tries that page again
 */
export async function reconcile(ports: ReconciliationPorts, signal: AbortSignal): Promise<ReconciliationReport> {
  const { now } = ports;
  const report: ReconciliationReport = {
    pages: 0,
    events: 0,
    known: 0,
    missed: 0,
    late: 0,
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
    // A run that is stopped goes on from there: the time of a first run does not move on with each try.
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
      // The run started from a time already: to start once more would change nothing.
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
    const { reached, awaitedSince } = await handlePage(items, position, askedAt, ports, report);
    report.pages += 1;
    // What is not handled yet was persisted after these times.
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

/** A page, and the position to go on from, where its filter was refused; or why there is none. */
type Answer =
  | { readonly page: Page; readonly url: string; readonly position: Position }
  | { readonly refused: unknown }
  | "stopped";

/** Asks for the page that a position links to. */
async function ask(position: Position, ports: ReconciliationPorts, signal: AbortSignal): Promise<Answer> {
  const { log, refusalOf, now } = ports;
  const url = position.link?.url ?? "";
  try {
    return { page: await log.pollPage(url, signal), url, position };
  } catch (error) {
    // Waiting for Okta's rate limit took all the time: the next run asks again.
    if (signal.aborted) return "stopped";
    const { status = null, reason = "" } = refusalOf(error) ?? {};
    const isStart = !new URL(url).searchParams.has("after");
    if (!isStart && [400, 404, 410].includes(status ?? 0)) return { refused: error };
    if (!isStart || status !== 400) throw error;
    const everything = withoutFilter(url);
    if (everything === null) return { refused: error };
    try {
      // Whether the filter is at fault, Okta's words do not tell for sure: that it takes the request without one does.
      const page = await log.pollPage(everything, signal);
      const refusedFilter = { at: now().toISOString(), reason: shorten(reason) };
      return { page, url: everything, position: { ...position, refusedFilter } };
    } catch (further) {
      if (signal.aborted) return "stopped";
      return { refused: refusalOf(further) === null ? further : error };
    }
  }
}

/** Okta quotes the filter in its reason: what is wrong with it stands at the end. */
function shorten(reason: string): string {
  const half = maximumReason / 2;
  return reason.length <= maximumReason ? reason : `${reason.slice(0, half)} ... ${reason.slice(-half)}`;
}

/** The same request for every event; null for one that asks for every event already. */
function withoutFilter(text: string): string | null {
  const url = new URL(text);
  if (!url.searchParams.has("filter")) return null;
  url.searchParams.delete("filter");
  return url.href;
}

/** How far a page's events are handled, in milliseconds since 1970. */
interface HandledPage {
  /** The latest time at which one was published: what comes behind the page was persisted later. */
  readonly reached: number;
  /** When the oldest of those that are left to the hook was published; null for none. */
  readonly awaitedSince: number | null;
}

/** Takes a page's events through the pipeline, but for those that are known, or that the hook may still deliver. */
async function handlePage(
  items: readonly unknown[],
  { checkpoint }: Position,
  askedAt: number,
  ports: ReconciliationPorts,
  report: ReconciliationReport,
): Promise<HandledPage> {
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
    // Events that were published after it came before it.
    if (published < reached - lag && !events.has(event.uuid)) late.add(event.uuid);
    if (published > reached && published <= askedAt) reached = published;
    events.set(event.uuid, event);
  }
  const candidates = ports.findCandidates([...events.values()]);
  const unknown = await without(candidates, ({ event }) => event.uuid, ports);
  report.known += candidates.length - unknown.length;
  // A time far ahead is none to wait for, nor is a type that no hook delivers.
  const isAwaited = ({ event }: Candidate) =>
    Math.abs(askedAt - publishedTime(event.published)) < lag && isHookEligible(event.eventType);
  const awaited = unknown.filter(isAwaited);
  const due = unknown.filter((candidate) => !isAwaited(candidate));
  for (const punctuality of ["missed", "late"] as const) {
    const some = due.filter(({ event }) => late.has(event.uuid) === (punctuality === "late"));
    await handle(some, punctuality, ports, report);
  }
  await deadLetter(malformed, ports, report);
  report.awaited += awaited.length;
  const times = awaited.map(({ event }) => publishedTime(event.published));
  return { reached, awaitedSince: times.length === 0 ? null : Math.min(askedAt, ...times) };
}

/** Takes events through the pipeline, so many at once as it has time for. */
async function handle(
  candidates: readonly Candidate[],
  punctuality: Punctuality,
  ports: ReconciliationPorts,
  report: ReconciliationReport,
): Promise<void> {
  for (let index = 0; index < candidates.length; index += atOnce) {
    const some = candidates.slice(index, index + atOnce);
    const events = some.map(({ event }) => event);
    const outcome = await ports.process(deliveryOf(events, [], ports), some, punctuality);
    if (outcome.failed > 0) throw new Error(`${outcome.failed} events could be neither alerted on nor parked`);
    // Another request may have been at some of them, and of others the user's location decides.
    report[punctuality] += outcome.published + outcome.excepted + outcome.grouped;
  }
}

/** What cannot be judged is parked once, however often the log tells of it. */
async function deadLetter(
  malformed: readonly MalformedEvent[],
  ports: ReconciliationPorts,
  report: ReconciliationReport,
): Promise<void> {
  const keyOf = ({ event }: MalformedEvent) => `malformed#${ports.digest(JSON.stringify(event))}`;
  const unknown = await without(malformed, keyOf, ports);
  if (unknown.length === 0) return;
  const { failed } = await ports.process(deliveryOf([], unknown, ports), [], "missed");
  if (failed > 0) throw new Error(`${failed} malformed events could not be parked`);
  report.deadLettered += unknown.length;
  const end = { outcome: "alerted", undecided: [], exceptions: [] } as const;
  await Promise.all(
    unknown.map((each) => ports.claims.complete(keyOf(each), end, AbortSignal.timeout(claimMilliseconds))),
  );
}

/** Those that nobody has dealt with: of each it costs one read to know. */
async function without<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { claims }: ReconciliationPorts,
): Promise<Item[]> {
  const unknown: Item[] = [];
  const pending = items.values();
  const worker = async () => {
    for (const item of pending) {
      const found = await claims.find(keyOf(item), AbortSignal.timeout(claimMilliseconds));
      // A claim whose holder was stopped is one that nobody completes: the pipeline sees to it.
      if (found?.kind !== "done") unknown.push(item);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return unknown;
}

function deliveryOf(
  events: readonly LogEvent[],
  malformed: readonly MalformedEvent[],
  { log }: ReconciliationPorts,
): Delivery {
  return { id: null, eventHookId: null, org: new URL(log.orgUrl).host, source: "reconciled", events, malformed };
}
