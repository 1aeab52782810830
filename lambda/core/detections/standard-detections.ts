import documents from "../../../detections/*.yml";
import type { DetectionContents } from "./choose-correlated.ts";

/**
 * Every correlation of `detections/` that is not experimental, and every rule that is not, its filters applied; also the rules and
 * correlations that these correlations refer to. The others are in experimental-detections.ts. The files themselves are read and
 * checked when the bundle is built.
 */
export const standardDetections: DetectionContents = documents;
