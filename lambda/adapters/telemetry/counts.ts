import type { Delivery } from "../../core/okta/event-hook.ts";
import type { Metrics } from "./metrics.ts";

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
