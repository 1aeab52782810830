import { toError } from "../../../core/values/error.ts";
import type { ClientSettings } from "../client.ts";
import type { FetchSecret } from "../fetch-secret.ts";
import type { Access } from "./access.ts";
import { createJsonCaller } from "./json-protocol.ts";

/** Fetches secrets directly (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html). */
export function fetchSecretDirectly(access: Access, settings: ClientSettings): FetchSecret {
  const call = createJsonCaller(access, { version: "1.1", target: "secretsmanager" }, settings);
  return async (arn, stage) => {
    try {
      const output = await call("GetSecretValue", { SecretId: arn, VersionStage: stage });
      return (output as { readonly SecretString?: string }).SecretString ?? null;
    } catch (error) {
      // A secret that was never rotated has no previous version.
      if (stage === "AWSPREVIOUS" && toError(error).name === "ResourceNotFoundException") return null;
      throw error;
    }
  };
}
