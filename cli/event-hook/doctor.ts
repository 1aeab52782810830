import { OktaFailure, OktaRefusal } from "../../lambda/adapters/okta-api/authorization.ts";
import { diagnose, type Evidence, noTunnel } from "../../lambda/adapters/okta-api/causes.ts";
import type { OktaClient } from "../../lambda/adapters/okta-api/client.ts";
import { type OktaCredential, OktaSettingsError, type Scope } from "../../lambda/adapters/okta-api/credential.ts";
import { describeTarget } from "../../lambda/adapters/okta-api/exchange.ts";
import { readPrivateKey } from "../../lambda/adapters/okta-api/private-key.ts";
import { codeOfUnreachable, whyUnreachable } from "../../lambda/adapters/okta-api/unreachable.ts";
import { plural } from "../../lambda/core/text/shorten.ts";
import { InputError } from "../command.ts";
import { type Finding, hiddenRisk } from "./status.ts";

/** What the doctor examines with. */
export interface Patient {
  readonly orgUrl: string;
  /** The proxy that requests go through, as `host:port`; null for none. */
  readonly proxy: string | null;
  /** Why the proxy opens no tunnel to the org; null when it does, or there is none. */
  readonly whyNoTunnel: () => Promise<string | null>;
  /** Throws what is wrong with it. */
  readonly credential: () => OktaCredential;
  readonly clientFor: (scopes: readonly Scope[]) => OktaClient;
  readonly now: () => number;
}

/** Okta takes client assertions of a clock that is off by less than this, in seconds; we warn earlier. */
const maximumSkewSeconds = 60;

const clockRemedy =
  "set the clock: Okta takes no signature of another time. If it is right, something in between dates Okta's answers";

/** What a scope is for, and a question that only who was granted it may ask. */
interface Right {
  readonly scope: Scope;
  readonly what: string;
  readonly path: string;
  /** What else the question needs. */
  readonly further: readonly Scope[];
  /** What no answer tells; null for nothing. */
  readonly limit: string | null;
  /** What serves as well where the role is not assigned, so that it is no fault; null where nothing does. */
  readonly instead: string | null;
}

/** The finding that tells whether a role permits what a scope is for. */
export const mayUse = (scope: Scope): string => `may use ${scope}`;

const rights: readonly Right[] = [
  {
    scope: "okta.eventHooks.read",
    what: "status",
    path: "/api/v1/eventHooks",
    further: [],
    limit: null,
    instead: null,
  },
  {
    scope: "okta.eventHooks.manage",
    what: "register, repair, rotate-secret",
    path: "/api/v1/eventHooks",
    further: ["okta.eventHooks.read"],
    // Okta has no question that only who may change a hook may ask.
    limit: "that the role may change a hook shows when one is changed",
    instead: null,
  },
  {
    scope: "okta.logs.read",
    what: "reconciliation, status, backtest --okta",
    path: "/api/v1/logs?limit=1",
    further: [],
    limit: hiddenRisk,
    instead: null,
  },
  {
    scope: "okta.users.read",
    what: "profile locations, which oktaOrgUrl brings",
    path: "/api/v1/users?limit=1",
    further: [],
    limit: null,
    instead: null,
  },
  {
    scope: "okta.logStreams.read",
    what: "status, of the log stream",
    path: "/api/v1/logStreams",
    further: [],
    limit: null,
    instead: "Reports > Log Streaming in the admin console shows whether the stream is active",
  },
];

/**
 * Checks, step by step, what has to be so that Okta's API can be asked. The first that fails is what to mend first.
 *
 * @param scopes those that are looked at @default - all that anything of ours asks for
 */
export async function examine(
  patient: Patient,
  signal: AbortSignal,
  scopes: readonly Scope[] = rights.map(({ scope }) => scope),
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const find: Find = (what, ok, told, remedy) => {
    findings.push({ what, ok, told, remedy: ok === true ? null : remedy });
  };
  const date = await lookAtDomain(patient, find, signal);
  if (date === null) return findings;
  if (!Number.isNaN(date)) {
    const skew = Math.round((patient.now() - date) / 1_000);
    const told = `this machine's clock is ${plural(Math.abs(skew), "second")} ${skew < 0 ? "behind" : "ahead of"} Okta's`;
    find("clock", Math.abs(skew) <= maximumSkewSeconds, told, clockRemedy);
  }
  const credential = await lookAtKey(patient, find);
  if (credential === null) return findings;
  const refusedScopes = new Set<Scope>();
  for (const right of rights.filter(({ scope }) => scopes.includes(scope))) {
    const { scope, what, further } = right;
    const client = patient.clientFor([scope]);
    // An API token is asked with as it is.
    const refused = "apiToken" in credential ? null : await lookAtToken(client, scope, what, find, signal);
    if (refused !== null) refusedScopes.add(scope);
    const isAsked = refused === null && !further.some((each) => refusedScopes.has(each));
    const asking = further.length === 0 ? client : patient.clientFor([scope, ...further]);
    const failed = isAsked ? await lookAtApi(asking, right, find, signal) : refused;
    // What fails for every scope alike is told once.
    if (failed !== null && !ofOneScope.has(failed)) break;
  }
  return findings;
}

