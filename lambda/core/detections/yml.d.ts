/** The Sigma files that a glob names, as `build/rules-plugin.ts` puts them into a bundle. */
declare module "*.yml" {
  import type { DetectionContents } from "./choose-correlated.ts";

  const documents: DetectionContents;
  export default documents;
}
