import { cutInert, inertText, isPlainEmail } from "../alerts/inert.ts";
import { noticeMessage } from "../alerts/notice-message.ts";
import type { TopicMessage } from "../alerts/topic-message.ts";
import { describeScope } from "../exceptions/exception.ts";
import { describeDoubt } from "../incidents/doubt.ts";
import type { NetworkKind } from "../okta/network-service.ts";
import { plural } from "../text/shorten.ts";
import { type Digest, daysOfWeek, type Figure } from "./digest.ts";

/** The longest line: a phone shows some 40 to 60 characters without breaking it. */
export const maximumLine = 60;

/** The most lines of one list; the JSON body has all of it. */
const maximumListed = 10;

const kindNames: Readonly<Record<NetworkKind, string>> = {
  tor: "Tor",
  residential_proxy: "residential proxies",
  blockchain_vpn: "blockchain VPNs",
  proxy: "proxies",
  vpn: "VPNs",
  relay: "privacy relays",
};

/** The digest as a message of the alert topic. */
export function renderDigest(digest: Digest): TopicMessage {
  const { alerts, signIns } = digest;
  const days = describeDays(digest);
  const start = `${plural(alerts.count, "alert")}, ${plural(signIns.count, "sign-in")} through anonymous networks`;
  const texts = { subject: `Digest of ${days}: ${start}`, email: writeDigest(digest), sms: `${days}: ${start}` };
  return noticeMessage({ body: { ...digest }, ...texts });
}

/** The digest as a person reads it: in short lines, what matters most first, without an empty section. */
export function writeDigest(digest: Digest): string {
  const { from, to } = digest;
  const isWeek = Date.parse(to) - Date.parse(from) === (daysOfWeek - 1) * 86_400_000;
  const write: Write = {
    earlier: ({ before }) => (before === null ? "" : ` (${isWeek ? "week before" : "before"} ${number(before)})`),
    figure: (each) => `${number(each.count)}${write.earlier(each)}`,
  };
  const sections = [
    openIncidents(digest),
    endingExceptions(digest),
    newPersons(digest, write),
    byKind(digest, write),
    byOperator(digest, write),
    notAlerted(digest, write),
    byDetection(digest, write),
    loudDetections(digest),
    noisyDetections(digest),
  ].filter((section) => section.length > 0);
  const lines = [describeDays(digest), ...overview(digest, write), ...sections.flatMap((section) => ["", ...section])];
  return `${lines.join("\n")}\n`;
}

/** Writes figures. */
interface Write {
  /** With that of the period before: `4 (week before 1)`. */
  readonly figure: (figure: Figure) => string;
  /** That of the period before alone: ` (week before 1)`; nothing where nothing was counted then. */
  readonly earlier: (figure: Figure) => string;
}

/** `16 to 22 November 2026`. */
function describeDays({ from, to }: Pick<Digest, "from" | "to">): string {
  const last = new Date(to);
  const written = dayName(last, true);
  if (from === to) return written;
  const first = new Date(from);
  if (from.slice(0, 7) === to.slice(0, 7)) return `${first.getUTCDate()} to ${written}`;
  return `${dayName(first, from.slice(0, 4) !== to.slice(0, 4))} to ${written}`;
}

function dayName(date: Date, withYear: boolean): string {
  const year = withYear ? ({ year: "numeric" } as const) : {};
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "long", timeZone: "UTC", ...year });
}

function overview({ alerts, severities, signIns, failed }: Digest, write: Write): string[] {
  const levels = severities.filter(isSome).map(({ severity, count }) => `${number(count)} ${severity}`);
  const none = `No sign-in through an anonymous network${write.earlier(signIns)}`;
  const isQuiet = !isSome(signIns) && !isSome(alerts);
  return [
    ...(isQuiet ? [] : lines("", `Alerts: ${write.figure(alerts)}`)),
    ...(levels.length === 0 ? [] : lines("", levels.join(", "))),
    ...lines("", isSome(signIns) ? `Sign-ins through anonymous networks: ${write.figure(signIns)}` : none),
    ...(isSome(failed) ? lines("", `Of them failed: ${write.figure(failed)}`) : []),
  ];
}

function openIncidents({ openIncidents: { count, listed } }: Digest): string[] {
  if (count === 0) return [];
  const named = listed.slice(0, maximumListed);
  return [
    `Incidents without a verdict: ${number(count)}`,
    ...named.flatMap(({ id, severity, user, last }) => {
      const who = user === null ? "several persons" : (user.login ?? user.displayName ?? user.id ?? "an unknown user");
      return lines(
        "- ",
        `${severity}, ${dayName(new Date(last), false)}: ${describe(who)} (${describe(id.slice(0, 8))})`,
      );
    }),
    ...(count > named.length ? [`- and ${number(count - named.length)} more`] : []),
    "Judge them: npx okta-proxy-watch incidents list --open",
  ];
}

function endingExceptions({ endingExceptions: all }: Digest): string[] {
  if (all.length === 0) return [];
  const listed = all.slice(0, maximumListed).flatMap(({ id, scope, until }) => {
    return lines("- ", `${dayName(new Date(until), false)}: ${describe(scope)} (${describe(id)})`);
  });
  const more = all.length > maximumListed ? [`- and ${number(all.length - maximumListed)} more`] : [];
  const heading = `Exceptions that end soon: ${number(all.length)}`;
  return [heading, ...listed, ...more, "Keep one: npx okta-proxy-watch exceptions add --help"];
}

