import type { Diagnosis } from "./errors.ts";
import { certificateFaults } from "./unreachable.ts";

/** The evidence about a failed request. */
export interface Evidence {
  /** The endpoint that answered; `connection` where no whole answer came. */
  readonly stage: "connection" | "token" | "api";
  /** The status of the answer, also of one that broke off; null without an answer. */
  readonly status: number | null;
  /**
   * The error's code from OAuth, Okta's API or the connection: `invalid_scope`, `E0000006`, `ENOTFOUND`; null where
   * none does.
   */
  readonly code: string | null;
  /** The reason in words. */
  readonly text: string;
  /** Whether the answer is no JSON: Okta's APIs answer nothing else. */
  readonly isForeign: boolean;
}

/** The circumstances of a failed request. */
export interface Situation {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /** The scopes that the credential needs. */
  readonly scopes: readonly string[];
  /** The proxy that requests go through, as `host:port`; null for none. */
  readonly proxy: string | null;
  /** The owner of the credential: the service app, or the administrator who sets it up. @default "app" */
  readonly by?: "app" | "administrator";
}

/** A row of the table: one cause of a failed request. */
export interface Cause {
  readonly id: string;
  /** The part at fault. `scope` and `role` concern one scope; every other step concerns all scopes. */
  readonly step: string;
  readonly isCauseOf: (evidence: Evidence, situation: Situation) => boolean;
  readonly remedy: (situation: Situation) => string;
}

const app = "Applications > Applications > the app";

/** The least role for each scope; see `superAdministratorsOnly` for others. */
const roleFor: Readonly<Record<string, string>> = {
  "okta.eventHooks.read": "a custom role with Event hook permissions (okta.eventhooks.read, or .manage)",
  "okta.eventHooks.manage": "a custom role with Event hook permissions (okta.eventhooks.manage)",
  "okta.logs.read": "Report Administrator",
  "okta.users.read": "a custom role that may view all users (okta.users.read)",
};

/**
 * Scopes that no role of `hook -- setup` serves. Okta's table gives log streaming to Super Administrators alone, and lists no role
 * that views it: help.okta.com, "Standard administrator roles and permissions".
 */
const superAdministratorsOnly: readonly string[] = ["okta.logStreams.read"];

function rolesFor(scopes: readonly string[]): string {
  // A permission to manage includes reading.
  const decisive = scopes.filter(
    (scope) => !scopes.some((each) => scope === each.replace(/\.manage$/, ".read") && each !== scope),
  );
  return decisive.map((scope) => roleFor[scope] ?? `a role that may use ${scope}`).join(" and ");
}

const isConnection =
  (...codes: readonly string[]) =>
  ({ stage, code }: Evidence): boolean =>
    stage === "connection" && codes.includes(code ?? "");
const isOAuth =
  (...codes: readonly string[]) =>
  ({ code }: Evidence): boolean =>
    codes.includes(code ?? "");

const isAdministrator = ({ by = "app" }: Situation): boolean => by === "administrator";

/** Our code for a proxy that does not answer a request for a tunnel; Node.js has none. */
export const noTunnel = "PROXY_OPENS_NO_TUNNEL";
/** A proxy's answer instead of a tunnel: `fetch` has its status in the text alone. */
const proxyAnswered = (text: string, statuses: string) =>
  new RegExp(`^proxy response \\(${statuses}\\)`, "i").test(text);
const through = (proxy: string | null): string => (proxy === null ? "" : ` (${proxy})`);

/**
 * All causes, in order; the first that fits counts. Sources: RFC 6749, section 5.2, and RFC 9449 for the errors of
 * OAuth; https://developer.okta.com/docs/reference/error-codes/ for those of Okta's API; Node.js and OpenSSL for those
 * of connections.
 */
