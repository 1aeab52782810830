import * as z from "zod";
import { OktaFailure, OktaRefusal } from "../../lambda/adapters/okta-api/authorization.ts";
import { type OktaClient, pagesFrom } from "../../lambda/adapters/okta-api/client.ts";
import { checked, type HookCheck } from "./status.ts";

/**
 * The fields of a log stream of the org to EventBridge:
 * https://developer.okta.com/docs/api/openapi/okta-management/management/tags/logstream
 */
const logStream = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal("aws_eventbridge"),
  /** `INACTIVE` also where Okta switched it off after two failed deliveries. */
  status: z.string(),
  settings: z.object({ accountId: z.string(), eventSourceName: z.string(), region: z.string() }),
});
type LogStream = z.infer<typeof logStream>;

const page = "Reports > Log Streaming";

/**
 * Checks the org's log streams that feed an event bus, without changes.
 *
 * @param client a client with `okta.logStreams.read`; without that scope, the check says where to look instead
 * @param eventBusName a partner event bus, which has the name of its event source:
 * `aws.partner/okta.com/SUBDOMAIN/NAME`; or another, to which the events are forwarded
 */
export async function logStreamFinding(
  client: OktaClient,
  eventBusName: string,
  signal: AbortSignal,
): Promise<HookCheck> {
  const what = "log stream";
  const streams: LogStream[] = [];
  try {
    for await (const items of pagesFrom("/api/v1/logStreams", client.getPage, signal)) {
      streams.push(...items.flatMap((item) => logStream.safeParse(item).data ?? []));
    }
  } catch (error) {
    // The checks of the hook are printed all the same.
    if (!(error instanceof OktaRefusal || error instanceof OktaFailure)) throw error;
    const detail = `not known: ${error.finding}. ${page} in the admin console shows whether it is active`;
    return checked(what, null, detail, `optional: ${error.diagnosis?.remedy ?? "grant the app okta.logStreams.read"}`);
  }
  const [, sourceName = null] = /^aws\.partner\/okta\.com\/[^/]+\/(.+)$/.exec(eventBusName) ?? [];
  const feeding = streams.filter(({ settings }) => sourceName === null || settings.eventSourceName === sourceName);
  const [stream] = feeding.toSorted((a, b) => Number(b.status === "ACTIVE") - Number(a.status === "ACTIVE"));
  if (stream === undefined) {
    const detail = `the org has no log stream to ${sourceName === null ? "EventBridge" : `the event source ${sourceName}`}`;
    return checked(what, false, detail, `${page} > Add Log Stream: see docs/log-stream.md`);
  }
  const { accountId, eventSourceName, region } = stream.settings;
  const detail = `"${stream.name}" (${stream.id}), to ${eventSourceName} of ${accountId} in ${region}, is ${stream.status}`;
  const remedy = `${page} > ${stream.name} > Activate; see the runbook, StreamHeartbeatMissed`;
  return checked(what, stream.status === "ACTIVE", detail, remedy);
}
