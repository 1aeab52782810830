import { type CompiledRule, compileRule } from "../sigma/compile.ts";
import documents from "./*.yml";

/** Every rule of this folder, compiled. The files themselves are read and checked when the bundle is built. */
export const rules: readonly CompiledRule[] = documents.map(compileRule);
