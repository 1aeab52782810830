import { sessionStart } from "../okta/log-event.ts";
import { succeeded } from "../okta/outcome.ts";
import { isUnknown } from "../okta/person.ts";
import { isRiskChange } from "../okta/risk.ts";
import { masked } from "../okta/stranger.ts";
import { countLines, fitLines } from "../text/fit-lines.ts";
import { plural } from "../text/shorten.ts";
import { wordEnd } from "../text/word-end.ts";
import { describeDeed } from "./deed.ts";
import { cutInert, type InertAlert, inertText, isAddress } from "./inert.ts";
import { shorterNews } from "./news.ts";
import { isOfStorm } from "./storm.ts";
import { countLogins, describeSpan, describeStarted } from "./storm-words.ts";
import { describeOrders, othersOf, storyOf } from "./story.ts";
import { describeTravel } from "./travel.ts";
import {
  describeAge,
  describeExit,
  describeKind,
  describeNetwork,
  describePersonsDoneTo,
  describeUser,
  isByUser,
  isNamed,
  isReport,
  nameProxy,
  nameUser,
  shorterDistances,
} from "./wording.ts";

/** The screen of a phone that is held upright, as a mail program shows plain text on it: characters of a line, and lines. */
export const phone = { columns: 40, lines: 12 } as const;

/** The most lines of a phone that each part takes; the first step takes what the others leave. */
const linesOfPart = 2;
/** The most lines of a verdict that says what came together. The timeline below it names the place again. */
const linesOfStory = 5;
const linesOfPlaceInStory = 1;

/** The first screen of an alert. */
export interface FirstScreen {
  readonly lines: readonly string[];
  /**
   * What the first screen leaves of the first step: sentences of it, the whole step where it stands there cut within a sentence, or null
   * for nothing.
   */
  readonly left: { readonly text: string; readonly isWhole: boolean } | null;
}

/**
 * What a person has to know of an alert, and the first thing to do, within {@link phone}: verdict, person, place, network or an
 * impossible travel, what is new about it, and the first triage step. A part without a value is left out.
 */
export function firstScreen(alert: InertAlert): FirstScreen {
  const isStory = storyOf(alert) !== null;
  const linesOfVerdict = isStory ? linesOfStory : linesOfPart;
  const linesOfPlace = isStory ? linesOfPlaceInStory : linesOfPart;
  const travel = labelled("Travel", describeTravel(alert));
  const withoutStory = travel ?? labelled("Network", networkOf(alert));
  const parts = [
    { text: firstThatFits(who(alert), linesOfPart), most: linesOfPart },
    { text: labelled("Where", where(alert, linesOfPlace)), most: linesOfPlace },
    { text: isStory ? null : withoutStory, most: linesOfPart },
    { text: firstThatFits(shorterNews(alert), linesOfPart), most: linesOfPart },
  ];
  const { ip } = alert.network;
  const kept = ip !== null && isAddress(ip) ? [ip] : [];
  const lines = [
    cutToLines(describeVerdict(alert, linesOfVerdict), linesOfVerdict, kept),
    ...parts.flatMap(({ text, most }) => (text === null ? [] : [cutToLines(text, most, kept)])),
  ];
  const [step] = alert.triage;
  if (step === undefined) return { lines, left: null };
  const room = phone.lines - lines.reduce((sum, line) => sum + countLines(line, phone.columns), 0);
  const label = "Do first: ";
  const sentences = step.split(sentenceEnd);
  for (let count = sentences.length; count > 0; count--) {
    const line = label + sentences.slice(0, count).join(" ").replace(/:$/, ".");
    if (countLines(line, phone.columns) > room) continue;
    const text = withName(sentences.slice(count).join(" "), sentences[count - 1] ?? "");
    return { lines: [...lines, line], left: text === "" ? null : { text: startSentence(text), isWhole: false } };
  }
  return { lines: [...lines, cutToLines(label + step, room, kept)], left: { text: step, isWhole: true } };
}

/**
 * Where a sentence of a step ends, or what it says before its reason, by the words of triage that come next: a name may hold a full stop,
 * too.
 */
const sentenceEnd = /(?<=[.?:]) (?=(?:Then |Did they |If not, |It came |it is the last of ))/;

/** A question behind `Then call Ada.`, which stands elsewhere, names the person again. */
function withName(question: string, before: string): string {
  const [, name] = /^(?:Then call|Call) (.+)\.$/.exec(before) ?? [];
  return name === undefined ? question : question.replace(/^Did they /, `Ask ${name}: did they `);
}

/** A sentence that stood behind another: `Call Ada`, of `Then call Ada`. */
function startSentence(text: string): string {
  const own = text.replace(/^Then /, "");
  return `${own[0]?.toUpperCase() ?? ""}${own.slice(1)}`;
}

const labelled = (label: string, value: string | null) => (value === null ? null : `${label}: ${value}`);

/** The first of several texts that takes at most so many lines, or else the last, which is to be cut; null for none. */
function firstThatFits(texts: readonly string[], lines: number): string | null {
  return texts.find((text) => countLines(text, phone.columns) <= lines) ?? texts.at(-1) ?? null;
}

