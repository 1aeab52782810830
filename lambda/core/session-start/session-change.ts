import type { SessionOrigin } from "./session-start.ts";

/** What may differ from a session's start: the values of `enrichment.session.changed`. */
export const sessionParts = ["asn", "country", "device", "client"] as const;
export type SessionPart = (typeof sessionParts)[number];

const fieldsOf: Readonly<Record<SessionPart, readonly (keyof SessionOrigin)[]>> = {
  asn: ["asNumber"],
  country: ["country"],
  device: ["device"],
  client: ["os", "browser"],
};

/**
 * What differs between a session's start and another of its events. What one side does not name is no difference. Of a client, the system
 * and the browser are compared, and not their versions, which an update changes.
 */
export function changesSince(start: SessionOrigin, origin: SessionOrigin): readonly SessionPart[] {
  const differs = (field: keyof SessionOrigin) =>
    start[field] !== null && origin[field] !== null && start[field] !== origin[field];
  return sessionParts.filter((part) => fieldsOf[part].some(differs));
}
