import { fileURLToPath } from "node:url";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { compileRules } from "../lambda/core/detections/compile-rules.ts";
import { maximumBodyBytes } from "../lambda/core/hook-endpoint/endpoint.ts";
import { readDelivery } from "../lambda/core/okta/event-hook.ts";
import { toDeadLetters } from "../lambda/core/pipeline/dead-letter.ts";
import { findCandidates } from "../lambda/core/pipeline/match.ts";
import { sampleEvent } from "./events.ts";
import { median, print } from "./measure.ts";

/** When the receiver parks what is unfinished, `shares.work` of `lambda/functions/receiver.ts`: by then a delivery is matched. */
const limit = { name: "the time until what is unfinished is parked", value: 1_600, unit: "milliseconds" } as const;
const runs = 5;

/** An event of 3.4 kB, as common ones of Okta's are. */
function largeEvent(index: number, isProxy: boolean): Readonly<Record<string, unknown>> {
  const event = sampleEvent(index);
  const debugData = Object.fromEntries(Array.from({ length: 40 }, (_, field) => [`field${field}`, "x".repeat(40)]));
  return {
    ...event,
    debugContext: { debugData },
    securityContext: { asNumber: 64_500, isProxy },
    eventType: "user.session.start",
  };
}

/** Bodies as large as Lambda takes them: with what escaping adds in the event of an invocation. */
const cases: Readonly<Record<string, (index: number) => string>> = {
  "events of 3.4 kB, none proxied": (index) => JSON.stringify(largeEvent(index, false)),
  "events of 3.4 kB, all proxied": (index) => JSON.stringify(largeEvent(index, true)),
  "the smallest events": (index) => `{"uuid":"${index}","published":"2026-11-24T09:30:03Z","eventType":"x"}`,
  "empty events": () => "{}",
};

function bodyOf(event: (index: number) => string): string {
  const parts: string[] = [];
  let bytes = 4_096;
  for (let index = 0; ; index += 1) {
    const part = event(index);
    bytes += part.length + 1 + (part.match(/"/g)?.length ?? 0);
    if (bytes > maximumBodyBytes) break;
    parts.push(part);
  }
  return `{"eventType":"com.okta.event_hook","source":"https://example.okta.com/api/v1/eventHooks/who1","eventId":"d","data":{"events":[${parts.join(",")}]}}`;
}

/** Measures what the largest deliveries that Lambda takes cost, up to their matches and to the messages of malformed events. */
export async function largeDeliveries(): Promise<void> {
  const folder = fileURLToPath(new URL("../detections", import.meta.url));
  const rules = await compileRules((await loadDetections(folder)).rules.map(({ content }) => content));
  const unit = "milliseconds";
  for (const [name, event] of Object.entries(cases)) {
    const body = bodyOf(event);
    const times: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const start = performance.now();
      const read = readDelivery(body);
      if (!read.ok) throw new Error(read.reason);
      findCandidates(read.delivery.events, rules);
      toDeadLetters(read.delivery.malformed, read.delivery, new Date(0));
      times.push(performance.now() - start);
    }
    const about = `a delivery of 6 MB of ${name}`;
    print({ name: `${about}, the first time`, value: times[0] ?? 0, unit }, limit);
    print({ name: `${about}, median`, value: median(times), unit }, limit);
  }
}
