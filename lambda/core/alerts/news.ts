import { isRiskChange } from "../okta/risk.ts";
import { masked } from "../okta/stranger.ts";
import { plural } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import { describePlace, nameVerdict } from "./incident.ts";
import { type AlertStorm, isOfStorm } from "./storm.ts";
import { describeWatched, isInSession, isNamed, isReport } from "./wording.ts";

/**
 * What sets the event apart from what the user did before, the strongest first: `New: risk HIGH; New Device; no
 * earlier proxied session in 90 days`. Where nothing does, what is known: `Known: 14 proxied sessions in 30 days, …`. Null where there is no
 * user to compare with, where the network is not anonymous and nothing else stands out, and for a report on what was suppressed. Before it stands the alert's place in its incident, and the verdict on
 * the last of the same.
 */
export function describeNews(alert: Alert): string | null {
  if (alert.test || isReport(alert) || isOfStorm(alert)) return null;
  const { history, heldBack, storm } = alert;
  const suppressed = heldBack?.count ?? 0;
  const repeats = suppressed === 0 ? "" : `; ${plural(suppressed, "session start")} like it suppressed`;
  const around =
    storm === null
      ? []
      : [...startedInStorm(storm), `${plural(storm.attempts, "failed sign-in")} from the same source`];
  const place = describePlace(alert);
  const verdict = nameVerdict(alert);
  const standing = [place, verdict && `Judged before: ${verdict}`]
    .map((each) => (each === null ? "" : `${each}. `))
    .join("");
  const found = [...around, ...signsOfOkta(alert), ...newInHistory(alert), ...weaknesses(alert), ...failures(alert)];
  if (found.length > 0) return `${standing}New: ${found.join("; ")}${repeats}`;
  if (alert.network.anonymous.verdict !== true || alert.user.login === masked) {
    return standing === "" && repeats === "" ? null : `${standing}${repeats.slice(2)}`.trim();
  }
  if (history === null) {
    return isNamed(alert.user) && alert.user.id !== null
      ? `${standing}New: not known, as the history could not be read${repeats}`
      : null;
  }
  const known = [history.knownNetwork ? "network" : null, history.knownCountry ? "country" : null].filter(
    (part) => part !== null,
  );
  const these = known.length === 0 ? "" : `, this ${known.join(" and ")} among them`;
  return `${standing}Known: ${plural(history.sessionsIn30Days, "proxied session")} in 30 days${these}${repeats}`;
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
  if (history.firstTime) {
    const watched = describeWatched(alert, history.since);
    return [`no ${isInSession(alert) ? "other" : "earlier"} proxied session${watched === null ? "" : ` ${watched}`}`];
  }
  const system = network.asNumber === null ? "this network" : `AS${network.asNumber}`;
  return [
    ...(history.firstTimeForNetwork ? [`first time from ${system}`] : []),
    ...(history.firstTimeForCountry ? [`first time from ${geo.exit.country ?? geo.exit.countryCode}`] : []),
  ];
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
