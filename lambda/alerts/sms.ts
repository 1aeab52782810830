import type { Alert } from "./alert-schema.ts";
import { renderSubject } from "./email.ts";
import { describeDistance, describeProxy } from "./wording.ts";

/** What one SMS takes of the GSM alphabet; more costs a second one. ASCII is in it, but for a few that take two. */
const maximumSms = 140;

/** The alert in one SMS: the subject, and through what and how far from home. */
export function renderSms(alert: Alert): string {
  const more = [describeProxy(alert), describeDistance(alert)].filter(Boolean).join(", ");
  const text = `${renderSubject(alert)}${more === "" ? "" : `. ${more}`}`
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[^\x20-\x7e]+/g, "?")
    // Those that are not in the GSM alphabet, or take two places in it.
    .replace(/[[\]{}\\^~|`]/g, (character) => gsm[character] ?? "'");
  return text.length <= maximumSms ? text : `${text.slice(0, maximumSms - 3)}...`;
}

const gsm: Readonly<Record<string, string>> = { "[": "(", "]": ")", "{": "(", "}": ")", "\\": "/", "|": "/" };
