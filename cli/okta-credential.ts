import { setTimeout as delay } from "node:timers/promises";
import {
  type Authorize,
  authorizeByAccessToken,
  authorizeByToken,
  OktaFailure,
  OktaRefusal,
} from "../lambda/adapters/okta-api/authorization.ts";
import { diagnose, noTunnel } from "../lambda/adapters/okta-api/causes.ts";
import { createOktaClient, type OktaClient, type OktaClientOptions } from "../lambda/adapters/okta-api/client.ts";
import {
  authorizeBy,
  type OktaCredential,
  OktaSettingsError,
  readCredential,
  readOrgUrl,
  type Scope,
} from "../lambda/adapters/okta-api/credential.ts";
import { parseJson } from "../lambda/core/values/json.ts";
import type { Json } from "../lambda/core/values/object.ts";
import { InputError } from "./command.ts";
import { credentialFileOf, readCredentialFile } from "./okta-credential-file.ts";
import { clientIdVariable, keyIdVariable, privateKeyVariable, tokenVariable } from "./okta-credential-help.ts";
import { proxyOf, whyNoTunnel } from "./proxy.ts";
import { askSecret } from "./question.ts";

/**
 * Okta's credential of the environment, else of the file that `hook -- setup` wrote for this org: every process of the
 * machine can read a command line.
 *
 * @param orgUrl `https://example.okta.com`
 * @throws InputError when there is none, OktaSettingsError when it cannot be used
 */
export function credentialOf({ env }: Pick<NodeJS.Process, "env">, orgUrl: string): OktaCredential {
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
  const file = credentialFileOf(orgUrl, env);
  const held = readCredentialFile(file, orgUrl);
  if (held !== null) {
    if (held.clientId === null)
      throw new InputError(`${file} is half made: run npx okta-proxy-watch hook setup again, which ends it`);
    return { clientId: held.clientId, privateKey: held.privateKey };
  }
  throw new InputError(
    `no credential of Okta: set ${clientIdVariable} and ${privateKeyVariable} (a JWK, or PEM) of a service app, or ${tokenVariable}; or have npx okta-proxy-watch hook setup make one`,
  );
}

/** Variables that override the file: where one is set, the file is not read. */
export function variablesBeforeFile({ env }: Pick<NodeJS.Process, "env">): string[] {
  return [clientIdVariable, tokenVariable].filter((name) => env[name]);
}

type OpenOptions = Pick<OktaClientOptions, "longestWait" | "rateLimitShare" | "by">;

/**
 * A command's client of an org.
 *
 * @param credential the credential of its requests @default - see `credentialOf`
 */
export function openOkta(
  orgUrl: string,
  scopes: readonly Scope[],
  options: OpenOptions & { readonly credential?: OktaCredential } = {},
): OktaClient {
  const url = readOrgUrl(orgUrl);
  const { credential = credentialOf(process, url), ...others } = options;
  return openClient(url, authorizeBy(credential, url, scopes, Date.now), scopes, others);
}

function openClient(orgUrl: string, authorize: Authorize, scopes: readonly string[], options: OpenOptions): OktaClient {
  const proxy = proxyOf(orgUrl, process.env);
  return createOktaClient({
    orgUrl,
    authorize: proxy === null ? authorize : afterTunnel(authorize, orgUrl, scopes, proxy),
    now: Date.now,
    wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
    scopes,
    proxy,
    ...options,
  });
}

const administratorsTokenVariable = "OKTA_ADMIN_TOKEN";

/** The scopes that an administrator's access token needs. An API token has all rights of its administrator. */
export const administratorsScopes = [
  "okta.apps.read",
  "okta.apps.manage",
  "okta.appGrants.read",
  "okta.appGrants.manage",
  "okta.roles.read",
  "okta.roles.manage",
] as const;

/** The help text about the administrator's token. */
export const administratorHelp = `The administrator's token, used for this one run and never stored: ${administratorsTokenVariable}, or it is asked for.
An API token (Security > API > Tokens) or an access token with the scopes ${administratorsScopes.join(", ")}.`;

/** Whether the environment has an administrator's token, so that none is asked for. */
export function hasAdministratorsToken({ env }: Pick<NodeJS.Process, "env">): boolean {
  return Boolean(env[administratorsTokenVariable]);
}

/**
 * A client of an org with an administrator's token, from the environment or a prompt. The token is kept in memory
 * alone.
 *
 * @throws InputError when there is none, or one that cannot be used
 */
export async function openOktaAsAdministrator(orgUrl: string): Promise<OktaClient> {
  const url = readOrgUrl(orgUrl);
  const given = process.env[administratorsTokenVariable] || (await askSecret(`Token of an administrator of ${url}: `));
  const token = (given ?? "").trim().replace(/^(SSWS|Bearer)\s+/i, "");
  if (token === "") {
    throw new InputError(
      `no token of an administrator: set ${administratorsTokenVariable}, or type it in. Make one that you revoke afterwards: Security > API > Tokens > Create token`,
    );
  }
  // The token becomes an HTTP header's value: an error would quote an invalid one.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new InputError("the administrator's token holds characters that no token has");
  const claims = claimsOf(token);
  if (claims?.cnf !== undefined) {
    throw new InputError(
      "the administrator's access token is bound to a key (DPoP), which is not here: use one that is not, or an API token",
    );
  }
  const authorize = claims === null ? authorizeByToken(token) : authorizeByAccessToken(token);
  return openClient(url, authorize, administratorsScopes, { by: "administrator" });
}

/** The claims of an access token, which is a JWT; null for an API token. */
function claimsOf(token: string): Json | null {
  const [, claims, signature] = token.split(".");
  if (!claims || !signature) return null;
  return (parseJson(Buffer.from(claims, "base64url").toString()) ?? null) as Json | null;
}

/** Authorizes once the proxy has shown that it opens tunnels: see `whyNoTunnel`. */
function afterTunnel(authorize: Authorize, orgUrl: string, scopes: readonly string[], proxy: string): Authorize {
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
 * Runs requests to Okta. A refusal, or an unusable credential, is bad input; a failure of Okta sets exit code 1.
 *
 * @param afterFailure advice that is printed after Okta's failure
 */
export async function askingOkta<Value>(work: () => Promise<Value>, afterFailure: string): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OktaSettingsError || error instanceof OktaRefusal) throw new InputError(error.message);
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    if (!(error instanceof OktaFailure || isLate)) throw error;
    const cause = isLate ? "Okta took too long, or its rate limit is used up for longer" : error.message;
    process.stderr.write(`error: ${cause}. ${afterFailure}\n`);
    process.exitCode = 1;
    return undefined;
  }
}
