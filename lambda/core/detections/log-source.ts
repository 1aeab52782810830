import type { LogSource } from "../sigma/parse/parse-rule.ts";

/** Where our events come from, as rules name it. */
export const logSource: LogSource = { product: "okta", service: "okta" };

/** The field that tells the kinds of events apart, and by which rules are found. */
export const indexField = "eventType";
