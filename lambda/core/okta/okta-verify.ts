import type { LogEvent } from "./log-event.ts";

const answers: ReadonlySet<string> = new Set(["user.authentication.auth_via_mfa", "user.mfa.factor.activate"]);

/** The user agents of Okta Verify on computers and phones: https://github.com/okta/okta-devices-swift. */
const userAgents = /^(?:OktaVerify\/|[0-9A-Z]{10}\.com\.okta\.(?:mobile|android\.auth)\/)/;

/**
 * Whether an event is an answer of Okta Verify, or its enrollment: what it does on the user's phone, in the session of another machine. A
 * client that merely calls itself so does something else, or is one that Okta knows.
 */
export function isOktaVerify({ eventType, fields: { client, target } }: LogEvent): boolean {
  return (
    answers.has(eventType.toLowerCase()) &&
    target.some((each) => each?.displayName?.toLowerCase() === "okta verify") &&
    client?.userAgent?.browser?.toLowerCase() === "unknown" &&
    userAgents.test(client.userAgent.rawUserAgent ?? "")
  );
}
