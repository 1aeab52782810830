import { toAscii } from "../text/ascii.ts";
import type { Alert } from "./alert-schema.ts";
import { writeParts, writeSubject } from "./email.ts";
import { type InertAlert, inertAlert } from "./inert.ts";
import { describeNews } from "./news.ts";
import { shorterDistances } from "./wording.ts";

/**
 * The most characters of one SMS of ours; a longer one costs a second. They are those of the GSM alphabet: ASCII,
 * except for a few that take two places.
 */
export const maximumSms = 140;

/** The alert in one SMS: the subject, how far from home, and what is new about it. */
export function renderSms(alert: Alert): string {
  return writeSms(inertAlert(alert, "text"));
}

/** The SMS of an alert whose texts are inert. */
export function writeSms(alert: InertAlert): string {
  const subject = writeSubject(alert);
  const room = maximumSms - subject.length - ". ".length - ", ".length;
  const news = [describeNews(alert)].flatMap((text) => (text === null ? [] : [{ text, share: 0.5 }]));
  const distances = shorterDistances(alert);
  const attempts = distances.map((text) => writeParts([{ text, share: 0.5 }, ...news], room));
  // A distance that is cut may stand without its unit: a shorter one says less, and is whole.
  const whole = attempts.findIndex(([written], index) => written === toAscii(distances[index] ?? ""));
  const written = attempts[whole] ?? writeParts(news, room);
  return toGsm(
    [subject, ...written]
      .filter(Boolean)
      .join(". ")
      .replace(/\.{4,}/g, "..."),
  );
}

/** ASCII without what is not in the GSM alphabet, or takes two places in it. */
export function toGsm(ascii: string): string {
  return ascii.replace(/[[\]{}\\^~|`]/g, (character) => gsm[character] ?? "'");
}

const gsm: Readonly<Record<string, string>> = { "[": "(", "]": ")", "{": "(", "}": ")", "\\": "/", "|": "/" };
