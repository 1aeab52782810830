/** The adjustments of the file, as `build/rules-plugin.ts` puts them into a bundle. */
declare module "*/severity.yml" {
  import type { AdjustmentDocument } from "./compile-adjustments.ts";

  const documents: readonly AdjustmentDocument[];
  export default documents;
}
