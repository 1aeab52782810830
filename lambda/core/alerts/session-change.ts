import type { SessionPart } from "../session-start/session-change.ts";
import type { Alert } from "./alert-schema.ts";

const names: Readonly<Record<SessionPart, string>> = {
  asn: "the network (autonomous system)",
  country: "the country",
  device: "the device",
  client: "the system or browser",
};

/** A sentence with what differs from the session's start. Null where nothing does, and where no rule asks for it. */
export function explainSessionChange({ sessionChanged }: Pick<Alert, "sessionChanged">): string | null {
  if (sessionChanged === null || sessionChanged.length === 0) return null;
  const parts = sessionChanged.map((part) => names[part]);
  const listed = [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter(Boolean).join(" and ");
  return `Since the session started, ${listed} ${parts.length === 1 ? "has" : "have"} changed.`;
}
