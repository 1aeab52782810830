import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import { anonymousNetwork } from "../../lambda/core/okta/anonymous-network.ts";
import { type LogEvent, publishedTime, sessionStart } from "../../lambda/core/okta/log-event.ts";
import { networkKey } from "../../lambda/core/okta/network-key.ts";
import { succeeded } from "../../lambda/core/okta/outcome.ts";
import { personKeys } from "../../lambda/core/okta/person.ts";
import type { ProfileLocations } from "../../lambda/core/pipeline/ports.ts";
import { judgeLocation } from "../../lambda/core/profiles/judge-location.ts";
import { createCalendar, dayOf } from "./calendar.ts";
import { createNetworkTally } from "./networks.ts";
import { createPersonTally } from "./persons.ts";
import { createPlaceTally } from "./places.ts";

/** The settings of a tally. */
export interface SignInTallyOptions {
  /** Names the person of an event, without what a stranger typed. */
  readonly nameOf: (event: LogEvent) => string;
  /** Null where no profile location is given. */
  readonly locations: ProfileLocations | null;
  /** Kilometers. */
  readonly distanceKm: number;
}

const day = 86_400_000;

/** Counts the session starts that are read, whether or not a detection matches them, and the alerts that went out. */
export function createSignInTally({ nameOf, locations, distanceKm }: SignInTallyOptions) {
  const [calendar, networks, persons, places] = [
    createCalendar(),
    createNetworkTally(),
    createPersonTally(),
    createPlaceTally(),
  ];
  let [all, failed, anonymous, anonymousFailed] = [0, 0, 0, 0];
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const countAnonymous = (event: LogEvent, time: number, hasSucceeded: boolean) => {
    const network = anonymousNetwork(event);
    const exit = event.fields.client?.geographicalContext ?? null;
    const known = personKeys(event).flatMap((key) => locations?.get(key) ?? []);
    const judgement = known.length === 0 ? null : judgeLocation(exit, known, distanceKm);
    const person = nameOf(event);
    anonymous += 1;
    if (!hasSucceeded) anonymousFailed += 1;
    calendar.countSignIn(time);
    networks.count(network, person);
    places.countSignIn(exit, person, known, judgement);
    const signIn = { time, succeeded: hasSucceeded, judgement, networkKey: networkKey(event), network };
    persons.countSignIn(person, signIn);
  };
  return {
    /** Counts an event; one of another type than a session start by its time alone. */
    countEvent(event: LogEvent) {
      const time = publishedTime(event.published);
      if (Number.isNaN(time)) return;
      first = Math.min(first, time);
      last = Math.max(last, time);
      if (event.eventType !== sessionStart) return;
      const hasSucceeded = succeeded(event.fields.outcome?.result ?? null);
      all += 1;
      if (!hasSucceeded) failed += 1;
      if (anonymousNetwork(event).verdict === true) countAnonymous(event, time, hasSucceeded);
    },
    /** @param isReport whether the alert is about a storm or gathered sign-ins */
    countAlert(event: LogEvent, alert: Alert, isReport: boolean) {
      calendar.countAlert(publishedTime(event.published));
      if (isReport) return;
      places.countAlert(event.fields.client?.geographicalContext ?? null, alert.severity);
      persons.countAlert(nameOf(event));
    },
    summary() {
      const [from, to] = last < first ? [null, null] : [dayOf(first), dayOf(last)];
      const days = from === null || to === null ? 0 : (Date.parse(to) - Date.parse(from)) / day + 1;
      return {
        from,
        to,
        days,
        signIns: { all, failed, anonymous, anonymousFailed, persons: persons.signedIn() },
        ...places.summary(),
        calendar: calendar.days(from, to),
        ...networks.summary(),
        persons: persons.table(to, days),
      };
    },
  };
}
