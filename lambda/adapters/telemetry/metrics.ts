import type { Delivery } from "../../core/okta/event-hook.ts";
import type { Measure } from "../../core/time/measure.ts";
import { once } from "../aws/client.ts";
import { isInSet, type MetricSet } from "./metric-sets.ts";

/** The metrics of a function: docs/metrics.md lists them. */
export interface Metrics {
  readonly count: (name: string, value?: number) => void;
  readonly milliseconds: (name: string, value: number) => void;
  readonly seconds: (name: string, value: number) => void;
  /** Measures the time of a step as a metric: `PublishingDuration`... */
  readonly measure: Measure;
  /** Adds names to the line. */
  readonly about: (names: Readonly<Record<string, string>>) => void;
  /**
   * Writes all values since the last call as one line in the embedded metric format, which is also the log's record of
   * an invocation. The first line of an execution environment has the time of its start: `initDuration`, in
   * milliseconds. Without a count that is a metric of the set it writes no line.
   */
  readonly publish: () => Promise<void>;
  /** Loads the module that writes the line, before the first line. */
  readonly load: () => Promise<unknown>;
}

/** The service name of metrics and log lines: in the stack, its name. */
export const serviceName = process.env.POWERTOOLS_SERVICE_NAME || "okta-proxy-watch";

/**
 * Metrics of a function; Powertools, which writes them, is loaded with the first line.
 *
 * @param set the values that are metrics. Other values are properties of the line: the sum of counts, the longest time
 */
export function createMetrics(set: MetricSet): Metrics {
  /** The time since the process started; Lambda's own report of it is not logged. */
  let initDuration: number | null = Math.round(performance.now());
  const getPowertools = once(async () => {
    const { Metrics, MetricUnit } = await import("@aws-lambda-powertools/metrics");
    return { powertools: new Metrics({ namespace: "OktaProxyWatch", serviceName }), MetricUnit };
  });
  let counts: (readonly [name: string, value: number])[] = [];
  let times: (readonly [name: string, value: number, unit: "Milliseconds" | "Seconds"])[] = [];
  let names: Readonly<Record<string, string>> = {};

  const milliseconds = (name: string, value: number) => void times.push([name, value, "Milliseconds"]);
  return {
    load: getPowertools,
    count: (name, value = 1) => void counts.push([name, value]),
    milliseconds,
    seconds: (name, value) => void times.push([name, value, "Seconds"]),
    measure(step, work) {
      const start = performance.now();
      // Microseconds are exact enough, and keep the line short.
      const end = () => milliseconds(`${step}Duration`, Math.round((performance.now() - start) * 1_000) / 1_000);
      const value = work();
      if (value instanceof Promise) return value.finally(end) as typeof value;
      end();
      return value;
    },
    about: (added) => {
      names = { ...names, ...added };
    },
    async publish() {
      const taken = { counts, times, names };
      [counts, times, names] = [[], [], {}];
      if (!taken.counts.some(([name]) => isInSet(name, set))) return;
      const { powertools, MetricUnit } = await getPowertools();
      const properties: Record<string, string | number> = { ...taken.names };
      if (initDuration !== null) properties.initDuration = initDuration;
      initDuration = null;
      for (const [name, value] of taken.counts) {
        if (isInSet(name, set)) powertools.addMetric(name, MetricUnit.Count, value);
        else properties[name] = Number(properties[name] ?? 0) + value;
      }
      for (const [name, value, unit] of taken.times) {
        if (isInSet(name, set)) powertools.addMetric(name, MetricUnit[unit], value);
        else properties[name] = Math.max(Number(properties[name] ?? 0), value);
      }
      // Powertools declares text, but writes numbers as numbers, which queries compare.
      for (const [name, value] of Object.entries(properties)) powertools.addMetadata(name, value as string);
      powertools.publishStoredMetrics();
    },
  };
}

/** Adds the delivery's ids to the line of an invocation, also where it fails. */
export function nameDelivery({ id, eventHookId }: Delivery, metrics: Metrics): void {
  metrics.about({ deliveryId: id ?? "", eventHookId: eventHookId ?? "" });
}

/**
 * Counts a delivery that was handled, and the events that it held, in all and by type. A delivery of test events alone
 * is not counted: it does not show that Okta still delivers. Nor is one that is answered 503: a receiver that always
 * fails must not look healthy.
 *
 * @param kinds the event types that rules name, in lower case: all others share one metric, which bounds the number of
 * metrics
 */
export function countDelivery({ events, malformed }: Delivery, kinds: ReadonlySet<string>, metrics: Metrics): void {
  const received = events.filter(({ isTest }) => !isTest);
  if (received.length + malformed.length === 0 && events.length > 0) return;
  metrics.count("Deliveries");
  metrics.count("EventsReceived", received.length + malformed.length);
  const byKind = new Map<string, number>();
  for (const { eventType } of received) {
    const folded = eventType.toLowerCase();
    const kind = kinds.has(folded) ? folded : "other";
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  }
  for (const [kind, count] of byKind) metrics.count(`EventsReceived_${kind}`, count);
}

/** Counts a handled event of the log stream. A test event is not counted, as in {@link countDelivery}. */
export function countStreamed({ events, malformed }: Delivery, metrics: Metrics): void {
  const received = events.filter(({ isTest }) => !isTest).length + malformed.length;
  if (received > 0) metrics.count("EventsStreamed", received);
}

/**
 * Counts an answer by its class: a 5xx, after which Okta delivers again; a 4xx, in all and by status, after which Okta
 * does not retry the request. Lambda counts requests, so that a 2xx needs no metric.
 */
export function countAnswer(status: number, metrics: Metrics): void {
  if (status >= 500) metrics.count("RequestsFailed");
  else if (status >= 400) {
    metrics.count("RefusedRequests");
    metrics.count(`RefusedRequests_${status}`);
  }
}

/** Counts a refused delivery that had the right secret. */
export function countRefusedDelivery(metrics: Metrics): void {
  metrics.count("DeliveriesRefused");
}
