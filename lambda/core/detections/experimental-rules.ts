import documents from "../../../detections/*.experimental.yml";
import type { Rule } from "../sigma/rule.ts";

/**
 * Every rule of `detections/` with `status: experimental`, its filters applied: a module of its own, which a function loads
 * only where a pack or all of them are on.
 */
export const experimentalRules: readonly Rule[] = documents;
