import * as z from "zod";
import { OktaFailure, OktaRefusal } from "../../lambda/adapters/okta-api/authorization.ts";
import { type OktaClient, pagesFrom } from "../../lambda/adapters/okta-api/client.ts";
import type { Finding } from "./status.ts";

/** A log stream of the org to EventBridge, as far as it is read: https://developer.okta.com/docs/api/openapi/okta-management/management/tags/logstream */
const logStream = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal("aws_eventbridge"),
  /** `INACTIVE` also where Okta switched it off, as its events were not taken twice. */
  status: z.string(),
  settings: z.object({ accountId: z.string(), eventSourceName: z.string(), region: z.string() }),
});
type LogStream = z.infer<typeof logStream>;

const page = "Reports > Log Streaming";

/**
 * Looks at the org's log streams that feed an event bus, and changes nothing.
 *
 * @param client one that was granted `okta.logStreams.read`; where it was not, the finding says where to look instead
 * @param eventBusName a partner event bus, which is called as its event source is: `aws.partner/okta.com/SUBDOMAIN/NAME`; or another,
 *   which something passes the events on to
 */
export async function logStreamFinding(
  client: OktaClient,
  eventBusName: string,
  signal: AbortSignal,
): Promise<Finding> {
  const what = "log stream";
  const streams: LogStream[] = [];
  try {
    for await (const items of pagesFrom("/api/v1/logStreams", client.getPage, signal)) {
      streams.push(...items.flatMap((item) => logStream.safeParse(item).data ?? []));
    }
  } catch (error) {
    // What was found of the hook is printed all the same.
    if (!(error instanceof OktaRefusal || error instanceof OktaFailure)) throw error;
    const told = `not known: ${error.finding}. ${page} in the admin console shows whether it is active`;
    return {
      what,
      ok: null,
      told,
      remedy: `optional: ${error.diagnosis?.remedy ?? "grant the app okta.logStreams.read"}`,
    };
  }
  const [, sourceName = null] = /^aws\.partner\/okta\.com\/[^/]+\/(.+)$/.exec(eventBusName) ?? [];
  const feeding = streams.filter(({ settings }) => sourceName === null || settings.eventSourceName === sourceName);
  const [stream] = feeding.toSorted((a, b) => Number(b.status === "ACTIVE") - Number(a.status === "ACTIVE"));
  if (stream === undefined) {
    const told = `the org has no log stream to ${sourceName === null ? "EventBridge" : `the event source ${sourceName}`}`;
    return { what, ok: false, told, remedy: `${page} > Add Log Stream: see the README, The log stream` };
  }
  const { accountId, eventSourceName, region } = stream.settings;
  const ok = stream.status === "ACTIVE";
  const told = `"${stream.name}" (${stream.id}), to ${eventSourceName} of ${accountId} in ${region}, is ${stream.status}`;
  return { what, ok, told, remedy: ok ? null : `${page} > ${stream.name} > Activate; see the runbook, StreamDeaf` };
}
