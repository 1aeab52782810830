import { setTimeout as delay } from "node:timers/promises";
import { waitingClient } from "../../adapters/aws/client.ts";
import { createSecrets } from "../../adapters/aws/secrets.ts";
import { createOktaClient, type OktaClient } from "../../adapters/okta-api/client.ts";
import { authorizeBy, readCredential, type Scope } from "../../adapters/okta-api/credential.ts";

/** Half of each of the org's rate limits is left to other clients, such as a SIEM that reads the System Log. */
const rateLimitShare = 0.5;

/** The org, and the function's credential. */
export interface OktaAccess {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly credentialSecretArn: string;
  /** The scopes that the function needs, and no other. */
  readonly scopes: readonly Scope[];
}

/** A function's client of Okta. The credential is fetched for each use, as it may have changed. */
export function oktaClientOf({ orgUrl, credentialSecretArn, scopes }: OktaAccess) {
  const fetchVersion = createSecrets(waitingClient)(credentialSecretArn);
  // The client is kept while the credential is the same, since it holds the access token.
  let held: { readonly secret: string; readonly client: OktaClient } | undefined;
  return async (): Promise<OktaClient> => {
    const secret = (await fetchVersion("AWSCURRENT")) ?? "";
    if (held?.secret !== secret) {
      const credential = readCredential(secret, `The secret ${credentialSecretArn}`);
      const client = createOktaClient({
        orgUrl,
        authorize: authorizeBy(credential, orgUrl, scopes, Date.now),
        now: Date.now,
        wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
        rateLimitShare,
        scopes,
      });
      held = { secret, client };
    }
    return held.client;
  };
}
