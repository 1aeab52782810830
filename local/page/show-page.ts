import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from "aws-lambda";
import { openExceptions } from "../../lambda/adapters/tables/exceptions.ts";
import { readDelivery } from "../../lambda/core/okta/event-hook.ts";
import { readStreamedEvent } from "../../lambda/core/okta/streamed-event.ts";
import { parseJson } from "../../lambda/core/values/json.ts";
import { fieldsOf } from "../../lambda/core/values/object.ts";
import { chaosFaults } from "../chaos.ts";
import { followDeliveries, type LoggedDelivery } from "../delivery-log.ts";
import type { Emulators } from "../emulators.ts";
import type { Handler } from "../http-front.ts";
import { names } from "../resources.ts";
import type { RunSettings } from "../settings.ts";
import { countQueues } from "./draw.ts";
import { createLivePage } from "./live-page.ts";

/**
 * Creates the page of the embedded run.
 *
 * @param url the event hook's URL, once it is known
 * @returns the page, and what has to pass by it
 */
export async function showPage(
  settings: RunSettings & { readonly onError: (error: unknown) => void },
  { onDelivery }: { readonly onDelivery: (delivery: LoggedDelivery) => void },
  { faults, messagesOn, environment }: Emulators,
  url: () => string,
) {
  const client = new DynamoDBClient({ endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB ?? "" });
  const items = await openExceptions(client, names.stateTable);
  const page = createLivePage({
    facts: factsOf(settings),
    queues: () => countQueues(messagesOn("retryQueue"), messagesOn("deadLetterQueue")),
    isBroken(name) {
      const { service, fault } = chaosFaults[name];
      return faults[service].fault() === fault;
    },
    setChaos(name, broken) {
      const { service, fault } = chaosFaults[name];
      faults[service].set(broken ? fault : null);
    },
    exceptions: items,
    async deliver(delivery) {
      const response = await fetch(url(), {
        method: "POST",
        headers: { authorization: settings.hookSecret, "content-type": "application/json" },
        body: JSON.stringify(delivery),
      });
      await response.arrayBuffer();
    },
    onError: settings.onError,
  });
  const log = followDeliveries((delivery) => {
    page.onDelivery(delivery);
    onDelivery(delivery);
  });
  return {
    page,
    /** The receiver, with its deliveries followed. */
    follow:
      (receiver: Handler): Handler =>
      async (event) => {
        if (event.requestContext.http.method !== "POST") return receiver(event);
        const read = readDelivery(bodyOf(event));
        const entry = log.begin("event hook", read.ok ? read.delivery : null);
        const result = await receiver(event);
        const status = typeof result === "string" ? 200 : (result.statusCode ?? 200);
        entry.end(status, status < 300 ? null : refusalOf(status, result));
        return result;
      },
    /** Handles an event of the log stream, and follows it. */
    async followStreamed(event: unknown, handle: () => Promise<unknown>) {
      const entry = log.begin("log stream", readStreamedEvent(event, null));
      const result = await handle();
      entry.end(null, null);
      return result;
    },
    onTooLarge: () => log.begin("event hook", null).end(413, "it is over Lambda's limit of 6 MB"),
    stop() {
      page.stop();
      log.stop();
      client.destroy();
    },
  };
}

function bodyOf({ body = "", isBase64Encoded }: LambdaFunctionURLEvent): string | Uint8Array {
  return isBase64Encoded ? Buffer.from(body, "base64") : body;
}

/** Why the receiver refused a request; its answers to a wrong secret and after a failure have no text. */
function refusalOf(status: number, result: LambdaFunctionURLResult): string {
  if (status === 401) return "the secret is missing or wrong";
  if (status === 503) return "it could be neither finished nor parked: Okta has to deliver it again";
  const body = typeof result === "string" ? result : (result.body ?? "");
  const { error } = fieldsOf(parseJson(body));
  return typeof error === "string" ? error : `answered ${status}`;
}

function factsOf(settings: RunSettings): readonly (readonly [name: string, value: string])[] {
  const { mismatchDistanceKm, suppressMinutes, stormAfter, sourceAlertsPerHour, packs = [], outputs = [] } = settings;
  const known = (value: number | undefined, unit: string) => (value === undefined ? [] : [`${value}${unit}`]);
  const rows: [string, readonly string[]][] = [
    ["Mismatch over", known(mismatchDistanceKm, " km")],
    ["Suppression", known(suppressMinutes, " min")],
    ["Storm after", known(stormAfter, " failures")],
    ["Persons a source and hour", known(sourceAlertsPerHour, "")],
    ["Packs", [packs.join(", ") || "none"]],
    ["Experimental", [settings.experimentalDetections === true ? "on" : "off"]],
    ["Outputs", [outputs.join(", ") || "mail and SMS"]],
  ];
  return rows.flatMap(([name, [value]]) => (value === undefined ? [] : [[name, value] as const]));
}
