import type { LogEvent } from "./log-event.ts";
import { isUnknown } from "./person.ts";

/** Okta's ids are far shorter. */
const maximumLength = 100;

/**
 * The id of the session that an event is of: that of the root session, which stays the same while others are derived from
 * it; the external one where Okta gives no root. Null where it gives neither, or writes `unknown`.
 */
export function sessionId({ fields: { authenticationContext } }: LogEvent): string | null {
  const { rootSessionId = null, externalSessionId = null } = authenticationContext ?? {};
  const id = isUnknown(rootSessionId) ? externalSessionId : rootSessionId;
  return id === null || isUnknown(id) ? null : id.slice(0, maximumLength);
}