export const causes: readonly Cause[] = [
  {
    id: "answerBrokeOff",
    step: "network",
    isCauseOf: ({ stage, status }) => stage === "connection" && status !== null,
    remedy: ({ proxy }) =>
      `try again; when it keeps breaking off, a proxy${through(proxy)} or a gateway cuts long answers or connections`,
  },
  {
    id: "tlsInterception",
    step: "TLS",
    isCauseOf: isConnection(...certificateFaults.unknownIssuer),
    remedy: () =>
      "something between here and Okta opens TLS with a certificate of its own: set NODE_EXTRA_CA_CERTS to a file with your company's CA certificates (PEM), or have the gateway leave Okta alone",
  },
  {
    id: "certificateTime",
    step: "TLS",
    isCauseOf: isConnection(...certificateFaults.anotherTime),
    remedy: () => "set the clock of this machine; if it is right, something in between shows an old certificate",
  },
  {
    id: "certificateOfAnotherHost",
    step: "TLS",
    isCauseOf: isConnection(...certificateFaults.anotherHost),
    remedy: ({ orgUrl }) =>
      `${orgUrl} shows the certificate of another host: give the org's own URL, which the admin console shows under your name at the top right; for a custom domain see Customizations > Brands > the brand > Domains`,
  },
  {
    id: "anotherProtocol",
    step: "network",
    isCauseOf: ({ stage, code, text }) =>
      stage === "connection" &&
      (/^HPE_/.test(code ?? "") || /wrong version number|does not match the HTTP/i.test(text)),
    remedy: ({ proxy, orgUrl }) =>
      proxy === null
        ? `what answers at ${orgUrl} speaks another protocol: compare the URL and its port, and see what stands in between`
        : `the proxy${through(proxy)} of HTTPS_PROXY speaks another protocol: compare its scheme (http:// for most, also where Okta is reached by HTTPS) and its port`,
  },
  {
    id: "proxyCannotReach",
    step: "proxy",
    isCauseOf: ({ stage, text }) => stage === "connection" && proxyAnswered(text, "5\\d\\d"),
    remedy: ({ proxy, orgUrl }) =>
      `the proxy${through(proxy)} cannot reach ${new URL(orgUrl).host}: see that this is the org's own host, and that the proxy finds it (DNS)`,
  },
  {
    id: "proxyOpensNoTunnel",
    step: "proxy",
    isCauseOf: isConnection(noTunnel),
    remedy: ({ proxy, orgUrl }) =>
      `the proxy${through(proxy)} of HTTPS_PROXY opens no tunnel (CONNECT): see that it is one for HTTPS and allows ${new URL(orgUrl).host}, or name that host in NO_PROXY`,
  },
  {
    id: "proxyRefuses",
    step: "proxy",
    isCauseOf: ({ stage, status, text }) =>
      status === 407 || status === 511 || (stage === "connection" && proxyAnswered(text, "\\d+")),
    remedy: ({ proxy, orgUrl }) =>
      `the proxy${through(proxy)} lets no request through: give its user and password in HTTPS_PROXY (http://user:password@host:port), have it allow ${new URL(orgUrl).host}, or name that host in NO_PROXY`,
  },
  {
    id: "proxyUnreachable",
    step: "proxy",
    isCauseOf: ({ stage }, { proxy }) => stage === "connection" && proxy !== null,
    remedy: ({ proxy, orgUrl }) =>
      `requests go by the proxy${through(proxy)} of HTTPS_PROXY: correct it, or name ${new URL(orgUrl).host} in NO_PROXY`,
  },
  {
    id: "unknownHost",
    step: "domain",
    isCauseOf: isConnection("ENOTFOUND", "EAI_AGAIN"),
    remedy: () =>
      "give the org's own URL, https://example.okta.com without -admin, which the admin console shows under your name at the top right (it may end in okta-emea.com, okta-gov.com or oktapreview.com); where the network reaches the internet by a proxy alone, set HTTPS_PROXY",
  },
  {
    id: "unreachable",
    step: "domain",
    isCauseOf: ({ stage }) => stage === "connection",
    remedy: () =>
      "have the firewall let HTTPS through to the org's URL (https://example.okta.com, without -admin), or set HTTPS_PROXY",
  },
  {
    id: "wrongDomain",
    step: "domain",
    isCauseOf: ({ stage, status }) =>
      (status !== null && status >= 300 && status < 400) || (status === 404 && stage === "token"),
    remedy: ({ orgUrl }) =>
      `${orgUrl} is no org's own URL: give https://example.okta.com, without -admin, as the admin console shows it under your name at the top right (it may end in okta-emea.com, okta-gov.com or oktapreview.com); where it leads to a sign-in page of the network, sign in there, or set HTTPS_PROXY`,
  },
  {
    id: "answerFromBetween",
    step: "proxy",
    isCauseOf: ({ isForeign }) => isForeign,
    remedy: ({ proxy, orgUrl }) =>
      `a proxy${through(proxy)}, a gateway or a sign-in page of the network answers in Okta's place: have it allow ${new URL(orgUrl).host} without inspection; and check that the URL is the org's own`,
  },
  {
    id: "clock",
    step: "clock",
    isCauseOf: ({ code, text }) =>
      ["invalid_client", "invalid_dpop_proof"].includes(code ?? "") &&
      /expire|'(iat|exp|nbf)'|future|issued/i.test(text),
    remedy: () => "set the clock of this machine: Okta takes no signature of another time",
  },
  {
    id: "proofRefused",
    step: "proof",
    isCauseOf: isOAuth("invalid_dpop_proof", "use_dpop_nonce"),
    remedy: ({ orgUrl, proxy }) =>
      `a proof of possession (DPoP), as ${app} > General > General Settings demands, holds for one request of one URL: see that ${orgUrl} is the org's own URL, and that no proxy${through(proxy)} or gateway changes the header DPoP, the URL, or sends a request twice`,
  },
  {
    id: "clientUnknown",
    step: "client",
    isCauseOf: isOAuth("invalid_client"),
    remedy: () =>
      `${app} > General > Client Credentials: compare the Client ID, choose Public key / Private key, and see that the key's ID (KID) is listed there and Active; and that the app itself is Active`,
  },
  {
    id: "grantNotAllowed",
    step: "app",
    isCauseOf: isOAuth("unauthorized_client", "unsupported_grant_type"),
    remedy: () =>
      `${app} > General > General Settings > Edit > Grant type: tick Client Credentials; an app of another type than API Services has to be made anew (Applications > Create App Integration > API Services)`,
  },
  {
    id: "consentMissing",
    step: "scope",
    isCauseOf: isOAuth("consent_required"),
    remedy: ({ scopes }) => `${app} > Okta API Scopes: click Grant beside ${scopes.join(" and ")}, and consent`,
  },
  {
    id: "featureMissing",
    step: "role",
    isCauseOf: ({ status, code }) => (status === 403 || status === 401) && code === "E0000015",
    remedy: () =>
      "the org does not have this feature, or it is off (Settings > Features): ask Okta's support, or the owner of the subscription",
  },
  {
    id: "administratorsScopeMissing",
    step: "administrator",
    isCauseOf: ({ code, status, text }, situation) =>
      isAdministrator(situation) &&
      (code === "insufficient_scope" || (status === 403 && /required scopes/i.test(text))),
    remedy: ({ scopes }) => `ask for an access token with the scopes ${scopes.join(", ")}; an API token needs none`,
  },
  {
    id: "administratorsTokenEnded",
    step: "administrator",
    isCauseOf: ({ stage, status }, situation) => isAdministrator(situation) && stage === "api" && status === 401,
    remedy: () =>
      "the administrator's token is none of this org, was revoked, or has ended: make another (Security > API > Tokens > Create token)",
  },
  {
    id: "scopeMissing",
    step: "scope",
    isCauseOf: ({ stage, status, code, text }) =>
      ["invalid_scope", "insufficient_scope"].includes(code ?? "") ||
      (stage === "api" && status === 403 && /required scopes/i.test(text)),
    remedy: ({ scopes }) => `${app} > Okta API Scopes: grant ${scopes.join(" and ")}`,
  },
  {
    id: "policyDenies",
    step: "app",
    isCauseOf: isOAuth("access_denied"),
    remedy: ({ scopes }) =>
      `${app} > Okta API Scopes: grant ${scopes.join(" and ")}; and ${app} > Admin roles: assign a role. Reports > System Log names the policy that denied it (app.oauth2.token.grant)`,
  },
  {
    id: "administratorsRoleMissing",
    step: "administrator",
    isCauseOf: ({ stage, status }, situation) => isAdministrator(situation) && stage === "api" && status === 403,
    remedy: () =>
      "the administrator who made the token needs the role Super Administrator (Security > Administrators): no other role may make a service app, grant it scopes, and assign it admin roles",
  },
  {
    id: "superAdministratorMissing",
    step: "role",
    isCauseOf: ({ stage, status }, { scopes }) =>
      stage === "api" && status === 403 && scopes.some((scope) => superAdministratorsOnly.includes(scope)),
    remedy: () =>
      `${app} > Admin roles > Edit assignments: assign Super Administrator, the only role that Okta's table gives log streaming to, and which may do everything; npx okta-proxy-watch hook setup does not assign it`,
  },
  {
    id: "roleMissing",
    step: "role",
    isCauseOf: ({ stage, status }) => stage === "api" && status === 403,
    remedy: ({ scopes }) =>
      `${app} > Admin roles > Edit assignments: assign ${rolesFor(scopes)}, as npx okta-proxy-watch hook setup does; for an API token, the administrator who made it needs the role`,
  },
  {
    id: "tokenUnknown",
    step: "client",
    isCauseOf: ({ stage, status }) => stage === "api" && status === 401,
    remedy: () =>
      `an API token: Security > API > Tokens, see whether it is there, and make another; a service app: ${app}, see whether it is Active`,
  },
  {
    id: "rateLimited",
    step: "rate limit",
    isCauseOf: ({ status }) => status === 429,
    remedy: () =>
      `wait until it is lifted; Reports > Rate Limits shows what uses it up, and ${app} > Application rate limits how much of it this app may use`,
  },
  {
    id: "oktaFails",
    step: "Okta",
    isCauseOf: ({ status, code }) =>
      (status ?? 0) >= 500 || ["server_error", "temporarily_unavailable"].includes(code ?? ""),
    remedy: () => "try later; https://status.okta.com shows disturbances",
  },
];

/** Finds the cause and the remedy of a failed request; null when none is known. */
export function diagnose(evidence: Evidence, situation: Situation): Diagnosis | null {
  const cause = causes.find(({ isCauseOf }) => isCauseOf(evidence, situation));
  return cause === undefined ? null : { cause: cause.id, step: cause.step, remedy: cause.remedy(situation) };
}
