import documents from "../../../detections/*.experimental.yml";
import type { DetectionContents } from "./choose-correlated.ts";

/**
 * Every rule and correlation of `detections/` that is not among the standard ones: a module of its own, which a function loads
 * only where a pack or all of them are on.
 */
export const experimentalDetections: DetectionContents = documents;
