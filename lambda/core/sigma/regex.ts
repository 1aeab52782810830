import { RE2JS } from "re2js";

/** Makes a test of whether a regular expression is found in a text. */
export type CompileRegex = (source: string, flags: string) => (text: string) => boolean;

const flagBits: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
};

/**
 * Compiles a regular expression for RE2, whose time grows linearly with the text: no event can stall a function. RE2
 * has no lookaround and no backreferences, which need backtracking.
 *
 * @param flags any of `i` (case-insensitive), `m` (`^` and `$` at line breaks), `s` (`.` matches line breaks)
 * @throws an Error that names the part that RE2 refuses
 */
export const compileRegex: CompileRegex = (source, flags) => {
  const bits = [...flags].reduce((sum, flag) => sum | (flagBits[flag] ?? 0), 0);
  const regex = RE2JS.compile(source, bits);
  return (text) => regex.test(text);
};
