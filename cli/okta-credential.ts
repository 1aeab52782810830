import { setTimeout as delay } from "node:timers/promises";
import { type Authorize, OktaFailure, OktaRefusal } from "../lambda/okta-api/authorization.ts";
import { diagnose, noTunnel } from "../lambda/okta-api/causes.ts";
import { createOktaClient, type OktaClient, type OktaClientOptions } from "../lambda/okta-api/client.ts";
import {
  authorizeBy,
  type OktaCredential,
  OktaSettingsError,
  readCredential,
  readOrgUrl,
  type Scope,
} from "../lambda/okta-api/credential.ts";
import { InputError } from "./command.ts";
import { proxyOf, whyNoTunnel } from "./proxy.ts";

/** As Okta's own SDKs name them. */
const tokenVariable = "OKTA_CLIENT_TOKEN";
const clientIdVariable = "OKTA_CLIENT_CLIENTID";
const privateKeyVariable = "OKTA_CLIENT_PRIVATEKEY";
const keyIdVariable = "OKTA_CLIENT_PRIVATEKEYID";

/** What a command's `--help` says of the credential. */
export function credentialHelp(scopes: readonly Scope[]): string {
  return `Environment: ${clientIdVariable} and ${privateKeyVariable} (a JWK, or PEM) of a service app with the scope ${scopes.join(" and ")},
and ${keyIdVariable} for a key as PEM where the app has several; or ${tokenVariable}, an API token.`;
}

/**
 * Okta's credential of the environment: what stands on a command line is seen by every process of the machine.
 *
 * @throws InputError when there is none, OktaSettingsError when it cannot be used
 */
export function credentialOf({ env }: Pick<NodeJS.Process, "env">): OktaCredential {
  const { [tokenVariable]: apiToken, [clientIdVariable]: clientId, [privateKeyVariable]: privateKey } = env;
  const keyId = env[keyIdVariable];
  if (clientId && privateKey) {
    const key = privateKey.includes("-----BEGIN ") ? JSON.stringify(privateKey) : privateKey;
    const id = keyId ? `,"keyId":${JSON.stringify(keyId)}` : "";
    try {
      return readCredential(`{"clientId":${JSON.stringify(clientId)},"privateKey":${key}${id}}`, privateKeyVariable);
    } catch (error) {
      if (!(error instanceof OktaSettingsError)) throw error;
      throw new OktaSettingsError(
        `${privateKeyVariable} is neither a JWK nor PEM. Of a file: export ${privateKeyVariable}="$(cat private-key.json)"`,
      );
    }
  }
  if (apiToken) return { apiToken };
  throw new InputError(
    `no credential of Okta: set ${clientIdVariable} and ${privateKeyVariable} (a JWK, or PEM) of a service app, or ${tokenVariable}`,
  );
}

/** A command's client of an org. */
export function openOkta(
  orgUrl: string,
  scopes: readonly Scope[],
  options: Pick<OktaClientOptions, "longestWait" | "rateLimitShare"> = {},
): OktaClient {
  const url = readOrgUrl(orgUrl);
  const proxy = proxyOf(url, process.env);
  const authorize = authorizeBy(credentialOf(process), url, scopes, Date.now);
  return createOktaClient({
    orgUrl: url,
    authorize: proxy === null ? authorize : afterTunnel(authorize, url, scopes, proxy),
    now: Date.now,
    wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
    scopes,
    proxy,
    ...options,
  });
}

/** Authorizes once the proxy has shown that it opens tunnels: see `whyNoTunnel`. */
function afterTunnel(authorize: Authorize, orgUrl: string, scopes: readonly Scope[], proxy: string): Authorize {
  let tunnel: Promise<string | null> | undefined;
  const authorizeAfter: Authorize = async (...request) => {
    tunnel ??= whyNoTunnel(orgUrl, process.env);
    const text = await tunnel;
    if (text === null) return authorize(...request);
    const evidence = { stage: "connection", status: null, code: noTunnel, text, isForeign: false } as const;
    throw new OktaFailure(
      `${orgUrl} cannot be reached by the proxy ${proxy}: ${text}`,
      diagnose(evidence, { orgUrl, scopes, proxy }),
    );
  };
  const { renew } = authorize;
  return renew === undefined ? authorizeAfter : Object.assign(authorizeAfter, { renew });
}

/**
 * Does what asks Okta. What Okta refuses, or cannot be asked with, is bad input; what it fails is exit code 1.
 *
 * @param afterFailure what the reader is told beside Okta's failure
 */
export async function askingOkta<Value>(work: () => Promise<Value>, afterFailure: string): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OktaSettingsError || error instanceof OktaRefusal) throw new InputError(error.message);
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    if (!(error instanceof OktaFailure || isLate)) throw error;
    const told = isLate ? "Okta took too long, or its rate limit is used up for longer" : error.message;
    process.stderr.write(`error: ${told}. ${afterFailure}\n`);
    process.exitCode = 1;
    return undefined;
  }
}