/** Steps that may fail for one scope and not for another. */
const ofOneScope: ReadonlySet<string> = new Set(["scope", "role"]);

type Find = (what: string, ok: boolean | null, told: string, remedy: string) => void;

/** Steps that may fail already where it is asked what org there is. */
const ofDomain: ReadonlySet<string> = new Set(["proxy", "network", "rate limit", "Okta"]);

/** Milliseconds since 1970 by Okta's clock, NaN where it tells none; null when there is no org. */
async function lookAtDomain(patient: Patient, find: Find, signal: AbortSignal): Promise<number | null> {
  const { orgUrl, proxy } = patient;
  const situation = { orgUrl, scopes: [], proxy };
  const diagnoseDomain = (evidence: Pick<Evidence, "stage" | "status"> & Partial<Evidence>) =>
    diagnose({ code: null, text: "", isForeign: false, ...evidence }, situation);
  // What any server answers that knows nothing of orgs: another domain is likely then.
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
    const answer = parseJson(text) as { readonly id?: unknown } | null;
    if (status === 200 && typeof answer?.id === "string") {
      find("domain", true, `${orgUrl} is an Okta org`, "");
      return Date.parse(response.headers.get("date") ?? "");
    }
    const isForeign = answer === null && status !== 404 && status < 500 && (text !== "" || response.ok);
    const found = diagnoseDomain({ stage: "api", status, isForeign });
    const location = response.headers.get("location");
    const leads = location === null ? "" : `, and leads to ${describeTarget(location)}`;
    const told = `${orgUrl} does not answer as an Okta org (${status})${isForeign ? ": what answers is no JSON" : ""}${leads}`;
    if (found !== null && ofDomain.has(found.step)) find(found.step, false, told, found.remedy);
    else find("domain", false, told, remedy);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    const text = whyUnreachable(error);
    const found = diagnoseDomain({ stage: "connection", status, code: codeOfUnreachable(error), text });
    const told = status === null ? "cannot be reached" : "answers, and the answer breaks off";
    find(found?.step ?? "domain", false, `${orgUrl} ${told}: ${text.trim()}`, found?.remedy ?? remedy);
    return null;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
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

/** Asks for an access token. @returns the step that fails; null when Okta gives one */
async function lookAtToken(
  client: OktaClient,
  scope: Scope,
  what: string,
  find: Find,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await client.authorize(signal);
    find(`scope ${scope}`, true, `granted (${what})`, "");
    return null;
  } catch (error) {
    return findFailure(error, scope, "access token", find);
  }
}

/** Asks what only an app with that scope and a role for it may ask. @returns the step that fails; null when it is answered */
async function lookAtApi(
  client: OktaClient,
  { scope, what, path, limit, instead }: Right,
  find: Find,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await client.get(path, signal);
    find(mayUse(scope), true, `${path} is answered (${what})${limit === null ? "" : `; ${limit}`}`, "");
    return null;
  } catch (error) {
    const isOptional = error instanceof OktaRefusal && error.diagnosis?.step === "role" && instead !== null;
    if (!isOptional) return findFailure(error, scope, mayUse(scope), find);
    find(mayUse(scope), null, `${error.finding}. ${instead}`, error.diagnosis?.remedy ?? "");
    return "role";
  }
}

/** Tells of a failure by its cause. @returns the step that fails */
function findFailure(error: unknown, scope: Scope, otherwise: string, find: Find): string {
  if (!(error instanceof OktaRefusal || error instanceof OktaFailure)) throw error;
  const { step, remedy } = error.diagnosis ?? {
    step: "unknown",
    remedy: "what Okta says is all that is known; Reports > System Log may tell more of it (app.oauth2.token.grant)",
  };
  const names: Readonly<Record<string, string>> = {
    scope: `scope ${scope}`,
    role: mayUse(scope),
    unknown: otherwise,
  };
  find(names[step] ?? step, false, error.finding, remedy);
  return step;
}
