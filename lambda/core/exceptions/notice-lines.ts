import { inertText, isPlainEmail } from "../alerts/inert.ts";
import { shorten } from "../text/shorten.ts";
import { describeScope, type Exception } from "./exception.ts";

/** The most characters about one exception: SNS takes 256 KiB. */
const maximumText = 500;

/** An exception in a notice: what it covers and until when, and who says why, in texts that are inert. */
export interface NoticeLines {
  readonly what: string;
  readonly why: string;
}

/** Describes an exception for a notice. */
export function describeForNotice({ id, scope, by, reason, until }: Exception): NoticeLines {
  const kept = [scope.user, by, scope.cidr]
    .filter((part) => part !== undefined)
    .filter((part) => part === scope.cidr || isPlainEmail(part));
  const brief = (text: string) => shorten(inertText(text, "text", kept), maximumText);
  return {
    what: `${brief(describeScope(scope))}, until ${brief(until)}`,
    why: `${brief(reason)} (${brief(by)}). Its id is ${brief(id)}.`,
  };
}
