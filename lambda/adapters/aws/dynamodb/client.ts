import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type ClientSettings, clientDefaults, once } from "../client.ts";

/** A client of DynamoDB, made when it is first asked for. */
export type GetDynamodb = () => Promise<DynamoDBClient>;

/** The client of a function: one for all that it asks DynamoDB, since each client connects for itself. */
export function createDynamodb(settings: ClientSettings = clientDefaults): GetDynamodb {
  return once(async () => {
    const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
    return new DynamoDBClient(settings);
  });
}
