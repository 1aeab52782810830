import { countryCode } from "../geo/country.ts";
import { isRiskChange } from "../okta/risk.ts";
import { masked } from "../okta/stranger.ts";
import { plural } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import { describePlace, nameVerdict, nameVerdictAlone } from "./incident.ts";
import { type AlertStorm, isOfStorm } from "./storm.ts";
import { describeWatched, isInSession, isNamed, isReport } from "./wording.ts";

/**
 * What sets the event apart from what the user did before, the strongest first: `New: risk HIGH; New Device; no
 * earlier proxied session in 90 days`. Where nothing does, what is known: `Known: 14 proxied sessions in 30 days, …`. Empty where there is no
 * user to compare with, where the network is not anonymous and nothing else stands out, and for a report on what was suppressed. Behind
 * what is new, and before what is known, stand the alert's place in its incident, and the verdict on the last of the same. Then
 * what says less of it in less room, the longest first: less of the verdict, then fewer of the things that are new, with an ellipsis for the
 * others, and last the strongest thing alone.
 */
export function shorterNews(alert: Alert): readonly string[] {
  if (alert.test || isReport(alert) || isOfStorm(alert)) return [];
  const { heldBack, storm } = alert;
  const suppressed = heldBack?.count ?? 0;
  const repeats = suppressed === 0 ? [] : [`${plural(suppressed, "session start")} like it suppressed`];
  const around =
    storm === null
      ? []
      : [...startedInStorm(storm), `${plural(storm.attempts, "failed sign-in")} from the same source`];
  const found = [...around, ...signsOfOkta(alert), ...newInHistory(alert), ...weaknesses(alert), ...failures(alert)];
  const isNew = found.length > 0;
  const lists = isNew
    ? shorterLists([...found, ...repeats]).map((list) => `New: ${list}`)
    : [...describeKnown(alert).map((known) => [known, ...repeats].join("; ")), ...describeKnown(alert).slice(-1)];
  const [list = repeats.join("; "), ...shorter] = lists;
  const place = describePlace(alert);
  const verdicts = [nameVerdict(alert), nameVerdictAlone(alert)].map(
    (verdict) => verdict && `Judged before: ${verdict}`,
  );
  const [verdict, verdictAlone] = verdicts;
  const least = shorter.at(-1) ?? list;
  const texts = [
    [list, place, verdict],
    ...[list, ...shorter].map((each) => [each, place, verdictAlone]),
    [least, verdictAlone],
    [least],
  ].map(([text, ...standing]) => joinSentences(isNew ? [text, ...standing] : [...standing, text]));
  return [...new Set(texts.filter((text) => text !== ""))];
}

/** A list, and each beginning of it, with an ellipsis for the others. */
function shorterLists(parts: readonly string[]): readonly string[] {
  return parts.map((_, left) => `${parts.slice(0, parts.length - left).join("; ")}${left === 0 ? "" : "; …"}`);
}

function joinSentences(sentences: readonly (string | null | undefined)[]): string {
  return sentences
    .filter((sentence) => sentence)
    .join(". ")
    .replaceAll("…. ", "… ");
}

/**
 * What is known of a user of whom nothing is new, and the same without what of this event is known; empty where the network is not
 * anonymous, or no user is named.
 */
function describeKnown({ history, network, user }: Alert): readonly string[] {
  if (network.anonymous.verdict !== true || user.login === masked) return [];
  if (history === null) {
    return isNamed(user) && user.id !== null ? ["New: not known, as the history could not be read"] : [];
  }
  const known = [history.knownNetwork ? "network" : null, history.knownCountry ? "country" : null].filter(
    (part) => part !== null,
  );
  const these = known.length === 0 ? "" : `, this ${known.join(" and ")} among them`;
  const sessions = `Known: ${plural(history.sessionsIn30Days, "proxied session")} in 30 days`;
  return [`${sessions}${these}`, sessions];
}

/** Sessions beside the own that started in the storm. */
function startedInStorm({ succeeded }: AlertStorm): readonly string[] {
  return succeeded > 1 ? [`${succeeded} sessions started in the storm`] : [];
}

function signsOfOkta({ okta, risk, behaviors }: Alert): readonly string[] {
  const isHigh = risk.level?.toUpperCase() === "HIGH" && !isRiskChange(okta.eventType);
  const positive = behaviors.filter(({ result }) => result?.toUpperCase() === "POSITIVE").map(({ name }) => name);
  return [...(isHigh ? ["risk HIGH"] : []), ...positive];
}

function newInHistory(alert: Alert): readonly string[] {
  const { history, network, geo, user } = alert;
  // Sessions through proxies are no measure of what came through none, and a masked login is of no known person.
  if (history === null || network.anonymous.verdict !== true || user.login === masked) return [];
  const none = `no ${isInSession(alert) ? "other" : "earlier"} proxied session`;
  if (history.firstTime) {
    const watched = describeWatched(alert, history.since);
    return [`${none}${watched === null ? "" : ` ${watched}`}`];
  }
  const system = network.asNumber === null ? "this network" : `AS${network.asNumber}`;
  const from = [
    ...(history.firstTimeForNetwork ? [system] : []),
    ...(history.firstTimeForCountry && !isCountryOfProfile(alert) ? [geo.exit.country ?? geo.exit.countryCode] : []),
  ];
  return from.length === 0 ? [] : [`${none} from ${from.join(" or ")}`];
}

/** Whether the user is expected in the country: a first proxied session from home says nothing of the person. */
function isCountryOfProfile({ geo }: Alert): boolean {
  const expected = geo.nearestProfileLocation?.countryCode ?? null;
  return expected !== null && countryCode(expected) === geo.exit.countryCode;
}

function weaknesses({ device }: Alert): readonly string[] {
  return [
    ...(device.registered === false ? ["device not registered"] : []),
    ...(device.managed === false ? ["device not managed"] : []),
  ];
}

function failures({ history }: Alert): readonly string[] {
  const failed = history?.failedIn30Days ?? 0;
  return failed === 0 ? [] : [`${plural(failed, "failed attempt")} in 30 days`];
}
