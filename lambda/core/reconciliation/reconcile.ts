import type { Delivery, MalformedEvent } from "../okta/event-hook.ts";
import { type LogEvent, parseLogEvent } from "../okta/log-event.ts";
import type { Claims } from "../pipeline/claims.ts";
import type { Candidate } from "../pipeline/match.ts";
import type { DeliveryReport } from "../pipeline/process-delivery.ts";

/** How far reconciliation is. Times are ISO 8601, UTC. */
export interface ReconciliationState {
  /** The org it is of: of another one nothing is known. */
  readonly orgUrl: string;
  /** All events published before this are alerted on, parked or dead-lettered, but for those that Okta's log shows late. */
  readonly checkpoint: string;
  /** What is being read, up to when and by which filter, and the page that is next; null when the last was read. */
  readonly underWay: { readonly until: string; readonly filter: string | null; readonly next: string } | null;
}

/** What became of a run. */
export interface ReconciliationReport {
  pages: number;
  /** Events that the log told of. */
  events: number;
  /** Of these, those that were alerted on, excepted or held back before. */
  known: number;
  /** Those that nobody knew of, and that are alerted on, excepted or held back now; beside them, some may wait. */
  missed: number;
  deadLettered: number;
  /** Whether the end was reached; else the next run goes on. */
  finished: boolean;
  /** Events before this time can have been missed for good, as it was looked too late; null for none. ISO 8601, UTC. */
  unseenBefore: string | null;
  /** Milliseconds by which the checkpoint is behind. */
  lag: number;
}

/** What reconciliation needs. */
export interface ReconciliationPorts {
  readonly log: {
    readonly orgUrl: string;
    readonly firstPage: (query: {
      readonly since: Date;
      readonly until: Date;
      readonly filter: string | null;
    }) => string;
    readonly fetchPage: (
      url: string,
      signal: AbortSignal,
    ) => Promise<{ readonly items: readonly unknown[]; readonly next: string | null }>;
  };
  /** Whether an error of `log` may say that the link to a further page serves no more. */
  readonly isStaleLink: (error: unknown) => boolean;
  readonly loadState: () => Promise<ReconciliationState | null>;
  readonly saveState: (state: ReconciliationState) => Promise<void>;
  /** What Okta is asked for: see `logFilter`. */
  readonly filter: string | null;
  readonly findCandidates: (events: readonly LogEvent[]) => readonly Candidate[];
  readonly claims: Pick<Claims, "find" | "complete">;
  /** Takes events through the pipeline. */
  readonly process: (delivery: Delivery, candidates: readonly Candidate[]) => Promise<DeliveryReport>;
  /** Identifies what has no uuid of its own. */
  readonly digest: (text: string) => string;
  /** How far before the checkpoint it is looked again, in milliseconds, since the log fills out of order. */
  readonly overlap: number;
  readonly now: () => Date;
}

/** The log is read up to this long ago, in milliseconds: the hook is given the time to deliver first. */
export const lag = 2 * 60_000;
/**
 * It is looked no farther back than this, in milliseconds: claims are kept seven days, and what was alerted on before them
 * would be alerted on again.
 */
export const farthest = 6 * 86_400_000;
/** Pages of a run: what is left the next one reads. */
const maximumPages = 50;
/** Events that go through the pipeline at once: its time is made for a delivery. */
const atOnce = 50;
/** Questions to the store of claims that are under way at once. */
const concurrency = 20;
const claimMilliseconds = 5_000;

/**
 * Looks in the org's System Log for events that nobody alerted on, and takes them through the pipeline. After each page it is
 * recorded how far it came, so that a run that is stopped is gone on with; a page that is read twice changes nothing.
 *
 * @param signal ends it before the next page: the report says that it did not finish
 * @throws when the log cannot be read, or something could be neither alerted on nor parked: the next run tries that page again
 */
