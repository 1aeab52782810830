import { type ClientSettings, clientDefaults, once } from "./client.ts";
import { readAccess } from "./direct/access.ts";
import type { VersionStage } from "./fetch-secret.ts";

/** Fetches one version of a secret; null when there is no such version, or it has no text. */
export type FetchVersion = (stage: VersionStage) => Promise<string | null>;

/** The source of a secret: Secrets Manager, or, in the embedded run, the environment itself. */
export type SecretSource = { readonly arn: string } | { readonly value: string };

/**
 * Fetches the versions of secrets from Secrets Manager. The client is made on first use; it is one for all secrets of a
 * function, since each client opens its own connections.
 */
export function createSecrets(settings: ClientSettings = clientDefaults): (arn: string) => FetchVersion {
  const load = once(async () => {
    const access = readAccess("secretsmanager", process.env);
    if (access !== null) return (await import("./direct/calls.ts")).fetchSecretDirectly(access, settings);
    // The SDK's client is imported by a module of its own, so that the bundle holds what that imports, and no more.
    const { createFetchSecret } = await import("./fetch-secret.ts");
    return createFetchSecret(settings);
  });
  return (arn) => async (stage) => (await load())(arn, stage);
}
