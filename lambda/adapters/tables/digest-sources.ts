import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type DigestSources, daysOf, type Period, periodBefore } from "../../core/digest/digest.ts";
import { incidentDays } from "../../core/incidents/incident.ts";
import { readDays } from "./day-counts.ts";
import { openExceptions } from "./exceptions.ts";
import { openIncidents } from "./incidents.ts";

/** Reads what the digest of a period is made of, from the state table. */
export async function readDigestSources(
  client: DynamoDBClient,
  stateTable: string,
  period: Period,
  now: Date,
): Promise<Pick<DigestSources, "period" | "days" | "exceptions" | "incidents">> {
  const [days, exceptions, incidents] = await Promise.all([
    readDays(client, stateTable, [...daysOf(periodBefore(period)), ...daysOf(period)]),
    openExceptions(client, stateTable).then(({ list }) => list()),
    openIncidents(client, stateTable).then(({ list }) =>
      list(new Date(now.getTime() - incidentDays * 86_400_000), now),
    ),
  ]);
  return { period, days, exceptions, incidents };
}