export async function reconcile(ports: ReconciliationPorts, signal: AbortSignal): Promise<ReconciliationReport> {
  const { log, now } = ports;
  const { state, unseenBefore } = resume(await ports.loadState(), ports);
  const report: ReconciliationReport = {
    pages: 0,
    events: 0,
    known: 0,
    missed: 0,
    deadLettered: 0,
    finished: false,
    unseenBefore,
    lag: 0,
  };
  let { checkpoint, underWay } = state;
  const save = () => ports.saveState({ orgUrl: log.orgUrl, checkpoint, underWay });
  while (underWay !== null && report.pages < maximumPages && !signal.aborted) {
    const page = await fetchPage(underWay.next, ports, signal);
    if (page === "stopped") break;
    if (page === "stale") {
      // From where it began; what was dealt with costs a read.
      underWay = null;
      await save();
      break;
    }
    await handlePage(page.items, ports, report);
    report.pages += 1;
    if (page.next === null) checkpoint = underWay.until;
    underWay = page.next === null ? null : { ...underWay, next: page.next };
    await save();
    report.finished = underWay === null;
  }
  report.lag = Math.max(0, now().getTime() - Date.parse(checkpoint));
  return report;
}

/** Goes on where the last run was stopped, or starts where it ended. */
function resume(stored: ReconciliationState | null, { log, filter, overlap, now }: ReconciliationPorts) {
  const time = now().getTime();
  const state = stored?.orgUrl === log.orgUrl ? stored : null;
  // Rules that were enabled meanwhile ask for more: then it is read anew.
  if (state?.underWay?.filter === filter) return { state, unseenBefore: null };
  const until = new Date(time - lag);
  const wanted = state === null ? until.getTime() - overlap : Date.parse(state.checkpoint) - overlap;
  const since = new Date(Math.max(wanted, time - farthest));
  const next = log.firstPage({ since, until, filter });
  const checkpoint = state?.checkpoint ?? since.toISOString();
  return {
    state: { orgUrl: log.orgUrl, checkpoint, underWay: { until: until.toISOString(), filter, next } },
    unseenBefore: since.getTime() > wanted ? since.toISOString() : null,
  };
}

async function fetchPage(url: string, { log, isStaleLink }: ReconciliationPorts, signal: AbortSignal) {
  try {
    return await log.fetchPage(url, signal);
  } catch (error) {
    // Waiting for Okta's rate limit took all the time: the next run asks again.
    if (signal.aborted) return "stopped";
    if (isStaleLink(error) && new URL(url).searchParams.has("after")) return "stale";
    throw error;
  }
}

/** Takes a page's events through the pipeline, but for those that are known. */
async function handlePage(
  items: readonly unknown[],
  ports: ReconciliationPorts,
  report: ReconciliationReport,
): Promise<void> {
  report.events += items.length;
  const events = new Map<string, LogEvent>();
  const malformed: MalformedEvent[] = [];
  for (const item of items) {
    const parsed = parseLogEvent(item);
    if (parsed.ok) events.set(parsed.event.uuid, parsed.event);
    else malformed.push({ event: item, faults: parsed.faults });
  }
  const candidates = ports.findCandidates([...events.values()]);
  const unknown = await without(candidates, ({ event }) => event.uuid, ports);
  report.known += candidates.length - unknown.length;
  for (let index = 0; index < unknown.length; index += atOnce) {
    const some = unknown.slice(index, index + atOnce);
    const outcome = await ports.process(
      deliveryOf(
        some.map(({ event }) => event),
        [],
        ports,
      ),
      some,
    );
    if (outcome.failed > 0) throw new Error(`${outcome.failed} events could be neither alerted on nor parked`);
    // Another request may have been at some of them, and of others the user's location decides.
    report.missed += outcome.published + outcome.excepted + outcome.grouped;
  }
  await deadLetter(malformed, ports, report);
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
  const { failed } = await ports.process(deliveryOf([], unknown, ports), []);
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
