import { delivery, sessionStart } from "../test/fixtures/events.ts";

/** System Log events as an org of 5,000 users makes them, of ten types; one in 200 came through a proxy. */
export function sampleEvent(index: number): Record<string, unknown> {
  const user = index % 5_000;
  return {
    uuid: `event-${index}`,
    published: new Date(1_760_000_000_000 + index * 1_000).toISOString(),
    eventType: eventTypes[index % eventTypes.length],
    version: "0",
    severity: "INFO",
    displayMessage: "User login to Okta",
    actor: {
      id: `00u${user}`,
      type: "User",
      alternateId: `user${user}@example.com`,
      displayName: "A User",
      detailEntry: null,
    },
    client: {
      userAgent: { rawUserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0)", os: "Linux", browser: "FIREFOX" },
      zone: "null",
      device: "Computer",
      id: null,
      ipAddress: `203.0.113.${index % 255}`,
      geographicalContext: {
        city: "Toronto",
        state: "Ontario",
        country: "Canada",
        postalCode: "M4M",
        geolocation: { lat: 43.6567, lon: -79.34 },
      },
    },
    device: null,
    outcome: { result: "SUCCESS", reason: null },
    target: [
      { id: "lae1", type: "AuthenticatorEnrollment", alternateId: "unknown", displayName: "Password" },
      { id: "0oa1", type: "AppInstance", alternateId: "Okta Dashboard", displayName: "Okta Dashboard" },
    ],
    transaction: { type: "WEB", id: `transaction-${index}`, detail: {} },
    debugContext: {
      debugData: {
        requestUri: "/idp/idx/identify",
        threatSuspected: "false",
        url: "/idp/idx/identify?",
        behaviors: "{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=POSITIVE}",
      },
    },
    authenticationContext: { credentialType: null, externalSessionId: `session-${index}`, interface: null },
    securityContext: {
      asNumber: 64_500,
      asOrg: "Example",
      isp: "Example",
      domain: "example.com",
      isProxy: index % 200 === 0,
    },
  };
}

const eventTypes = [
  "user.session.start",
  "user.authentication.sso",
  "user.authentication.auth_via_mfa",
  "policy.evaluate_sign_on",
  "app.oauth2.as.token.grant",
  "user.account.update_profile",
  "group.user_membership.add",
  "user.mfa.factor.deactivate",
  "system.api_token.create",
  "application.user_membership.add",
];

/** The fields of the receiver's event that it reads. */
export function functionUrlRequest(method: string, headers: Readonly<Record<string, string>>, body: string) {
  return { headers, requestContext: { http: { method, sourceIp: "192.0.2.1" } }, body, isBase64Encoded: false };
}

/**
 * A delivery of session starts through a proxy, each of another user, session, address and network: many from one would be counted and
 * gathered at their source, and be no alerts, and those of one session would be one group of its correlations.
 *
 * @param secret the hook's
 */
export function matchingDelivery(matches: number, secret: string) {
  const events = Array.from({ length: matches }, () => {
    const id = `00u${crypto.randomUUID()}`;
    const asNumber = 1 + Math.floor(Math.random() * 4_000_000_000);
    const { client } = sessionStart() as { readonly client: object };
    const ipAddress = `198.${18 + (asNumber % 2)}.${(asNumber >> 8) & 255}.${asNumber & 255}`;
    return sessionStart({
      actor: { id, type: "User", alternateId: `${id}@example.com`, displayName: "A User" },
      client: { ...client, ipAddress },
      authenticationContext: { externalSessionId: `idx${id}`, rootSessionId: `idx${id}` },
      securityContext: { asNumber, asOrg: "Example Hosting", isp: null, domain: null, isProxy: true },
    });
  });
  const headers = { authorization: secret, "content-type": "application/json" };
  return functionUrlRequest("POST", headers, JSON.stringify(delivery(events)));
}

/**
 * The same events as large as Okta's System Log writes them, 2.8 kB, in the proportions of a month: most are sign-ins to
 * applications, and one in a hundred is a sign-in through a proxy. Their keys are in Okta's order.
 */
