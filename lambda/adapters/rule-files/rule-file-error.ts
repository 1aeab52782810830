import { InputError } from "../../core/values/input-error.ts";

/** Rule or filter files that cannot be run. The message has the file, the line and the text of each fault. */
export class RuleFileError extends InputError {
  override readonly name = "RuleFileError";
}
