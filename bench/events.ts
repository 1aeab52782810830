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
