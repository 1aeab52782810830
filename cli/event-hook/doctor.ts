import { OktaFailure, OktaRefusal } from "../../lambda/adapters/okta-api/authorization.ts";
import { diagnose, type Evidence, noTunnel } from "../../lambda/adapters/okta-api/causes.ts";
import type { OktaClient } from "../../lambda/adapters/okta-api/client.ts";
import { type OktaCredential, OktaSettingsError, type Scope } from "../../lambda/adapters/okta-api/credential.ts";
import { describeTarget } from "../../lambda/adapters/okta-api/exchange.ts";
import { readPrivateKey } from "../../lambda/adapters/okta-api/private-key.ts";
import { codeOfUnreachable, whyUnreachable } from "../../lambda/adapters/okta-api/unreachable.ts";
import { plural } from "../../lambda/core/text/shorten.ts";
import { parseJson } from "../../lambda/core/values/json.ts";
import { InputError } from "../command.ts";
import { checked, type HookCheck, hiddenRisk } from "./status.ts";

/** The ports of the doctor. */
export interface Patient {
  readonly orgUrl: string;
  /** The proxy that requests go through, as `host:port`; null for none. */
  readonly proxy: string | null;
  /** The reason why the proxy opens no tunnel to the org; null when it does, or without a proxy. */
  readonly whyNoTunnel: () => Promise<string | null>;
  /** Reads the credential, or throws its fault. */
  readonly credential: () => OktaCredential;
  readonly clientFor: (scopes: readonly Scope[]) => OktaClient;
  readonly now: () => number;
}

/** Okta accepts client assertions whose clock is off by less than this, in seconds; the doctor warns earlier. */
const maximumSkewSeconds = 60;

const clockRemedy =
  "set the clock: Okta takes no signature of another time. If it is right, something in between dates Okta's answers";

/** The purpose of a scope, and a request that only its grant allows. */
interface Right {
  readonly scope: Scope;
  readonly what: string;
  readonly path: string;
  /** Further needs of the request. @default none */
  readonly further?: readonly Scope[];
  /** A note on rights that no request shows. @default none */
  readonly limit?: string;
  /** What serves as well where the role is not assigned, so that it is no fault. @default nothing */
  readonly instead?: string;
}

/** The finding that tells whether a role permits what a scope is for. */
export const mayUse = (scope: Scope): string => `may use ${scope}`;

const rights: readonly Right[] = [
  { scope: "okta.eventHooks.read", what: "status", path: "/api/v1/eventHooks" },
  {
    scope: "okta.eventHooks.manage",
    what: "register, repair, rotate-secret",
    path: "/api/v1/eventHooks",
    further: ["okta.eventHooks.read"],
    // Okta has no read that needs the right to change a hook.
    limit: "that the role may change a hook shows when one is changed",
  },
  {
    scope: "okta.logs.read",
    what: "reconciliation, status, backtest --okta",
    path: "/api/v1/logs?limit=1",
    limit: hiddenRisk,
  },
  { scope: "okta.users.read", what: "profile locations, which oktaOrgUrl brings", path: "/api/v1/users?limit=1" },
  {
    scope: "okta.logStreams.read",
    what: "status, of the log stream",
    path: "/api/v1/logStreams",
    instead: "Reports > Log Streaming in the admin console shows whether the stream is active",
  },
];

/**
 * Checks the prerequisites of requests to Okta's API, step by step. The first failed step is the one to mend first.
 *
 * @param scopes the examined scopes @default - all that this product uses
 */
export async function examine(
  patient: Patient,
  signal: AbortSignal,
  scopes: readonly Scope[] = rights.map(({ scope }) => scope),
): Promise<readonly HookCheck[]> {
  const findings: HookCheck[] = [];
  const find: Find = (...check) => void findings.push(checked(...check));
  const date = await lookAtDomain(patient, find, signal);
  if (date === null) return findings;
  if (!Number.isNaN(date)) {
    const skew = Math.round((patient.now() - date) / 1_000);
    const detail = `this machine's clock is ${plural(Math.abs(skew), "second")} ${skew < 0 ? "behind" : "ahead of"} Okta's`;
    find("clock", Math.abs(skew) <= maximumSkewSeconds, detail, clockRemedy);
  }
  const credential = await lookAtKey(patient, find);
  if (credential === null) return findings;
  const refusedScopes = new Set<Scope>();
  for (const right of rights.filter(({ scope }) => scopes.includes(scope))) {
    const { scope, what, further = [] } = right;
    const client = patient.clientFor([scope]);
    // An API token needs no exchange.
    const refused = "apiToken" in credential ? null : await lookAtToken(client, scope, what, find, signal);
    if (refused !== null) refusedScopes.add(scope);
    const isAsked = refused === null && !further.some((each) => refusedScopes.has(each));
    const asking = further.length === 0 ? client : patient.clientFor([scope, ...further]);
    const failed = isAsked ? await lookAtApi(asking, right, find, signal) : refused;
    // A failure of every scope is reported once.
    if (failed !== null && !ofOneScope.has(failed)) break;
  }
  return findings;
}

/** Steps that may fail for one scope and not for another. */
const ofOneScope: ReadonlySet<string> = new Set(["scope", "role"]);