export function logLine(index: number): Record<string, unknown> {
  const proxied = index % 100 === 0;
  const share = index % 1_000;
  const eventType = proxied ? "user.session.start" : (monthlyTypes.find(({ below }) => share < below)?.type ?? "");
  const { actor, client, device, securityContext, target, ...event } = sampleEvent(index);
  const name = `user${index % 5_000}@example.com`;
  const country = index % 7 === 0 ? "Österreich" : "Canada";
  return {
    actor,
    client: {
      ...(client as object),
      userAgent: {
        rawUserAgent:
          "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        os: "Mac OS 10.15.7 (Catalina)",
        browser: "CHROME",
      },
    },
    device,
    authenticationContext: {
      authenticationProvider: index % 3 === 0 ? "OKTA_AUTHENTICATION_PROVIDER" : null,
      credentialProvider: null,
      credentialType: null,
      issuer: null,
      authenticationStep: 0,
      externalSessionId: `idx${index}aTlQvTE2tS0mJzd3C2xQ`,
      rootSessionId: `idx${index}aTlQvTE2tS0mJzd3C2xQ`,
      interface: null,
    },
    displayMessage: index % 10_000 === 3 ? "Max sign in attempts exceeded" : event.displayMessage,
    eventType,
    outcome:
      index % 20 === 1 ? { result: "FAILURE", reason: "INVALID_CREDENTIALS" } : { result: "SUCCESS", reason: null },
    published: event.published,
    securityContext: { ...(securityContext as object), isProxy: proxied },
    severity: event.severity,
    debugContext: {
      debugData: {
        requestId: `aR4${index}f0c7b1d9e24856a3cf1d2`,
        dtHash: `${"9c1f2e7d5b8a4036".repeat(4)}${index % 5_000}`,
        requestUri: "/api/v1/apps/0oa1b2c3d4e5f6g7h8i9/sso/saml",
        url: `/api/v1/apps/0oa1b2c3d4e5f6g7h8i9/sso/saml?fromLogin=true&RelayState=https%3A%2F%2Fapp.example.com%2F${index}`,
        threatSuspected: "false",
        risk: "{level=LOW}",
        behaviors:
          "{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=NEGATIVE, New State=NEGATIVE, New Country=NEGATIVE, Velocity=NEGATIVE, New City=NEGATIVE}",
        logOnlySecurityData:
          '{"risk":{"level":"LOW"},"behaviors":{"New Geo-Location":"NEGATIVE","New Device":"NEGATIVE","New IP":"NEGATIVE","New State":"NEGATIVE","New Country":"NEGATIVE","Velocity":"NEGATIVE","New City":"NEGATIVE"}}',
        deviceFingerprint: `7d793037a0760186574b0282f2f435e${index % 10}`,
        audience: "https://app.example.com/saml/metadata",
        signOnMode: "SAML 2.0 service provider application",
      },
    },
    legacyEventType: index % 1_000 === 7 ? "core.user_auth.login_failed" : "app.auth.sso",
    transaction: { type: "WEB", id: `aR4${index}f0c7b1d9e24856a3cf1d2`, detail: {} },
    uuid: event.uuid,
    version: "0",
    request: {
      ipChain: [
        {
          ip: `203.0.113.${index % 255}`,
          geographicalContext: {
            city: "Toronto",
            state: "Ontario",
            country,
            postalCode: "M4M",
            geolocation: { lat: 43.6567, lon: -79.34 },
          },
          version: "V4",
          source: null,
        },
      ],
    },
    target: [
      ...(target as readonly unknown[]),
      ...(index % 4 === 0
        ? []
        : [
            { id: `00u${index % 5_000}`, type: "AppUser", alternateId: name, displayName: "A User", detailEntry: null },
          ]),
    ],
  };
}

/** Event types of a month with the upper bounds of their shares, in thousandths. */
const monthlyTypes = [
  { type: "user.session.start", below: 90 },
  { type: "user.authentication.auth_via_mfa", below: 230 },
  { type: "policy.evaluate_sign_on", below: 430 },
  { type: "user.authentication.sso", below: 700 },
  { type: "user.authentication.verify", below: 760 },
  { type: "app.oauth2.as.token.grant", below: 880 },
  { type: "user.session.access_admin_app", below: 884 },
  { type: "group.user_membership.add", below: 920 },
  { type: "application.user_membership.add", below: 950 },
  { type: "user.account.update_profile", below: 978 },
  { type: "user.lifecycle.create", below: 980 },
  { type: "system.api_token.create", below: 980.5 },
  { type: "user.mfa.factor.deactivate", below: 982 },
  { type: "user.session.end", below: 1_000 },
] as const;
