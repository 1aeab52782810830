import { isIPv4, isIPv6 } from "node:net";
import { masked } from "../okta/stranger.ts";
import type { Alert } from "./alert-schema.ts";

/*
 * Texts of an event are data: the person who signs in chooses some of them. No reader of an alert may take one for a
 * link, a mention, an emoji, markup or a line of its own. Links are written as security people write those that must
 * not be followed: `hxxps[:]//evil[.]example`.
 */

/**
 * The reader of a text.
 *
 * - `data`: a program, such as a SIEM. Texts are on one line and well-formed, and otherwise as they are.
 * - `text`: a person, as plain text: mail, SMS, subjects, notices. A login that is a plain e-mail address stays as it
 * is, since it has to be copied; a mail program may offer to write to it.
 * - `chat`: a person, through a program that knows markup and mentions: Slack, Teams, and PagerDuty, which posts to
 * both. An e-mail address is defanged too.
 */
export type Reader = "data" | "text" | "chat";

declare const inert: unique symbol;

/** An alert whose texts are inert, for renderings. Only {@link inertAlert} makes one. */
export type InertAlert = Alert & { readonly [inert]: true };

/** Control, format, direction, line and invisible characters. */
const shaping = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+/gu;

/**
 * Puts a text from outside on one line, well-formed, without hidden characters and without those that shape their
 * surroundings.
 */
export function oneLine(text: string): string {
  return text.toWellFormed().replace(shaping, " ").trim();
}

/**
 * Makes a text of an event harmless to its reader: it removes links, mentions, emoji, markup and characters that shape
 * their surroundings. A text that is inert already does not change.
 *
 * @param kept parts of the text that do not change where they stand alone: logins, addresses. @default none
 */
export function inertText(text: string, reader: Reader, kept: readonly string[] = []): string {
  return makeInert(text, reader, keptParts(kept));
}

/**
 * The facts of an alert with inert texts, for the words that are written from them: an alert's summary and steps. Logins
 * that are plain e-mail addresses stay as they are, in every text in which they stand: {@link Reader} `text`.
 *
 * @param facts JSON of any shape, links of our own left out
 */
export function inertFacts<Facts extends object>(facts: Facts): Facts {
  return mapTexts(facts, inertWriter(facts, "text")) as Facts;
}

/** An alert with inert texts, but for links of our own, and for the event, which is as it was received. */
export function inertAlert(alert: Alert, reader: Reader): InertAlert {
  return mapTexts(alert, inertWriter(alert, reader)) as InertAlert;
}

/**
 * An inert text that is still inert where it is cut.
 *
 * @param maximum UTF-16 code units, with the ellipsis where some are left out
 */
export function cutInert(text: string, maximum: number): string {
  if (text.length <= maximum) return text;
  return `${text
    .slice(0, Math.max(maximum - 1, 0))
    .toWellFormed()
    .replace(/(?:_|\[[.:@]?)+$/, "")}…`;
}

/** Rewrites one text. `path` is its place, without the indices of lists: `detections.title`. */
type Write = (text: string, path: string) => string;

/** Parts that do not change: our own links, and the event as received. */
const untouched: ReadonlySet<string> = new Set([
  "links",
  "event",
  "okta.systemLogUrl",
  "detections.correlation.events.link",
]);

/** Texts of this product, and of the rules, which the deploying team writes: their links may be followed. */
const ofOurs: ReadonlySet<string> = new Set([
  "detections.id",
  "detections.title",
  "detections.description",
  "detections.tags",
  "detections.references",
  "detections.falsePositives",
  "detections.matched.selection",
  "detections.matched.fields.field",
  "detections.correlation.type",
  "detections.correlation.timespan",
  "detections.correlation.events.undo",
  "detections.correlation.events.rule.id",
  "detections.correlation.events.rule.title",
  "severityAdjustments.title",
  "network.anonymous.signals",
  "incident.before.detections.id",
  "incident.before.detections.title",
]);

