import { logSource } from "../../lambda/core/detections/log-source.ts";
import { sessionStart } from "../../lambda/core/okta/log-event.ts";
import { parseRule } from "../../lambda/core/sigma/parse/parse-rule.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";

/** A rule that every session start matches: a report counts those that no detection asks for, too, so that they have to be read. */
export function signInRule(): Rule {
  const document = {
    title: "Every session start",
    logsource: logSource,
    detection: { selection: { eventType: sessionStart }, condition: "selection" },
    level: "informational",
    id: "5f0c1a52-8f6e-4a37-9a49-6d2d2c1c7f10",
  };
  return parseRule(document, { logsource: logSource }).rule;
}
