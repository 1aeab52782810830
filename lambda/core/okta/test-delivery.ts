import { testMark } from "./log-event.ts";

/**
 * A delivery, in Okta's form, of a made-up proxied sign-in, with addresses and numbers that are reserved for
 * documentation (RFC 5737, 5398).
 *
 * @param uuid of the event
 */
export function testDelivery(uuid: string, deliveryId: string, now: Date): Readonly<Record<string, unknown>> {
  const event = {
    ...testMark,
    uuid,
    published: now.toISOString(),
    eventType: "user.session.start",
    displayMessage: "Test of okta-proxy-watch",
    actor: { id: "00utest", type: "User", alternateId: "test@okta-proxy-watch.invalid", displayName: "Test Alert" },
    client: {
      ipAddress: "203.0.113.1",
      geographicalContext: { city: null, state: null, country: null, geolocation: null },
    },
    outcome: { result: "SUCCESS", reason: null },
    securityContext: {
      isProxy: true,
      asNumber: 64496,
      asOrg: "Test of okta-proxy-watch",
      ipDetails: { ipServiceCategories: [{ type: "VPN", operator: "TEST", isAnonymous: true }] },
    },
  };
  return {
    eventType: "com.okta.event_hook",
    eventTypeVersion: "1.0",
    cloudEventsVersion: "0.1",
    source: "send-test-alert",
    eventId: deliveryId,
    eventTime: now.toISOString(),
    contentType: "application/json",
    data: { events: [event] },
  };
}
