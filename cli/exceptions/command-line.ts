import type { ExceptionScope } from "../../lambda/core/exceptions/exception.ts";
import { InputError, onOneLine } from "../command.ts";
import { findAuthor } from "./author.ts";

/** The line that makes an exception, to paste. The reason's dots are refused, until a person fills them in. */
export function exceptionCommand(scope: ExceptionScope, target = ""): string {
  const { user, operator, asNumber, cidr, countryCode, kinds = [], detections = [] } = scope;
  const parts = [
    user === undefined ? "" : ` --user ${quoted(user)}`,
    operator === undefined ? "" : ` --operator ${quoted(operator)}`,
    asNumber === undefined ? "" : ` --asn ${asNumber}`,
    cidr === undefined ? "" : ` --cidr ${quoted(cidr)}`,
    countryCode === undefined ? "" : ` --country ${countryCode}`,
    kinds.length === 0 ? "" : ` --kind ${kinds.join(" ")}`,
    detections.length === 0 ? "" : ` --detection ${detections.map(quoted).join(" ")}`,
  ];
  return `npx okta-proxy-watch exceptions add${parts.join("")} --reason "..."${authorOption()}${target}`;
}

/**
 * The `--by` of a line to paste, with a space before it: empty where the machine's user is the author. Its dots are refused,
 * until a person fills them in.
 */
export function authorOption(): string {
  try {
    findAuthor(undefined);
    return "";
  } catch (error) {
    if (error instanceof InputError) return ' --by "..."';
    throw error;
  }
}

/** A word of a shell's command: people paste it, and a stranger may have chosen the text. */
function quoted(text: string): string {
  return /^\w[\w.+-]*(@[\w.-]+)?$/.test(text) ? text : `'${onOneLine(text).replaceAll("'", "'\\''")}'`;
}
