import type { Rule } from "../sigma/rule.ts";
import documents from "./*.yml";

/** Every rule of this folder, its filters applied. The files themselves are read and checked when the bundle is built. */
export const rules: readonly Rule[] = documents;
