import { writePart, writeParts, writeSubject } from "./email.ts";
import type { InertAlert } from "./inert.ts";
import { shorterNews } from "./news.ts";
import { shorterDistances } from "./wording.ts";

/**
 * The most characters of one SMS of ours; a longer one costs a second. They are those of the GSM alphabet: ASCII,
 * except for a few that take two places.
 */
export const maximumSms = 140;

/** The alert in one SMS, its texts inert: the subject, how far from home, and what is new about it. */
export function writeSms(alert: InertAlert): string {
  const subject = writeSubject(alert);
  const room = maximumSms - subject.length - separator.length;
  return toGsm(
    [subject, factsWithin(alert, room)]
      .filter(Boolean)
      .join(separator)
      .replace(/\.{4,}/g, "..."),
  );
}

const separator = ". ";

/**
 * What is new, and how far from home, in the room: the most of what is new, then the most of the distance, as either says less in less
 * room. Where not both fit, far from home stands alone. Only what is new is cut, where not the least of it fits.
 */
function factsWithin(alert: InertAlert, room: number): string {
  const distances = shorterDistances(alert).map(writePart);
  const news = shorterNews(alert).map(writePart);
  const pairs = news.flatMap((text) => distances.map((distance) => `${distance}${separator}${text}`));
  // Far from home says more than that it is new: what is new is left out before the distance is.
  const alone = alert.geo.verdict === "mismatch" || news.length === 0 ? [...distances, ...news] : news;
  const whole = [...pairs, ...alone].find((text) => text.length <= room);
  if (whole !== undefined) return whole;
  return writeParts(
    news.slice(-1).map((text) => ({ text, share: 1 })),
    room,
  ).join("");
}

/** ASCII without what is not in the GSM alphabet, or takes two places in it. */
export function toGsm(ascii: string): string {
  return ascii.replace(/[[\]{}\\^~|`]/g, (character) => gsm[character] ?? "'");
}

const gsm: Readonly<Record<string, string>> = { "[": "(", "]": ")", "{": "(", "}": ")", "\\": "/", "|": "/" };