type Find = (...check: Parameters<typeof checked>) => void;

/** Steps that may fail already at the request for the org's metadata. */
const ofDomain: ReadonlySet<string> = new Set(["proxy", "network", "rate limit", "Okta"]);

/** Milliseconds since 1970 by Okta's clock, NaN without a date; null when there is no org. */
async function lookAtDomain(patient: Patient, find: Find, signal: AbortSignal): Promise<number | null> {
  const { orgUrl, proxy } = patient;
  const situation = { orgUrl, scopes: [], proxy };
  const diagnoseDomain = (evidence: Pick<Evidence, "stage" | "status"> & Partial<Evidence>) =>
    diagnose({ code: null, text: "", isForeign: false, ...evidence }, situation);
  // The answer of a server that is not Okta's: the domain is probably wrong.
  const remedy = diagnoseDomain({ stage: "token", status: 404 })?.remedy ?? "";
  let status: number | null = null;
  try {
    const why = await patient.whyNoTunnel();
    if (why !== null) throw Object.assign(new Error(why), { code: noTunnel });
    const response = await fetch(new URL("/.well-known/okta-organization", orgUrl), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
      redirect: "manual",
    });
    status = response.status;
    const text = await response.text();
    const answer = (parseJson(text) ?? null) as { readonly id?: unknown } | null;
    if (status === 200 && typeof answer?.id === "string") {
      find("domain", true, `${orgUrl} is an Okta org`);
      return Date.parse(response.headers.get("date") ?? "");
    }
    const isForeign = answer === null && status !== 404 && status < 500 && (text !== "" || response.ok);
    const found = diagnoseDomain({ stage: "api", status, isForeign });
    const location = response.headers.get("location");
    const leads = location === null ? "" : `, and leads to ${describeTarget(location)}`;
    const detail = `${orgUrl} does not answer as an Okta org (${status})${isForeign ? ": what answers is no JSON" : ""}${leads}`;
    if (found !== null && ofDomain.has(found.step)) find(found.step, false, detail, found.remedy);
    else find("domain", false, detail, remedy);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    const text = whyUnreachable(error);
    const found = diagnoseDomain({ stage: "connection", status, code: codeOfUnreachable(error), text });
    const detail = status === null ? "cannot be reached" : "answers, and the answer breaks off";
    find(found?.step ?? "domain", false, `${orgUrl} ${detail}: ${text.trim()}`, found?.remedy ?? remedy);
    return null;
  }
}

async function lookAtKey(patient: Patient, find: Find): Promise<OktaCredential | null> {
  const remedy =
    "Applications > Applications > the app > General > Client Credentials > Public keys: add a key, and set what it gives as private key (JWK or PEM)";
  let credential: OktaCredential;
  try {
    credential = patient.credential();
  } catch (error) {
    if (!(error instanceof OktaSettingsError || error instanceof InputError)) throw error;
    find("key", false, error.message, remedy);
    return null;
  }
  if ("apiToken" in credential) {
    find("key", true, "an API token; a service app can be allowed less");
    return credential;
  }
  try {
    const { algorithm } = readPrivateKey(credential.privateKey, credential.keyId ?? null);
    find("key", true, `it is a private key, which signs by ${algorithm}`);
    return credential;
  } catch (error) {
    if (!(error instanceof OktaSettingsError)) throw error;
    find("key", false, error.message, remedy);
    return null;
  }
}

/** Requests an access token. @returns the step that fails; null when Okta gives one */
async function lookAtToken(
  client: OktaClient,
  scope: Scope,
  what: string,
  find: Find,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await client.authorize(signal);
    find(`scope ${scope}`, true, `granted (${what})`);
    return null;
  } catch (error) {
    return findFailure(error, scope, "access token", find);
  }
}

/** Makes a request that needs that scope and a role for it. @returns the step that fails; null when it succeeds */
async function lookAtApi(
  client: OktaClient,
  { scope, what, path, limit, instead }: Right,
  find: Find,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await client.get(path, signal);
    find(mayUse(scope), true, `${path} is answered (${what})${limit === undefined ? "" : `; ${limit}`}`);
    return null;
  } catch (error) {
    const isOptional = error instanceof OktaRefusal && error.diagnosis?.step === "role" && instead !== undefined;
    if (!isOptional) return findFailure(error, scope, mayUse(scope), find);
    find(mayUse(scope), null, `${error.finding}. ${instead}`, error.diagnosis?.remedy ?? "");
    return "role";
  }
}

/** Reports a failure by its cause. @returns the step that fails */
function findFailure(error: unknown, scope: Scope, otherwise: string, find: Find): string {
  if (!(error instanceof OktaRefusal || error instanceof OktaFailure)) throw error;
  const { step, remedy } = error.diagnosis ?? {
    step: "unknown",
    remedy: "the cause is not known beyond Okta's answer; Reports > System Log may show more (app.oauth2.token.grant)",
  };
  const names: Readonly<Record<string, string>> = {
    scope: `scope ${scope}`,
    role: mayUse(scope),
    unknown: otherwise,
  };
  find(names[step] ?? step, false, error.finding, remedy);
  return step;
}
