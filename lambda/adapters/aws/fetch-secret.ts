import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import type { ClientSettings } from "./client.ts";

/** What a version of a secret is asked for by. */
export type VersionStage = "AWSCURRENT" | "AWSPREVIOUS";

/** Fetches one version of the secret with an ARN; null when there is no such version, or it has no text. */
export type FetchSecret = (arn: string, stage: VersionStage) => Promise<string | null>;

/** Fetches secrets with a client of its own. */
export function createFetchSecret(settings: ClientSettings): FetchSecret {
  const client = new SecretsManagerClient(settings);
  return async (arn, stage) => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn, VersionStage: stage }));
      return SecretString ?? null;
    } catch (error) {
      // A secret that was never rotated has no previous version.
      if (stage === "AWSPREVIOUS" && error instanceof ResourceNotFoundException) return null;
      throw error;
    }
  };
}