/** A text that is cut ends behind a word, and may show another address than it had: it is defanged, but for IP addresses, which no program makes a link of. */
function cutToLines(text: string, lines: number, kept: readonly string[]): string {
  return fitLines(text, lines, phone.columns, (whole, maximum) => {
    const inert = inertText(whole, "text", kept);
    return cutInert(inert, wordEnd(inert, maximum - 1) + 1);
  });
}

/** What happened, in a few words after the severity: `HIGH: sign-in through Tor`. */
function describeVerdict(alert: InertAlert, lines: number): string {
  const severity = alert.severity.toUpperCase();
  if (alert.test) return `TEST, ${severity}: no sign-in took place`;
  const age = isReport(alert) ? null : describeAge(alert);
  const texts = describeAct(alert).map((act) => `${severity}: ${[act, age].filter(Boolean).join(", ")}`);
  return firstThatFits(texts, lines) ?? severity;
}

/** What was done in a few words; of a story, in fewer and fewer. */
function describeAct(alert: InertAlert): readonly string[] {
  const story = isOfStorm(alert) ? null : storyOf(alert);
  return story === null ? [describeSingleAct(alert)] : describeOrders(story);
}

function describeSingleAct(alert: InertAlert): string {
  const { okta, session, change, risk } = alert;
  if (isOfStorm(alert)) return describeKind(alert);
  if (okta.eventType === sessionStart) {
    const reason = succeeded(session.outcome) ? null : (session.reason ?? session.outcome);
    return `${describeKind(alert)}${reason === null ? "" : ` (${reason})`}`;
  }
  const whom = describePersonsDoneTo(alert);
  const deed = describeDeed(alert, whom);
  if (deed !== null) return deed;
  const failed = succeeded(session.outcome) ? "" : ` (${session.outcome})`;
  const title = alert.detections[0]?.title ?? okta.eventType;
  if (isRiskChange(okta.eventType) && change !== null) {
    return `${change}${risk.reasons.length > 0 ? `: ${risk.reasons.join(", ")}` : ""}${failed}`;
  }
  // The change names things alone: the title says what was done to them.
  const of = [change, whom].filter((each) => each !== null).join(", of ");
  return `${title}${of === "" ? "" : `: ${of}`}${failed}`;
}

/** The person; for a login that Okta does not know, that it is one; and who did it, where that is another. Of others, fewer and fewer. */
function who(alert: InertAlert): readonly string[] {
  const story = isOfStorm(alert) ? null : storyOf(alert);
  const others = story === null ? [] : othersOf(story, nameUser(alert));
  const person = `Who: ${whoAlone(alert)}`;
  if (others.length === 0 || !isNamed(alert.user) || alert.user.id === null) return [person];
  return others.map((_, left) => {
    const named = others.slice(0, others.length - left).join(", ");
    return `${person}, with ${named}${left === 0 ? "" : ` and ${plural(left, "other")}`}`;
  });
}

function whoAlone(alert: InertAlert): string {
  const { user, actor, storm } = alert;
  if (storm !== null && storm.report !== null)
    return [`${countLogins(storm)} ${describeSpan(storm)}`, describeStarted(storm)].filter(Boolean).join("; ");
  if (isNamed(user) && user.id === null) {
    return user.login === masked
      ? "a login that Okta does not know, masked as it may be a password"
      : `${user.login ?? user.displayName}, a login that Okta does not know`;
  }
  if (!isNamed(user) && !isNamed(actor)) return "the event names no user";
  const isByOther = isNamed(user) && isNamed(actor) && !isByUser(alert) && !isRiskChange(alert.okta.eventType);
  const name = [actor.displayName, actor.login, actor.id].find((each) => !isUnknown(each)) ?? null;
  return `${describeUser(alert)}${isByOther && name !== null ? `, by ${name}` : ""}`;
}

/** The network, with the proxy unless the verdict names it. */
function networkOf(alert: InertAlert): string | null {
  const { network, okta } = alert;
  const isNamedBefore = okta.eventType === sessionStart && !isReport(alert) && !isOfStorm(alert);
  const proxy = isNamedBefore ? null : nameProxy(alert);
  const address = network.ip === null && network.asNumber === null ? null : describeNetwork(alert);
  return [proxy, address].filter((part) => part !== null).join(", ") || null;
}

/** The longest city and state: a long one must not push out the country. */
const maximumPlace = 25;

/** The place and the distance: what says most of both in so many lines, as a number that is cut, or stands without its unit, says nothing. */
function where(alert: InertAlert, lines: number): string | null {
  const { city, state, country } = alert.geo.exit;
  if (isOfStorm(alert) || [city, state, country].every((part) => part === null)) return null;
  const brief = (name: string | null) => (name === null ? null : cutInert(name, maximumPlace));
  const exit = { ...alert.geo.exit, city: brief(city), state: brief(state) };
  const place = (without: Partial<typeof exit>) =>
    describeExit({ geo: { ...alert.geo, exit: { ...exit, ...without } } });
  const places = [place({}), ...(city === null ? [] : [place({ state: null })])];
  const distances = shorterDistances(alert);
  const away = distances.slice(-1);
  const texts = [
    ...places.flatMap((each) => distances.slice(0, 2).map((distance) => `${each}, ${distance}`)),
    ...places.flatMap((each) => away.map((distance) => `${each}, ${distance}`)),
    ...places,
  ];
  const fits = (text: string) => countLines(`Where: ${text}`, phone.columns) <= lines;
  return texts.find(fits) ?? places.at(-1) ?? null;
}