function inertWriter(facts: object, reader: Reader): Write {
  const kept = keptParts(standingTexts(facts, reader));
  return (text, path) => {
    if (reader === "data" || (reader === "text" && ofOurs.has(path))) return oneLine(text);
    if (text === masked) return text;
    // A storm has more logins than are kept within other texts.
    if (reader === "text" && path === "storm.users.login" && isPlainEmail(text)) return text;
    // The org's domain comes from the envelope, which Okta writes.
    const name = path.slice(path.lastIndexOf(".") + 1);
    if (name === "org" && isDomain(text)) return text;
    if ((name === "eventType" || path === "action.name") && isEventType(text)) return text;
    return path === "triage" ? inertStep(text, reader, kept) : makeInert(text, reader, kept);
  };
}

function mapTexts(value: unknown, write: Write, path = ""): unknown {
  if (untouched.has(path)) return value;
  if (typeof value === "string") return write(value, path);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, write, path));
  const mapped: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value)) {
    const isText = typeof each === "string" || (typeof each === "object" && each !== null);
    const written = isText ? mapTexts(each, write, path === "" ? name : `${path}.${name}`) : each;
    if (name === "__proto__") Object.defineProperty(mapped, name, { ...ownProperty, value: written });
    else mapped[name] = written;
  }
  return mapped;
}

/** What an assignment makes, but for a name that an assignment would take as the prototype. */
const ownProperty = { enumerable: true, configurable: true, writable: true } as const;

/** The most logins and addresses that do not change: an alert about many persons names some of them. */
const maximumKept = 50;

/** IP addresses, which no program makes a link of; for plain text, also logins that are plain e-mail addresses. */
function standingTexts(facts: object, reader: Reader): readonly string[] {
  const found = new Set<string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "object" && value !== null && !untouched.has(path)) {
      for (const [name, each] of Object.entries(value)) {
        if (typeof each !== "string") visit(each, path === "" ? name : `${path}.${name}`);
        else if (name === "ip" && isAddress(each)) found.add(each);
        else if ((name === "login" || name === "person") && reader === "text" && isPlainEmail(each)) found.add(each);
      }
    }
  };
  visit(facts, "");
  return [...found].slice(0, maximumKept);
}

/** Okta's longest login, in characters: https://developer.okta.com/docs/reference/api/users (profile, login). */
const maximumLogin = 100;

const email = /^(?!www\.)[\p{L}\p{N}_+'-]+(?:\.[\p{L}\p{N}_+'-]+)*@(?:[a-z0-9-]+\.)+[a-z]{2,}$/iu;
/**
 * The same for a text of ASCII, as nearly all are, and likewise below: Node.js compiles classes of all letters for up to a millisecond of
 * a processor on first use, which the first alert of a cold start would wait for.
 */
const plainEmail = /^(?!www\.)[\w+'-]+(?:\.[\w+'-]+)*@(?:[a-z0-9-]+\.)+[a-z]{2,}$/i;

/** Whether a text is nothing but an e-mail address, of a domain in ASCII. */
export function isPlainEmail(text: string): boolean {
  return text.length <= maximumLogin && (plainLine.test(text) ? plainEmail : email).test(text) && !/xn--/i.test(text);
}

/** An IP address; not one with a zone (`1::%evil.example`), which may be any text. */
export function isAddress(text: string): boolean {
  if (!/^[\da-f:.]+$/i.test(text)) return false;
  // Node.js compiles a long expression for IPv6 on first use: no alert waits for it that has no such text.
  return text.includes(":") ? isIPv6(text) : isIPv4(text);
}

/** A time in ISO 8601. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?$/.test(text);
}

function isDomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i.test(text);
}

/**
 * Whether a text is an event type in Okta's form, of one of the families of its catalog
 * (developer.okta.com/docs/reference/api/event-types), as of its release 2026.08.1.
 */
function isEventType(text: string): boolean {
  const [family = "", ...rest] = text.split(".");
  return families.has(family) && rest.length > 0 && rest.every((name) => /^[a-z][a-z0-9_]*$/.test(name));
}

const families: ReadonlySet<string> = new Set(
  `access account analytics app application certification core credential device directory entitlement event_hook governance
  group iam inline_hook integration master_application mim network_zone oauth2 org pam personal pki plugin policy resource
  resource_servers scheduled_action security self_service support system task user workflows workload_principal zone`.split(
    /\s+/,
  ),
);

/** Parts of texts that do not change. */
interface KeptParts {
  /** The parts of a text: every other one is kept. */
  readonly split: (text: string) => readonly string[];
}