function newPersons({ newPersons: { logins, ...figure } }: Digest, write: Write): string[] {
  if (!isSome(figure)) return [];
  const named = logins.slice(0, maximumListed);
  const more = Math.max(figure.count, logins.length) - named.length;
  return [
    ...lines("", `Persons new to anonymous networks: ${write.figure(figure)}`),
    ...named.flatMap((login) => lines("- ", describe(login))),
    ...(more > 0 && named.length > 0 ? [`- and ${number(more)} more`] : []),
  ];
}

function byKind({ kinds }: Digest, write: Write): string[] {
  const named = kinds.map(({ kind, ...each }) => ({ name: kindNames[kind], ...each }));
  return list("Sign-ins by kind", named, write);
}

function byOperator({ operators }: Digest, write: Write): string[] {
  const named = operators.map(({ operator, ...each }) => ({ name: operator ?? others, ...each }));
  return list("Sign-ins by operator", named, write);
}

function notAlerted({ suppressed, inStorms, excepted, exceptions }: Digest, write: Write): string[] {
  const totals = [
    { name: "suppressed, as no news", ...suppressed },
    { name: "reported by alerts about many", ...inStorms },
    { name: "excepted", ...excepted },
  ];
  const covering = exceptions.map(({ id, scope, ...each }) => ({
    name: id === null ? others : `${id}, ${scope ?? "which is gone"}`,
    ...each,
  }));
  return [...list("Without an alert of their own", totals, write), ...list("By exception", covering, write)];
}

function byDetection({ detections }: Digest, write: Write): string[] {
  const named = detections.map(({ id, title, ...each }) => ({ name: title ?? id ?? others, ...each }));
  return list("Alerts by detection", named, write);
}

/** The most loud detections that a mail names. */
const maximumLoud = 3;

function loudDetections({ loudDetections: all }: Digest): string[] {
  if (all.length === 0) return [];
  const listed = all.slice(0, maximumLoud);
  const rest = all.length - listed.length;
  return [
    "What would halve the alerts",
    ...listed.flatMap(({ title, alerts, persons, except, doubt }) => {
      // Alerts about storms name no person.
      const whom = persons === 0 ? "" : `, ${plural(persons, "person")}`;
      const start = `${describe(title)}: ${plural(alerts, "alert")}${whom}`;
      const why = doubt === null ? "" : `, as ${describe(describeDoubt(doubt))}`;
      if (except === null) return lines("- ", `${start}; no exception is proposed${why}`);
      const { scope, covers, of } = except;
      // Its detection is that of the line.
      const { detections: _, ...where } = scope;
      return lines(
        "- ",
        `${start}; an exception for ${describe(describeScope(where))} would have covered ${number(covers)} of ${number(of)}`,
      );
    }),
    ...(rest > 0 ? [`- and ${number(rest)} more`] : []),
    "Commands: npx okta-proxy-watch report --since 7d",
  ];
}

function noisyDetections({ noisyDetections: all }: Digest): string[] {
  if (all.length === 0) return [];
  const listed = all.slice(0, maximumListed);
  const rest = all.length - listed.length;
  return [
    "Detections that only make noise",
    ...listed.flatMap(({ title, harmless }) => lines("- ", `${describe(title)}: ${number(harmless)} harmless`)),
    ...(rest > 0 ? [`- and ${number(rest)} more`] : []),
    "What to tune: npx okta-proxy-watch incidents score",
  ];
}

/** The name of what exceeds the bound of a day. */
const others = "others";

const isSome = ({ count }: Figure) => count > 0;

/** A list of figures below its heading; none where nothing was counted in the period. */
function list(heading: string, all: readonly (Figure & { readonly name: string })[], write: Write): string[] {
  const some = all.filter(isSome);
  if (some.length === 0) return [];
  const listed = some
    .slice(0, maximumListed)
    .flatMap(({ name, ...each }) => lines("- ", `${describe(name)}: ${write.figure(each)}`));
  const rest = some.slice(maximumListed);
  const count = rest.reduce((sum, each) => sum + each.count, 0);
  return [heading, ...listed, ...(rest.length === 0 ? [] : [`- ${number(rest.length)} more: ${number(count)}`])];
}

const number = (count: number) => count.toLocaleString("en-US");

/** A text from outside, harmless; logins and networks that stand in it stay as they are. */
function describe(text: string): string {
  const kept = text.split(/,? /).filter((part) => isPlainEmail(part) || /^[\d.:a-f]+\/\d+$/i.test(part));
  return inertText(text, "text", kept);
}

/** A text on lines of at most {@link maximumLine}, the first behind a mark, the others indented below it. */
function lines(mark: string, text: string): string[] {
  const room = maximumLine - mark.length;
  const broken: string[] = [""];
  for (const word of text.split(" ").map((each) => cutInert(each, room))) {
    const line = broken.at(-1) ?? "";
    if (line === "") broken[broken.length - 1] = word;
    else if (line.length + 1 + word.length <= room) broken[broken.length - 1] = `${line} ${word}`;
    else broken.push(word);
  }
  return broken.map((line, index) => `${index === 0 ? mark : " ".repeat(mark.length)}${line}`);
}
