import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type ClientSettings, clientDefaults, once } from "../client.ts";

/** Returns a client of DynamoDB, made on first use. */
export type GetDynamodb = () => Promise<DynamoDBClient>;

/** The client of a function: one for all of its requests, since each client opens its own connections. */
export function createDynamodb(settings: ClientSettings = clientDefaults): GetDynamodb {
  return once(async () => {
    const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
    return new DynamoDBClient(settings);
  });
}
