import type { LogSource } from "../sigma/parse/parse-rule.ts";

/** The log source of our events, as rules name it. */
export const logSource: LogSource = { product: "okta", service: "okta" };

/** The field that holds the kind of an event, by which rules are indexed. */
export const indexField = "eventType";
