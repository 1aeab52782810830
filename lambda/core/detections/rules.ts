import documents from "../../../detections/*.yml";
import type { Rule } from "../sigma/rule.ts";

/**
 * Every rule of `detections/` that is not experimental, its filters applied; the others are in experimental-rules.ts. The
 * files themselves are read and checked when the bundle is built.
 */
export const rules: readonly Rule[] = documents;
