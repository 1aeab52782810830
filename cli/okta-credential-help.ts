import type { Scope } from "../lambda/adapters/okta-api/credential.ts";

/** The names in Okta's own SDKs. */
export const tokenVariable = "OKTA_CLIENT_TOKEN";
export const clientIdVariable = "OKTA_CLIENT_CLIENTID";
export const privateKeyVariable = "OKTA_CLIENT_PRIVATEKEY";
export const keyIdVariable = "OKTA_CLIENT_PRIVATEKEYID";

/** The help text about the credential. */
export function credentialHelp(scopes: readonly Scope[]): string {
  return `Environment: ${clientIdVariable} and ${privateKeyVariable} (a JWK, or PEM) of a service app with the scope ${scopes.join(" and ")},
and ${keyIdVariable} for a key as PEM where the app has several; or ${tokenVariable}, an API token.
Without any of these the file that npx okta-proxy-watch hook setup wrote: OKTA_CREDENTIAL_FILE, or okta-credential.HOST.json beside package.json.`;
}
