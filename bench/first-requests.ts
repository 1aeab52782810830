import { functionUrlRequest, sampleEvent } from "./events.ts";

/** The environment that the receiver needs to start; no service in it is called. */
export const environment = {
  PROFILE_TABLE: "profiles",
  STATE_TABLE: "state",
  ALERT_TOPIC_ARN: "arn:aws:sns:us-east-1:000000000000:alerts",
  RETRY_QUEUE_URL: "http://127.0.0.1:1/000000000000/retries",
  DEAD_LETTER_QUEUE_URL: "http://127.0.0.1:1/000000000000/dead-letters",
  MISMATCH_DISTANCE_KM: "500",
  HOOK_SECRET: "bench",
  AWS_REGION: "us-east-1",
  POWERTOOLS_METRICS_DISABLED: "true",
  POWERTOOLS_LOG_LEVEL: "SILENT",
};

/** A request with the secret. */
const request = (method: string, headers: Readonly<Record<string, string>>, body = "") =>
  functionUrlRequest(method, { authorization: environment.HOOK_SECRET, ...headers }, body);

/** A delivery with the secret. */
export const post = (body: string) => request("POST", { "content-type": "application/json" }, body);

/** The first requests of a cold start. */
export const firstRequests = {
  "the first verification": request("GET", { "x-okta-verification-challenge": "challenge" }),
  "the first delivery, without a match": post(deliveryOf(1)),
} as const;

/** A delivery of events without a proxy. */
export function deliveryOf(count: number): string {
  return JSON.stringify({
    eventType: "com.okta.event_hook",
    source: "https://example.okta.com/api/v1/eventHooks/who1",
    eventId: "delivery",
    data: { events: Array.from({ length: count }, (_, index) => sampleEvent(index * 200 + 10)) },
  });
}
