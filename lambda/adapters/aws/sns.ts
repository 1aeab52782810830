import type { SNSClient } from "@aws-sdk/client-sns";
import { readAccess } from "./direct/access.ts";
import type { CallerSettings } from "./direct/caller.ts";
import type { Sns } from "./operations.ts";

/** Opens SNS, directly where the environment allows that, else by the SDK; or by a client of the SDK that is given. */
export async function openSns(settings: CallerSettings, given?: SNSClient): Promise<Sns> {
  const access = given === undefined ? readAccess("sns", process.env) : null;
  if (access !== null) return (await import("./direct/calls.ts")).directSns(access, settings);
  return (await import("./sdk-sns.ts")).sdkSns(settings, given);
}
