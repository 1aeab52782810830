import { memoryGroups } from "../../../cli/backtest/memory.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { MalformedEvent } from "../../../lambda/core/okta/event-hook.ts";
import { partInCorrelations, type RunningCorrelations } from "../../../lambda/core/pipeline/correlations.ts";
import { findCandidates } from "../../../lambda/core/pipeline/match.ts";
import type { Observe } from "../../../lambda/core/pipeline/observation.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import { countsAs, isDone } from "../../../lambda/core/reconciliation/count-found.ts";
import { logFilter } from "../../../lambda/core/reconciliation/log-filter.ts";
import { type ReconciliationPorts, reconcile } from "../../../lambda/core/reconciliation/reconcile.ts";
import type { Rule } from "../../../lambda/core/sigma/rule.ts";
import { type Json, logEvent, sessionStart } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { createFakeSystemLog } from "../../fixtures/okta-system-log.ts";
import { rule, ruleSet } from "../../fixtures/rules.ts";
import { unhurried } from "../../fixtures/timing.ts";

export const proxied = rule("high", "00000000-0000-4000-8000-000000000001", {
  eventType: "user.session.start",
  "securityContext.isProxy": "true",
});
export const token = rule("low", "00000000-0000-4000-8000-000000000002", { eventType: "system.api_token.create" });

export const minute = 60_000;
export const overlap = 15 * minute;
export const start = Date.parse("2026-11-24T09:00:00Z");
export const orgUrl = "https://example.okta.com";

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** How an event reaches the log and the receiver, in milliseconds after it was published. */
export interface Happening {
  /** Each delivery by the hook. @default none: the hook loses it */
  readonly delivered?: readonly number[];
  /** @default 0 */
  readonly persistedAfter?: number;
}

/** A position as it is saved, of this release or an earlier one. */
export interface SavedPosition {
  readonly orgUrl: string;
  readonly checkpoint: string;
  readonly link?: { readonly url: string; readonly filter: string | null } | null;
  readonly refusedFilter?: { readonly at: string; readonly reason: string } | null;
  readonly underWay: unknown;
}

