import { once } from "./aws-client.ts";
import type { Measure } from "./measure.ts";
import type { Delivery } from "./okta/event-hook.ts";

/** What a function counts and measures: docs/metrics.md lists it all. */
export interface Metrics {
  readonly count: (name: string, value?: number) => void;
  readonly milliseconds: (name: string, value: number) => void;
  /** Takes the time of a step as a metric: `PublishingDuration`... */
  readonly measure: Measure;
  /** Tells what the line is about. */
  readonly about: (names: Readonly<Record<string, string>>) => void;
  /**
   * Writes all since the last time as one line in the embedded metric format, which is the record of an invocation in the
   * log as well. Of what was only timed there is no line.
   */
  readonly publish: () => Promise<void>;
  /** Loads what writes the line, before there is one. */
  readonly load: () => Promise<unknown>;
}

/** What metrics and log lines say that they are of: in the stack, its name. */
export const serviceName = process.env.POWERTOOLS_SERVICE_NAME || "okta-proxy-watch";

/** Metrics of a function; Powertools, which writes them, is loaded with the first line. */
export function createMetrics(): Metrics {
  const getPowertools = once(async () => {
    const { Metrics, MetricUnit } = await import("@aws-lambda-powertools/metrics");
    return { powertools: new Metrics({ namespace: "OktaProxyWatch", serviceName }), MetricUnit };
  });
  let counts: (readonly [name: string, value: number])[] = [];
  let times: (readonly [name: string, milliseconds: number])[] = [];
  let names: Readonly<Record<string, string>> = {};

  const milliseconds = (name: string, value: number) => void times.push([name, value]);
  return {
    load: getPowertools,
    count: (name, value = 1) => void counts.push([name, value]),
    milliseconds,
    measure(step, work) {
      const start = performance.now();
      // Microseconds are exact enough, and keep the line short.
      const end = () => milliseconds(`${step}Duration`, Math.round((performance.now() - start) * 1_000) / 1_000);
      const value = work();
      if (value instanceof Promise) return value.finally(end) as typeof value;
      end();
      return value;
    },
    about: (told) => {
      names = { ...names, ...told };
    },
    async publish() {
      const taken = { counts, times, names };
      [counts, times, names] = [[], [], {}];
      if (taken.counts.length === 0) return;
      const { powertools, MetricUnit } = await getPowertools();
      for (const [name, value] of Object.entries(taken.names)) powertools.addMetadata(name, value);
      for (const [name, value] of taken.counts) powertools.addMetric(name, MetricUnit.Count, value);
      for (const [name, value] of taken.times) powertools.addMetric(name, MetricUnit.Milliseconds, value);
      powertools.publishStoredMetrics();
    },
  };
}

/** Has the line of an invocation name the delivery that it is about, whatever comes of it. */
export function nameDelivery({ id, eventHookId }: Delivery, metrics: Metrics): void {
  metrics.about({ deliveryId: id ?? "", eventHookId: eventHookId ?? "" });
}

/**
 * Counts a delivery that was handled, and the events that it held, in all and by type. A delivery of nothing but test events
 * counts nowhere: it is no sign that Okta still delivers. Neither is one that is answered 503: a receiver that fails whatever
 * comes must not look alive.
 *
 * @param kinds the event types that rules name, in lower case: the others count as one, so that they make no end of metrics
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

/**
 * Counts an answer by its class: a 5xx, which says that Okta has to deliver again; a 4xx, in all and by status, which throws a
 * request away, as Okta never retries it. Lambda itself counts requests, so that a 2xx needs no metric.
 */
export function countAnswer(status: number, metrics: Metrics): void {
  if (status >= 500) metrics.count("RequestsFailed");
  else if (status >= 400) {
    metrics.count("RefusedRequests");
    metrics.count(`RefusedRequests_${status}`);
  }
}

/** Counts a delivery that is refused although its secret was right. */
export function countRefusedDelivery(metrics: Metrics): void {
  metrics.count("DeliveriesRefused");
}
