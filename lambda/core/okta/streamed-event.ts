import type { Delivery } from "./event-hook.ts";
import { object, text } from "./lenient.ts";
import { parseLogEvent } from "./log-event.ts";

/*
 * An org's log stream to Amazon EventBridge: each event of the System Log is the `detail` of one event on a partner event bus
 * (https://help.okta.com/en-us/content/topics/reports/log-streaming/add-aws-eb-log-stream.htm,
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-saas.html).
 */

/** The prefix of the `source` of every such event: `aws.partner/okta.com/SUBDOMAIN/NAME`. */
export const streamSourcePrefix = "aws.partner/okta.com/";

/** Characters of the id that EventBridge gives an event; it is a UUID. */
const maximumIdLength = 255;

/**
 * Reads an event of EventBridge as a delivery of one event. Without a usable event, the delivery holds one malformed
 * event, which the pipeline parks as received.
 *
 * @param received the event of EventBridge, as its rule hands it to a function
 * @param org the org's domain, for example `example.okta.com`, which the event does not hold; null where it is not
 * known
 */
export function readStreamedEvent(received: unknown, org: string | null): Delivery {
  const { id, detail } = object(received) ?? {};
  const origin = {
    source: "streamed",
    id: text(id)?.slice(0, maximumIdLength).toWellFormed() ?? null,
    eventHookId: null,
    org,
  } as const;
  if (object(detail) === null) {
    const faults = [{ path: "detail", message: "expected an event of the System Log, a JSON object" }];
    return { ...origin, events: [], malformed: [{ event: received, faults }] };
  }
  const parsed = parseLogEvent(detail, ["detail"]);
  return parsed.ok
    ? { ...origin, events: [parsed.event], malformed: [] }
    : { ...origin, events: [], malformed: [{ event: detail, faults: parsed.faults }] };
}