/** An org, its log and everything behind it, with a clock that is set by hand. @param correlations @default none */
export function world(correlations: RunningCorrelations | null = null) {
  const groups = memoryGroups();
  const log = createFakeSystemLog(orgUrl);
  const claims = memoryClaims();
  const published: Alert[] = [];
  const deadLetters: MalformedEvent[] = [];
  const broken = new Set<"publish" | "parkWork">();
  const asked: string[] = [];
  const punctuality = new Map<string, string>();
  /** What counts as found. */
  const counted: string[] = [];
  const events: Json[] = [];
  const hidden: { state: SavedPosition | null; queue: string[] } = { state: null, queue: [] };
  /** Deliveries of the hook that are still to come. */
  let coming: { readonly at: number; readonly event: Json }[] = [];
  let rules: readonly Rule[] = [proxied];
  let now = start;
  let calls = 0;
  /** The call of a run at which it is stopped. */
  let stopAt = Number.POSITIVE_INFINITY;
  log.now = () => now;
  const pipeline = () =>
    memoryPorts({
      rules: ruleSet(rules),
      correlations,
      groups,
      lookUp: async (each) => ({ ...findings(new Map()), groups: groups.find(each.groups ?? []) }),
      claims,
      publish: async (alert) => {
        if (broken.has("publish")) throw new Error("SNS is down");
        published.push(alert);
      },
      parkWork: async (work) => {
        if (broken.has("parkWork")) throw new Error("SQS is down");
        hidden.queue.push(...work.map((each) => writeWork(each.work, new Date(now))));
      },
      parkMalformed: async (malformed) => void deadLetters.push(...malformed),
      now: () => new Date(now),
    });
  const budget = () => unhurried();
  /** A call that a crash may come before, or after. */
  const call = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    calls += 1;
    if (calls === stopAt) throw new Error("stopped before");
    const value = await work();
    calls += 1;
    if (calls === stopAt) throw new Error("stopped after");
    return value;
  };
  const ports = (): ReconciliationPorts => {
    const set = ruleSet(rules);
    return {
      log: {
        orgUrl,
        pollFrom: ({ since, filter }) => {
          const url = new URL("/api/v1/logs?sortOrder=ASCENDING&limit=1000", orgUrl);
          url.searchParams.set("since", since.toISOString());
          if (filter !== null) url.searchParams.set("filter", filter);
          return url.href;
        },
        pollPage: (url) =>
          call(async () => {
            asked.push(url);
            const { status, body, headers } = log.answer(new URL(url));
            if (status !== 200) throw new Refusal(status, (body as { readonly errorSummary: string }).errorSummary);
            const next = /<([^>]+)>; rel="next"/.exec(headers?.link ?? "")?.[1] ?? null;
            // As it comes over the wire.
            return { items: JSON.parse(JSON.stringify(body)) as unknown[], next };
          }),
      },
      refusalOf: (error) => (error instanceof Refusal ? { status: error.status, reason: error.message } : null),
      loadState: () => call(async () => hidden.state),
      saveState: (state) =>
        call(async () => {
          hidden.state = JSON.parse(JSON.stringify(state)) as SavedPosition;
        }),
      filter: logFilter(rules).expression,
      findCandidates: (some) => findCandidates(some, set),
      claims: {
        find: (key, signal) => call(() => claims.find(key, signal)),
        complete: (key, end, signal) => call(() => claims.complete(key, end, signal)),
      },
      process: (delivery, candidates, foundAs) =>
        call(async () => {
          for (const { event } of candidates) punctuality.set(event.uuid, foundAs(event));
          let correlated = 0;
          const observe: Observe = (observation) => {
            const found = countsAs(observation, foundAs);
            if (found !== null) counted.push(found);
            const [event] = observation.subject.events;
            if (event && foundAs(event) === "correlated" && isDone(observation)) correlated += 1;
          };
          const done = await processDelivery(delivery, { ...pipeline(), observe }, budget(), candidates);
          return { ...done, correlated };
        }),
      partOf: (candidate) => partInCorrelations(candidate, { correlations }),
      digest: (text) => text,
      overlap,
      now: () => new Date(now),
    };
  };
  const deliver = async (event: Json) => {
    // What is delivered while nothing can be published nor parked is answered 503: the hook loses it.
    if (broken.size === 2) return;
    const delivery = { id: "d", org: null, eventHookId: null, events: [logEvent(event)], malformed: [] };
    await processDelivery(delivery, pipeline(), budget());
  };
  return {
    log,
    claims,
    published,
    deadLetters,
    broken,
    asked,
    hidden,
    events,
    punctuality,
    counted,
    now: () => now,
    filter: () => logFilter(rules).expression,
    /** Time passes, and what the hook delivers late comes. */
    async pass(milliseconds: number) {
      now += milliseconds;
      const due = coming.filter(({ at }) => at <= now);
      coming = coming.filter(({ at }) => at > now);
      for (const { event } of due) await deliver(event);
    },
    enable: (all: readonly Rule[]) => {
      rules = all;
    },
    /** Something happens in the org; the hook delivers it after so many milliseconds each, or not at all. */
    async happen(event: Json, { delivered = [], persistedAfter = 0 }: Happening = {}) {
      const whole = { ...event, published: new Date(now).toISOString() };
      events.push(whole);
      log.add(whole, now + persistedAfter);
      for (const after of delivered) {
        if (after > 0) coming.push({ at: now + after, event: whole });
        else await deliver(whole);
      }
    },
    async run(stop = Number.POSITIVE_INFINITY, signal = new AbortController().signal) {
      calls = 0;
      stopAt = stop;
      try {
        return await reconcile(ports(), signal);
      } finally {
        stopAt = Number.POSITIVE_INFINITY;
      }
    },
    async redrive() {
      const waiting = hidden.queue;
      hidden.queue = [];
      for (const body of waiting) {
        await retryWork(readWork(body), pipeline(), budget()).catch(() => void hidden.queue.push(body));
      }
    },
  };
}

export const signIn = (uuid: string, overrides: Json = {}) =>
  sessionStart({ uuid, securityContext: { isProxy: true }, ...overrides });
