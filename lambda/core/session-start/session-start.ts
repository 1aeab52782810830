import * as v from "valibot";
import { countryCode } from "../geo/country.ts";
import { type LogEvent, publishedTime } from "../okta/log-event.ts";
import { isOktaVerify } from "../okta/okta-verify.ts";
import { succeeded } from "../okta/outcome.ts";
import { isUnknown } from "../okta/person.ts";
import { finiteNumber } from "../values/stored.ts";

const text = v.nullable(v.string());

const originShape = {
  /** The autonomous system; null where Okta does not know it. */
  asNumber: v.nullable(finiteNumber()),
  /** ISO 3166-1 alpha-2; null where the country is not known. */
  country: text,
  /** The id of a device that Okta knows, `guo...`; null for none. */
  device: text,
  /** The operating system, as Okta writes it; null where it is not known. */
  os: text,
  /** The browser, as Okta writes it; null where it is not known. */
  browser: text,
};

/** The start of a session, in the form of the state table. */
export const sessionStartSchema = v.object({
  /**
   * Orders the events that may be a session's start, the best first: successful `user.session.start` before all others, then by time, then by
   * uuid.
   */
  order: v.string(),
  /** When Okta published it, in milliseconds since 1970. */
  at: finiteNumber(),
  ...originShape,
});

/** The earliest known event of a session: what its other events are compared with. */
export type SessionStart = Readonly<v.InferOutput<typeof sessionStartSchema>>;

/** Where an event of a session came from. */
export type SessionOrigin = Pick<SessionStart, keyof typeof originShape>;

const maximumText = 100;
/** A time so far ahead of the clock, in milliseconds, is a wrong one: each later event would come before it. */
const maximumAhead = 86_400_000;

/**
 * The longest life of a session in days: what Okta's sign-on policies allow at most
 * (https://support.okta.com/help/s/article/How-to-manage-the-Okta-session-for-end-users). A policy without a limit has none; a session
 * that lives longer starts anew with its next event.
 */
export const sessionDays = 180;

/**
 * Where an event came from. Okta Verify answers from the user's phone, whatever the session is used on: of its answers and its enrollment
 * the network and the country are known alone.
 */
export function originOf(event: LogEvent): SessionOrigin {
  const { client, device, securityContext } = event.fields;
  const isPhone = isOktaVerify(event);
  const known = (value: string | null | undefined) =>
    isPhone || isUnknown(value ?? null) ? null : (value ?? "").slice(0, maximumText).toWellFormed();
  return {
    asNumber: securityContext?.asNumber || null,
    country: countryCode(client?.geographicalContext?.country ?? null),
    device: known(device?.id),
    os: known(client?.userAgent?.os),
    browser: known(client?.userAgent?.browser),
  };
}

/** An event as the start of its session. Null for an event that cannot be one: a failed act, an answer of Okta Verify, a wrong time. */
export function sessionStartOf(event: LogEvent, now: Date): SessionStart | null {
  const at = publishedTime(event.published);
  if (Number.isNaN(at) || at < 0 || at > now.getTime() + maximumAhead) return null;
  if (isOktaVerify(event) || !succeeded(event.fields.outcome?.result ?? null)) return null;
  const rank = event.eventType.toLowerCase() === "user.session.start" ? 0 : 1;
  return { order: `${rank} ${new Date(at).toISOString()} ${event.uuid}`, at, ...originOf(event) };
}

/** The best of the events that may be a session's start; null for none. */
export function firstOf(starts: readonly (SessionStart | null)[]): SessionStart | null {
  return starts.reduce(
    (first, start) => (first === null || (start !== null && start.order < first.order) ? start : first),
    null,
  );
}
