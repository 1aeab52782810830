import type { Json } from "../../fixtures/events.ts";

/** Where events of a session come from: a computer at home, one far away, and Okta Verify on the phone. */
export const origins = {
  home: {
    client: {
      userAgent: { rawUserAgent: "Mozilla/5.0", os: "Windows 10", browser: "FIREFOX" },
      geographicalContext: { city: "Lisbon", country: "Portugal" },
    },
    device: { id: "guo1" },
    securityContext: { asNumber: 64_501 },
  },
  away: {
    client: {
      userAgent: { rawUserAgent: "Mozilla/5.0", os: "Linux", browser: "CHROME" },
      geographicalContext: { city: "Toronto", country: "Canada" },
    },
    device: { id: "guo2" },
    securityContext: { asNumber: 64_502 },
  },
  phone: {
    eventType: "user.authentication.auth_via_mfa",
    client: {
      userAgent: { rawUserAgent: "OktaVerify/8.1.1 DeviceSDK/0.19.0 Android/14", os: "Android", browser: "UNKNOWN" },
      geographicalContext: { city: "Porto", country: "Portugal" },
    },
    device: { id: "guo3" },
    target: [{ id: "pfd1", type: "AuthenticatorEnrollment", displayName: "Okta Verify" }],
    securityContext: { asNumber: 64_503 },
  },
} as const;

const midnight = Date.parse("2026-11-24T00:00:00Z");

/** An event of a session, so many minutes after midnight: the opening of an app. */
export function useOf(session: string, from: keyof typeof origins, minutes: number, overrides: Json = {}): Json {
  return {
    uuid: `${session}-${from}-${minutes}`,
    published: new Date(midnight + minutes * 60_000).toISOString(),
    eventType: "user.authentication.sso",
    outcome: { result: "SUCCESS" },
    authenticationContext: { rootSessionId: session, externalSessionId: `trs-${session}` },
    ...origins[from],
    ...overrides,
  };
}

/** The start of a session. */
export function startOf(session: string, from: keyof typeof origins, minutes: number, overrides: Json = {}): Json {
  return useOf(session, from, minutes, { eventType: "user.session.start", ...overrides });
}
