import { type ClientSettings, clientDefaults, once } from "../client.ts";
import { readAccess } from "../direct/access.ts";
import type { GetDynamodb } from "../operations.ts";

/**
 * DynamoDB for a function: one for all of its requests, since each opens its own connections. It is called directly where the
 * environment allows that, as the SDK's client takes most of the time of a first alert to load; else by the SDK.
 */
export function createDynamodb(settings: ClientSettings = clientDefaults): GetDynamodb {
  return once(async () => {
    const access = readAccess("dynamodb", process.env);
    if (access !== null) return (await import("../direct/calls.ts")).directDynamodb(access, settings);
    return (await import("./sdk.ts")).openDynamodb(settings);
  });
}
