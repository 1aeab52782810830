import { describe, expect, test } from "vitest";
import { causes, diagnose, type Evidence, noTunnel, type Situation } from "../../../lambda/adapters/okta-api/causes.ts";
import { OktaFailure, OktaRefusal } from "../../../lambda/adapters/okta-api/errors.ts";

const situation: Situation = { orgUrl: "https://example.okta.com", scopes: ["okta.logs.read"], proxy: null };
const proxied: Situation = { ...situation, proxy: "proxy.example.com:8080" };

const administrators: Situation = { ...situation, by: "administrator" };

const connection = (code: string | null, text = ""): Evidence => ({
  stage: "connection",
  status: null,
  code,
  text,
  isForeign: false,
});
const token = (code: string | null, text = "", status = 400): Evidence => ({
  stage: "token",
  status,
  code,
  text,
  isForeign: false,
});
const api = (status: number, code: string | null = null, text = ""): Evidence => ({
  stage: "api",
  status,
  code,
  text,
  isForeign: false,
});

type Row = readonly [cause: string, step: string, evidence: Evidence, page: RegExp, around?: Situation];

const rows: readonly Row[] = [
  ["answerBrokeOff", "network", { ...connection("UND_ERR_SOCKET"), status: 200 }, /keeps breaking off/],
  ["tlsInterception", "TLS", connection("SELF_SIGNED_CERT_IN_CHAIN"), /NODE_EXTRA_CA_CERTS/],
  ["tlsInterception", "TLS", connection("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"), /NODE_EXTRA_CA_CERTS/, proxied],
  ["certificateTime", "TLS", connection("CERT_HAS_EXPIRED"), /set the clock/],
  ["certificateOfAnotherHost", "TLS", connection("ERR_TLS_CERT_ALTNAME_INVALID"), /Customizations > Brands/],
  ["proxyRefuses", "proxy", connection("UND_ERR_ABORTED", "Proxy response (407) !== 200"), /user:password/, proxied],
  ["proxyRefuses", "proxy", { ...api(407), isForeign: true }, /HTTPS_PROXY/],
  ["anotherProtocol", "network", connection("HPE_INVALID_CONSTANT"), /speaks another protocol: compare the URL/],
  ["anotherProtocol", "network", connection(null, "SSL routines:wrong version number"), /compare its scheme/, proxied],
  ["proxyCannotReach", "proxy", connection("UND_ERR_ABORTED", "Proxy response (503) !== 200"), /DNS/, proxied],
  ["proxyOpensNoTunnel", "proxy", connection(noTunnel, "it closes the connection"), /opens no tunnel/, proxied],
  ["proxyUnreachable", "proxy", connection(null, "The operation was aborted due to timeout"), /correct it/, proxied],
  ["proxyUnreachable", "proxy", connection("ECONNREFUSED"), /\(proxy\.example\.com:8080\) of HTTPS_PROXY/, proxied],
  ["unknownHost", "domain", connection("ENOTFOUND"), /without -admin.*set HTTPS_PROXY/],
  ["unreachable", "domain", connection("ECONNREFUSED"), /firewall/],
  ["unreachable", "domain", connection(null, "The operation was aborted due to timeout"), /firewall/],
  ["wrongDomain", "domain", token(null, "", 404), /no org's own URL/],
  ["wrongDomain", "domain", { ...token(null, "", 302), isForeign: true }, /without -admin/],
  ["answerFromBetween", "proxy", { ...api(403), isForeign: true }, /allow example\.okta\.com without inspection/],
  ["clock", "clock", token("invalid_client", "The client_assertion token is expired."), /set the clock/],
  ["clock", "clock", token("invalid_dpop_proof", "'iat' claim in the DPoP proof JWT is invalid."), /set the clock/],
  ["proofRefused", "proof", token("invalid_dpop_proof", "The DPoP proof JWT header is missing."), /General Settings/],
  ["proofRefused", "proof", api(400, "invalid_dpop_proof", "The DPoP proof JWT has already been used."), /\(DPoP\)/],
  ["proofRefused", "proof", api(401, "use_dpop_nonce"), /\(DPoP\)/],
  ["clientUnknown", "client", token("invalid_client", "Invalid value for 'client_id'.", 401), /Client Credentials/],
  ["grantNotAllowed", "app", token("unauthorized_client"), /Grant type: tick Client Credentials/],
  ["consentMissing", "scope", token("consent_required"), /Okta API Scopes: click Grant beside okta\.logs\.read/],
  ["scopeMissing", "scope", token("invalid_scope"), /Okta API Scopes: grant okta\.logs\.read/],
  ["scopeMissing", "scope", api(403, "E0000006", "does not contain the required scopes."), /Okta API Scopes/],
  ["scopeMissing", "scope", api(403, "insufficient_scope"), /Okta API Scopes/],
  ["policyDenies", "app", token("access_denied", "Policy evaluation failed"), /Reports > System Log/],
  ["featureMissing", "role", api(403, "E0000015"), /does not have this feature/],
  ["featureMissing", "role", api(401, "E0000015"), /Settings > Features/, administrators],
  [
    "roleMissing",
    "role",
    api(403, "E0000006", "You do not have permission"),
    /Admin roles > Edit assignments: assign Report Administrator/,
  ],
  [
    "superAdministratorMissing",
    "role",
    api(403, "E0000006", "You do not have permission"),
    /assign Super Administrator, .*npx okta-proxy-watch hook setup does not assign it/,
    { ...situation, scopes: ["okta.logStreams.read"] },
  ],
  ["tokenUnknown", "client", api(401, "E0000011", "Invalid token provided"), /Security > API > Tokens/],
  ["administratorsTokenEnded", "administrator", api(401, "E0000011"), /Security > API > Tokens/, administrators],
  ["administratorsTokenEnded", "administrator", api(401, "invalid_token"), /or has ended/, administrators],
  ["administratorsScopeMissing", "administrator", api(403, "insufficient_scope"), /access token with/, administrators],
  [
    "administratorsScopeMissing",
    "administrator",
    api(403, null, "does not contain the required scopes."),
    /okta\.logs\.read/,
    administrators,
  ],
  ["administratorsRoleMissing", "administrator", api(403, "E0000006"), /Super Administrator/, administrators],
  ["rateLimited", "rate limit", api(429, "E0000047"), /Reports > Rate Limits/],
  ["rateLimited", "rate limit", token(null, "", 429), /Reports > Rate Limits/],
  ["oktaFails", "Okta", api(503), /status\.okta\.com/],
  ["oktaFails", "Okta", token("temporarily_unavailable"), /status\.okta\.com/],
];

describe("a failed request", () => {
  test.each(rows.map(([cause, step, evidence, page, around = situation]) => ({ cause, step, evidence, page, around })))(
    "is reported as $cause, at the step $step, with the remedy",
    ({ cause, step, evidence, page, around }) => {
      expect(diagnose(evidence, around)).toEqual({ cause, step, remedy: expect.stringMatching(page) });
    },
  );

  test("of every row of the table is tried here", () => {
    expect(new Set(rows.map(([cause]) => cause))).toEqual(new Set(causes.map(({ id }) => id)));
    expect(new Set(causes.map(({ id }) => id)).size).toBe(causes.length);
  });

  test("of no row has no diagnosis", () => {
    expect(diagnose(api(400, "E0000001", "Api validation failed"), situation)).toBeNull();
  });
});

test("an error says what happened and what to do; its finding says the first alone", () => {
  const diagnosis = { cause: "clock", step: "clock", remedy: "set the clock" };
  for (const error of [
    new OktaRefusal("It is refused", 400, null, diagnosis),
    new OktaFailure("It is refused", diagnosis),
  ]) {
    expect(error.message).toBe("It is refused. To do: set the clock");
    expect(error.finding).toBe("It is refused");
  }
  expect(new OktaFailure("It failed").message).toBe("It failed");
});