/**
 * Kept parts are found without an expression: one would be compiled for each alert, which costs more than all else that is done with its
 * texts.
 */
function keptParts(texts: readonly string[]): KeptParts {
  const longestFirst = texts.filter((each) => each !== "").sort((first, second) => second.length - first.length);
  return {
    split(text) {
      if (texts.includes(text)) return ["", text];
      if (!longestFirst.some((each) => text.includes(each))) return [text];
      const pieces: string[] = [];
      let start = 0;
      for (let at = 0; at < text.length; at += 1) {
        if (at > 0 && !opening.test(text.charAt(at - 1))) continue;
        const part = longestFirst.find((each) => text.startsWith(each, at) && mayEnd(text, at + each.length));
        if (part === undefined) continue;
        pieces.push(text.slice(start, at), part);
        start = at + part.length;
        at = start - 1;
      }
      return [...pieces, text.slice(start)];
    },
  };
}

/** What a kept part stands after: a space, a quote or a bracket. */
const opening = /[\s("']/;

/** Whether a kept part may end here: before a space, a quote, a bracket, or the punctuation of a sentence. */
function mayEnd(text: string, end: number): boolean {
  const next = text.charAt(end);
  if (next === "") return true;
  if (next === "." || next === ":") return !/\S/.test(text.charAt(end + 1));
  return /[\s)"',;]/.test(next);
}

function makeInert(text: string, reader: Reader, kept: KeptParts): string {
  // Most texts hold nothing but ASCII, in which there is neither a picture nor what shapes its surroundings.
  const line = plainLine.test(text) ? text.trim() : oneLine(text.replace(pictures, "□"));
  if (plainWords.test(line)) return reader === "chat" ? withoutListMark(line) : line;
  if (reader === "data" || isAddress(line) || isTime(line)) return line;
  const pieces = kept.split(line);
  const joined = pieces.map((piece, index) => (index % 2 === 0 ? defang(piece, reader) : piece)).join("");
  return reader === "chat" ? withoutListMark(joined) : joined;
}

/** The printable characters of ASCII. */
const plainLine = /^[ -~]*$/;

/** Most texts match this pattern, and need no change. */
const plainWords = /^[A-Za-z0-9 ,;()"'-]*$/;

/**
 * Emoji and other characters that a font shows as a picture, their variation selectors and joiners, and characters
 * without a meaning.
 */
const pictures =
  /(?:[0-9#*]\ufe0f?\u20e3|[[\p{Extended_Pictographic}\p{Emoji_Presentation}\p{Regional_Indicator}\p{Co}\p{Cn}\u20e3]--[©®™]][\ufe0e\ufe0f\u200d\p{Emoji_Modifier}]*)+/gv;

/** Replacements of characters of markup: they look alike, and no markup has them. */
const lookalikes: Readonly<Record<string, string>> = {
  "`": "'",
  "*": "∗",
  "~": "∼",
  "|": "∣",
  "#": "＃",
  "<": "‹",
  ">": "›",
};

const toRound = (bracket: string) => (bracket === "[" ? "(" : ")");

/** The last texts that were defanged, by their reader: alerts of one delivery, and the parts of one alert, share most of them. */
const defanged: Readonly<Record<Reader, Map<string, string>>> = { data: new Map(), text: new Map(), chat: new Map() };
/** The most texts that are kept of a reader, and the most characters of each: half a megabyte. */
const maximumDefanged = { texts: 500, length: 500 } as const;

function defang(text: string, reader: Reader): string {
  if (plainWords.test(text)) return text;
  if (text.length > maximumDefanged.length) return defangAnew(text, reader);
  const known = defanged[reader];
  const found = known.get(text);
  if (found !== undefined) return found;
  const written = defangAnew(text, reader);
  if (known.size >= maximumDefanged.texts) known.clear();
  known.set(text, written);
  return written;
}

/** The colons of `https://`, `mailto:`, `:smile:`; not of `09:30:00`. */
const colons = /(?<!\d):(?=[^\s()[\]:])|(?<=\d):(?=[^\s()[\]:])(?!\d\dZ?(?![\p{L}\p{N}_]))/gu;
const plainColons = /(?<!\d):(?=[^\s()[\]:])|(?<=\d):(?=[^\s()[\]:])(?!\d\dZ?(?!\w))/g;

/** The points before a top-level domain, which starts with a letter and has two; one of other letters may have one. */
const points = /\.(?=[A-Za-z](?:[\w-]|\P{ASCII})|(?![\p{ASCII}\p{P}\p{Z}]).)/gu;
const plainPoints = /\.(?=[A-Za-z][\w-])/g;

/** Each step costs a pass over the text, and is left out where the text has none of its characters. */
function defangAnew(text: string, reader: Reader): string {
  let harmless = plainLine.test(text) ? text : foldPunctuation(text);
  const has = (part: string) => harmless.includes(part);
  if (has("[") || has("]")) {
    harmless = harmless
      // Brackets of links; those of a defanged text stay, where no address follows them.
      .replace(/\[([.:@])\]|[[\]]/g, (found, inner?: string) => (inner === undefined ? toRound(found) : found))
      .replace(/(?:\[[.:@]\])+(?=[(:])/g, (run) => run.replace(/[[\]]/g, toRound));
  }
  harmless = harmless.replace(/[`*~|#<>]/g, (character) => lookalikes[character] ?? " ");
  // `\\server\share`, and `//` before what is an address without a dot.
  if (has("\\")) harmless = harmless.replace(/\\(?=\\)/g, "\\ ");
  if (has("//")) harmless = harmless.replace(/\/\/(?=localhost|\d)/gi, "/ /");
  if (has(":")) {
    harmless = harmless
      .replace(plainLine.test(harmless) ? plainColons : colons, "[:]")
      .replace(/http(?=s?\[:\])/gi, "hxxp");
  }
  if (has("@")) harmless = harmless.replace(/@(?=[^\s()[\]:])/g, "[@]");
  if (has(".")) {
    harmless = harmless
      .replace(plainLine.test(harmless) ? plainPoints : points, "[.]")
      .replace(/(?<=www|\/\/[^\s/]{0,253})\.(?=[^\s()[\]:])/gi, "[.]")
      // An IPv4 address alone is no link anywhere; one with a path is, and a network of CIDR is none.
      .replace(/(?<=\d\.\d{1,3}\.\d{1,3})\.(?=\d{1,3}[/\\](?!\d{1,2}(?![\w./-])))/g, "[.]");
  }
  if (reader === "text") return harmless;
  return harmless.replace(/&(?=[#\w])/g, "＆").replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "＿");
}

/** A list, a rule or a heading, where a text starts with its mark. */
function withoutListMark(text: string): string {
  return text.replace(/^(?:[-+=]+|(\d+)[.)])(?=\s|$)/, (_, number?: string) =>
    number === undefined ? "–" : `${number}[.]`,
  );
}

/**
 * Punctuation in its other forms (`．`, `。`, `：`, `℀`), which some programs take for the usual one and a subject is folded to, as
 * the usual one; without marks that combine with it.
 */
function foldPunctuation(text: string): string {
  return text
    .replace(/[。｡](?=\S)/g, ".")
    .replace(/[^\p{ASCII}…]/gu, (character) => {
      const folded = character.normalize("NFKD").replace(/\p{Mn}/gu, "");
      return /[!-/:-@[-`{-~]/.test(folded) ? folded : character;
    })
    .replace(/([!-/:-@[-`{-~])\p{M}+/gu, "$1");
}

/** A triage step may end in a command, which does not change, so that it can be copied. */
const ownCommand =
  /^(.*:) (npx okta-proxy-watch exceptions add(?: --[a-z-]+ (?:[\w+-]+|(?!www\.)[\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]+))+ --reason "\.\.\.")$/is;

/** Splits a step into its words and the command at its end; null for none. */
export function splitStep(step: string): { readonly words: string; readonly command: string | null } {
  const [, words, command] = ownCommand.exec(step) ?? [];
  return words === undefined || command === undefined ? { words: step, command: null } : { words, command };
}

function inertStep(step: string, reader: Reader, kept: KeptParts): string {
  const { words, command } = splitStep(step);
  const inertWords = makeInert(words, reader, kept);
  return command === null ? inertWords : `${inertWords} ${command}`;
}
