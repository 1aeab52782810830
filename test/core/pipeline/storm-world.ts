import { memorySources, memoryStates } from "../../../cli/backtest/memory.ts";
import { loadSeverity } from "../../../lambda/adapters/rule-files/load-severity.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import type { LogEvent } from "../../../lambda/core/okta/log-event.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, type Work, writeWork } from "../../../lambda/core/pipeline/work.ts";
import { compileAdjustments } from "../../../lambda/core/severity/compile-adjustments.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { proxied, ruleSet } from "../../fixtures/rules.ts";
import { failedSignIn } from "../../fixtures/storms.ts";
import { unhurried } from "../../fixtures/timing.ts";

/*
 * What tests of storms and of gathered sign-ins work with.
 */

const shipped = await compileAdjustments(await loadSeverity("detections/severity.yml"));
/** When each test begins, in milliseconds since 1970. */
export const start = Date.parse("2026-11-24T09:30:03Z");

/** A pipeline with its stores in memory, a retry queue with delays, and a clock that is set by hand. */
export function world(overrides: Partial<PipelinePorts> = {}, exceptions: readonly Exception[] = []) {
  const published: Alert[] = [];
  const observed: Observation[] = [];
  const claims = memoryClaims();
  let queue: { readonly body: string; readonly due: number }[] = [];
  let now = start;
  const ports: PipelinePorts = memoryPorts({
    rules: ruleSet([proxied]),
    severityAdjustments: shipped,
    suppressMinutes: 60,
    stormAfter: 5,
    lookUp: async () => findings(new Map(), exceptions),
    userStates: memoryStates(),
    sources: memorySources(),
    claims,
    publish: async (alert) => void published.push(alert),
    parkWork: async (parked) => {
      const due = (delaySeconds: number) => now + delaySeconds * 1_000;
      queue.push(
        ...parked.map(({ work, delaySeconds }) => ({ body: writeWork(work, new Date(now)), due: due(delaySeconds) })),
      );
    },
    now: () => new Date(now),
    observe: (observation) => observed.push(observation),
    ...overrides,
  });
  const deliver = (...events: readonly LogEvent[]) =>
    processDelivery({ id: null, org: null, eventHookId: null, events, malformed: [] }, ports, unhurried());
  /** Lets the time pass, with every message of the retry queue at its time. */
  const pass = async (seconds: number) => {
    const end = now + seconds * 1_000;
    for (;;) {
      const [next] = queue.filter(({ due }) => due <= end).sort((first, second) => first.due - second.due);
      if (next === undefined) break;
      queue = queue.filter((each) => each !== next);
      now = Math.max(now, next.due);
      await retryWork(readWork(next.body), ports, unhurried()).catch(() => {
        queue.push({ body: next.body, due: now + 15_000 });
      });
    }
    now = end;
  };
  /** Works on a message at once, whenever it is due. */
  const work = (message: Work) => retryWork(message, ports, unhurried());
  const reports = () => published.flatMap(({ storm }) => (storm?.report == null ? [] : [storm]));
  const singles = () => published.filter(({ storm }) => storm?.report == null);
  const waiting = () => queue.map(({ body }) => readWork(body));
  return { deliver, pass, work, published, observed, claims, reports, singles, waiting, ports };
}

/** So many failed sign-ins, each of another login. */
export const attempts = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => failedSignIn(from + index));
