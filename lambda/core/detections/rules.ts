import documents from "../../../detections/*.yml";
import type { Rule } from "../sigma/rule.ts";

/** Every rule of `detections/`, its filters applied. The files themselves are read and checked when the bundle is built. */
export const rules: readonly Rule[] = documents;
