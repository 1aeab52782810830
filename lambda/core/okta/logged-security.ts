import type { Json } from "../values/object.ts";
import { decode } from "./encoded-value.ts";
import { object, valueAt } from "./lenient.ts";
import type { LogEvent } from "./log-event.ts";

/** What Okta logs of its security checks, mostly as text: risk and behaviors are read of it. Null for none. */
export function loggedSecurity(event: LogEvent): Json | null {
  return event.once("logged security", ({ fields }) =>
    object(decode(valueAt(fields.debugData, "logOnlySecurityData"))),
  );
}
