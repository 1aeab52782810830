import documents from "../../../detections/severity.yml";
import type { AdjustmentDocument } from "./compile-adjustments.ts";

/** Every adjustment of `severity.yml`. The file itself is read and checked when the bundle is built. */
export const adjustments: readonly AdjustmentDocument[] = documents;
