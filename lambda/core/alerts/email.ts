import { sessionStart } from "../okta/log-event.ts";
import { toAscii } from "../text/ascii.ts";
import { type Part, shareRoom } from "../text/share-room.ts";
import { wordEnd } from "../text/word-end.ts";
import { firstScreen } from "./first-screen.ts";
import { incidentCommand } from "./incident.ts";
import { type InertAlert, inertText } from "./inert.ts";
import { alertRows } from "./rows.ts";
import { isOfStorm } from "./storm.ts";
import { loginLines } from "./storm-words.ts";
import { storyOf, timeline, undoList } from "./story.ts";
import { describeAgeShort, describeKind, hasOrigin, nameConcerned, nameUser } from "./wording.ts";

/** SNS takes subjects of at most 100 characters: printable ASCII, not starting with a space. */
const maximumSubject = 99;

/**
 * The e-mail's subject, of an alert whose texts are inert: ASCII, under 100 characters, on one line. The event, the user and the country each have a share
 * of the room, so that a long one does not push out the others.
 */
export function writeSubject(alert: InertAlert): string {
  const age = describeAgeShort(alert);
  const end = age === null ? "" : `, ${age}`;
  const start = `${alert.test ? "[TEST] " : ""}[${alert.severity}] `;
  const room = maximumSubject - start.length - end.length - ": , ".length;
  const [kind, ...others] = writeParts(
    [{ text: describeKind(alert), share: 0.4 }, { text: nameConcerned(alert), share: 0.35 }, ...countryPart(alert)],
    room,
  );
  return `${start}${kind}: ${others.join(", ")}${end}`;
}

/** The country for a subject or a title; none for an act without an address. */
export function countryPart(alert: InertAlert): readonly Part[] {
  const { country } = alert.geo.exit;
  if (country === null && alert.okta.eventType !== sessionStart && !hasOrigin(alert)) return [];
  return [{ text: country ?? "unknown country", share: 0.25 }];
}

/**
 * Parts of a line in ASCII, each within its share of the room. A login that is cut, or has lost its accents, may be
 * another person's address: it is defanged.
 */
export function writeParts(parts: readonly Part[], room: number): string[] {
  const written = parts.map(({ text, share }) => ({ text: writePart(text), share }));
  return shareRoom(written, room).map((length, index) => {
    const text = written[index]?.text ?? "";
    return text.length <= length ? text : `${cutDefanged(text, Math.max(length - 3, 0))}...`;
  });
}

/** A text in ASCII, defanged where it has lost anything. */
export function writePart(text: string): string {
  const ascii = toAscii(text);
  return ascii === text ? text : defang(ascii);
}

/** The longest defanged beginning that ends behind a word. An address of IPv6 stands as it is, and its beginning may not. */
function cutDefanged(text: string, maximum: number): string {
  const defanged = defang(text);
  for (let length = wordEnd(defanged, maximum); length > 0; length--) {
    const start = defang(defanged.slice(0, length));
    if (start.length <= maximum) return start;
  }
  return "";
}

function defang(ascii: string): string {
  return toAscii(inertText(ascii, "text"));
}

/**
 * The alert as an e-mail, its texts inert: what fits the first screen of a phone (verdict, person, place, network, what is new about it,
 * what to do first), and below it the rest, in sections.
 */
export function writeEmail(alert: InertAlert): string {
  const { okta } = alert;
  const { lines, left } = firstScreen(alert);
  const numbered = (steps: readonly string[]) => steps.map((step, index) => `${index + 1}. ${step}`);
  const [, ...further] = alert.triage;
  // What is harmless about one person's sign-in is no reason for a storm of failed attempts.
  const isStorm = isOfStorm(alert) && alert.storm?.report !== "gathered";
  const reasons = new Set(isStorm ? [] : alert.detections.flatMap(({ falsePositives }) => falsePositives));
  return [
    ...lines,
    "",
    ...storyLines(alert),
    ...(left?.isWhole === true
      ? section("What to do", numbered(alert.triage))
      : section("Then", numbered([...(left === null ? [] : [left.text]), ...further]))),
    ...section(
      "Facts",
      alertRows(alert).map(([name, value]) => `${name.padEnd(10)}${value}`),
    ),
    ...stormLines(alert),
    ...section(
      "Detections",
      alert.detections.map(({ level, title }) => `- ${level}: ${title}`),
    ),
    ...section(
      "When it may be harmless",
      [...reasons].map((reason) => `- ${reason}`),
    ),
    ...section("Look in Okta", linkLines(alert)),
    ...(alert.links.map === null ? [] : [`Where it came from, on a map: ${alert.links.map}`]),
    ...[incidentCommand(alert)].flatMap((line) =>
      line === null ? [] : [`Its incident, and how to judge it: ${line}`],
    ),
    `Event ${okta.eventUuid}, alert ${alert.alertId}`,
    ...(alert.eventCut === null
      ? []
      : [`Left out of the alert's copy of the event for size: ${alert.eventCut.join(", ")}`]),
    "",
  ].join("\n");
}

/** A titled part of the e-mail; nothing where it has no lines. */
function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines, ""];
}

/** The most acts that a mail names, and the most that it says how to undo. */
const maximumActs = 20;

/** What came together with the event, and what to undo, act by act. */
function storyLines(alert: InertAlert): readonly string[] {
  const story = storyOf(alert);
  if (story === null) return [];
  const undo = undoList(story, maximumActs).flatMap(({ text, link }) => [
    `- ${text}`,
    ...(link === null ? [] : [`  ${link}`]),
  ]);
  return [
    ...section(
      "What happened",
      timeline(story, nameUser(alert), maximumActs).map((line) => `- ${line}`),
    ),
    ...section("What to undo", undo),
  ];
}

/** The logins of a storm. */
function stormLines({ storm }: InertAlert): readonly string[] {
  return storm === null || storm.report === null
    ? []
    : section(
        "Logins",
        loginLines(storm).map((line) => `- ${line}`),
      );
}

/** Links into the admin console. */
function linkLines({ links }: InertAlert): string[] {
  const named: [name: string, url: string | null][] = [
    ["The event", links.event],
    ["This user's day", links.user],
    ["The session", links.session],
    ["This address's week", links.address],
    ["The user's page", links.userProfile],
    ["The page of whom it was done to", links.targetProfile],
  ];
  const known = named.filter(([, url]) => url !== null);
  return known.map(([name, url]) => `- ${name}: ${url}`);
}
