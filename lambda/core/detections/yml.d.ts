/** The Sigma files that a glob names, as `build/rules-plugin.ts` puts them into a bundle. */
declare module "*.yml" {
  import type { Rule } from "../sigma/rule.ts";

  const documents: readonly Rule[];
  export default documents;
}
