import { OktaFailure, OktaRefusal } from "../../lambda/okta-api/authorization.ts";
import type { OktaClient } from "../../lambda/okta-api/client.ts";
import { type OktaCredential, OktaSettingsError, type Scope } from "../../lambda/okta-api/credential.ts";
import { readPrivateKey } from "../../lambda/okta-api/private-key.ts";
import { whyUnreachable } from "../../lambda/okta-api/unreachable.ts";
import { InputError } from "../command.ts";
import type { Finding } from "./status.ts";

/** What the doctor examines with. */
export interface Patient {
  readonly orgUrl: string;
  /** Throws what is wrong with it. */
  readonly credential: () => OktaCredential;
  readonly clientFor: (scopes: readonly Scope[]) => OktaClient;
  readonly now: () => number;
}

/** Okta takes client assertions of a clock that is off by less than this, in seconds; we warn earlier. */
const maximumSkewSeconds = 60;

/** What each scope is for, and a question that only who was granted it may ask. */
const scopes: readonly (readonly [Scope, what: string, path: string])[] = [
  ["okta.eventHooks.manage", "register, status, repair, rotate-secret", "/api/v1/eventHooks"],
  ["okta.logs.read", "reconciliation, status, backtest --okta", "/api/v1/logs?limit=1"],
  ["okta.users.read", "profile locations", "/api/v1/users?limit=1"],
];

/** Checks, step by step, what has to be so that Okta's API can be asked. The first that fails is what to mend first. */
export async function examine(patient: Patient, signal: AbortSignal): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const find = (what: string, ok: boolean, told: string, remedy: string): boolean => {
    findings.push({ what, ok, told, remedy: ok ? null : remedy });
    return ok;
  };
  const date = await lookAtDomain(patient, find, signal);
  if (date === null) return findings;
  if (!Number.isNaN(date)) {
    const skew = Math.round((patient.now() - date) / 1_000);
    const told = `this machine's clock is ${Math.abs(skew)} seconds ${skew < 0 ? "behind" : "ahead of"} Okta's`;
    find("clock", Math.abs(skew) <= maximumSkewSeconds, told, "set the clock: Okta takes no signature of another time");
  }
  const credential = await lookAtKey(patient, find);
  if (credential === null) return findings;
  for (const [scope, what, path] of scopes) {
    if (!(await lookAtToken(patient, credential, scope, what, find, signal))) continue;
    try {
      await patient.clientFor([scope]).get(path, signal);
      find(`may use ${scope}`, true, `${path} is answered (${what})`, "");
    } catch (error) {
      if (!(error instanceof OktaRefusal || error instanceof OktaFailure)) throw error;
      const remedy = `give the app an admin role that may do that (Applications > the app > Admin roles): ${what}`;
      find(`may use ${scope}`, false, error.message, remedy);
    }
  }
  return findings;
}

type Find = (what: string, ok: boolean, told: string, remedy: string) => boolean;

/** Milliseconds since 1970 by Okta's clock, NaN where it tells none; null when there is no org. */
async function lookAtDomain({ orgUrl }: Patient, find: Find, signal: AbortSignal): Promise<number | null> {
  const remedy = "give the org's own URL: https://example.okta.com, without -admin";
  try {
    const response = await fetch(new URL("/.well-known/okta-organization", orgUrl), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
      redirect: "manual",
    });
    const answer = (await response.json().catch(() => null)) as { readonly id?: unknown } | null;
    const isOrg = response.status === 200 && typeof answer?.id === "string";
    find("domain", isOrg, isOrg ? `${orgUrl} is an Okta org` : `${orgUrl} is no Okta org (${response.status})`, remedy);
    return isOrg ? Date.parse(response.headers.get("date") ?? "") : null;
  } catch (error) {
    find("domain", false, `${orgUrl} cannot be reached: ${whyUnreachable(error)}`, remedy);
    return null;
  }
}

async function lookAtKey(patient: Patient, find: Find): Promise<OktaCredential | null> {
  const remedy =
    "Applications > the app > General > Public keys: add a key, and set what it gives as private key (JWK or PEM)";
  let credential: OktaCredential;
  try {
    credential = patient.credential();
  } catch (error) {
    if (!(error instanceof OktaSettingsError || error instanceof InputError)) throw error;
    find("key", false, error.message, remedy);
    return null;
  }
  if ("apiToken" in credential) {
    find("key", true, "an API token; a service app can be allowed less", "");
    return credential;
  }
  try {
    const { algorithm } = readPrivateKey(credential.privateKey, credential.keyId ?? null);
    find("key", true, `it is a private key, which signs by ${algorithm}`, "");
    return credential;
  } catch (error) {
    if (!(error instanceof OktaSettingsError)) throw error;
    find("key", false, error.message, remedy);
    return null;
  }
}

/** Whether Okta gives an access token for a scope. */
async function lookAtToken(
  { clientFor }: Patient,
  credential: OktaCredential,
  scope: Scope,
  what: string,
  find: Find,
  signal: AbortSignal,
): Promise<boolean> {
  // An API token is asked with as it is.
  if ("apiToken" in credential) return true;
  try {
    await clientFor([scope]).authorize(signal);
    return find(`scope ${scope}`, true, `granted (${what})`, "");
  } catch (error) {
    if (!(error instanceof OktaRefusal || error instanceof OktaFailure)) throw error;
    const isKey = error instanceof OktaRefusal && error.code === "invalid_client";
    const remedy = isKey
      ? "the client ID is not the app's, its public key is another, or the clock is off: Applications > the app > General"
      : `Applications > the app > Okta API Scopes: grant ${scope} (${what})`;
    return find(isKey ? "client" : `scope ${scope}`, false, error.message, remedy);
  }
}
