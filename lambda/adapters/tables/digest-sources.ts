import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type DigestSources, daysOf, type Period, periodBefore } from "../../core/digest/digest.ts";
import { readDays } from "./day-counts.ts";
import { openExceptions } from "./exceptions.ts";

/** Reads what the digest of a period is made of, from the state table. */
export async function readDigestSources(
  client: DynamoDBClient,
  stateTable: string,
  period: Period,
): Promise<Pick<DigestSources, "period" | "days" | "exceptions">> {
  const [days, exceptions] = await Promise.all([
    readDays(client, stateTable, [...daysOf(periodBefore(period)), ...daysOf(period)]),
    openExceptions(client, stateTable).then(({ list }) => list()),
  ]);
  return { period, days, exceptions };
}
