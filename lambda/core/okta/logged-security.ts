import { onceEach } from "../values/once-each.ts";
import { decode } from "./encoded-value.ts";
import { object, valueAt } from "./lenient.ts";
import type { LogEventFields } from "./log-event.ts";

/** What Okta logs of its security checks, mostly as text: risk and behaviors are read of it. Null for none. */
export const loggedSecurity = onceEach(({ debugData }: LogEventFields) =>
  object(decode(valueAt(debugData, "logOnlySecurityData"))),
);
