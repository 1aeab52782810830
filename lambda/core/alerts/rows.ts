import { incidentOf } from "../incidents/incident-id.ts";
import { sessionStart } from "../okta/log-event.ts";
import { plural } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import { clockOf, spanOfClock } from "./clock.ts";
import { describeBefore, describeVerdict } from "./incident.ts";
import type { InertAlert } from "./inert.ts";
import { explainSessionChange } from "./session-change.ts";
import { type AlertStorm, isOfStorm } from "./storm.ts";
import { describeAttempts, describeReasons, describeStarted, isGathered } from "./storm-words.ts";
import { explainTravel } from "./travel.ts";
import {
  describeActor,
  describeAge,
  describeExit,
  describeHistory,
  describeNetwork,
  describePersonsDoneTo,
  describeProxy,
  describeStrength,
  describeUser,
  hasOrigin,
  isByUser,
  isNamed,
} from "./wording.ts";

/** The names of an alert's rows, in the order in which a rendering shows them. */
const rowNames = [
  "Test",
  "Severity",
  "Who",
  "Storm",
  "Sign-ins",
  "Actor",
  "Change",
  "Done to",
  "When",
  "Outcome",
  "Signs",
  "From",
  "Through",
  "Network",
  "Location",
  "Travel",
  "Session",
  "Client",
  "Strength",
  "History",
  "Repeats",
  "Incident",
  "Judged",
  "Okta risk",
  "Unusual",
  "Org",
  "Follows",
  "Late",
] as const;
export type RowName = (typeof rowNames)[number];

/** The rows of an alert that have a value. */
export function alertRows(alert: InertAlert): readonly (readonly [name: RowName, value: string])[] {
  return rowNames.flatMap((name) => {
    const value = describe[name](alert);
    return value === null ? [] : [[name, value] as const];
  });
}

/** Whether the alert leaves the origin out: acts other than a sign-in may have no address. */
const isSilent = (alert: Alert) => alert.okta.eventType !== sessionStart && !hasOrigin(alert);

const spanOf = (storm: AlertStorm) => `${describeAttempts(storm)} from ${spanOfClock(storm.since, storm.until)}`;

const describe: Readonly<Record<RowName, (alert: Alert) => string | null>> = {
  Test: ({ test }) => (test ? "yes: no sign-in took place" : null),
  Severity: ({ severity, severityAdjustments }) =>
    [severity, ...severityAdjustments.map(({ title, from }) => `${from} before "${title}"`)].join(", "),
  Who: (alert) =>
    isOfStorm(alert) ? null : `${describeUser(alert)}${alert.user.id === null ? "" : `, id ${alert.user.id}`}`,
  Storm: ({ storm }) =>
    storm === null || isGathered(storm)
      ? null
      : [
          spanOf(storm),
          describeStarted(storm),
          // The alert of one sign-in belongs to the incident of its session.
          storm.report === null ? `reported in incident ${incidentOf({ storm: storm.id })}` : null,
        ]
          .filter(Boolean)
          .join("; "),
  "Sign-ins": ({ storm }) => (storm !== null && isGathered(storm) ? spanOf(storm) : null),
  Actor: (alert) => (isByUser(alert) || !isNamed(alert.actor) ? null : describeActor(alert)),
  Change: ({ change }) => change,
  "Done to": (alert) => {
    const whom = describePersonsDoneTo(alert);
    return whom === describeUser(alert) ? null : whom;
  },
  When: (alert) =>
    isOfStorm(alert) ? null : [clockOf(alert.okta.published), describeAge(alert)].filter(Boolean).join(", "),
  Outcome: ({ session, storm }) => {
    if (storm !== null && isGathered(storm)) return null;
    const outcome = [session.outcome ?? "unknown", session.reason].filter(Boolean).join(": ");
    return (storm !== null && storm.report !== null ? describeReasons(storm) : null) ?? outcome;
  },
  Signs: ({ storm }) => (storm !== null && isGathered(storm) ? describeReasons(storm) : null),
  From: (alert) => (isSilent(alert) || isOfStorm(alert) ? null : describeExit(alert)),
  Through: describeProxy,
  Network: (alert) => (isSilent(alert) ? null : describeNetwork(alert)),
  Location: (alert) => (isSilent(alert) || isOfStorm(alert) ? null : `${alert.geo.verdict}. ${alert.geo.reason}`),
  Travel: explainTravel,
  Session: explainSessionChange,
  Client: (alert) => {
    const { browser, os, device } = alert.client;
    return [browser, os, device].filter(Boolean).join(", ") || (isSilent(alert) || isOfStorm(alert) ? null : "unknown");
  },
  Strength: describeStrength,
  History: describeHistory,
  Repeats: ({ heldBack }) =>
    heldBack === null || heldBack.count === 0
      ? null
      : `${plural(heldBack.count, "session start")} like this one since ${clockOf(heldBack.since ?? "")}`,
  Incident: describeBefore,
  Judged: describeVerdict,
  "Okta risk": ({ risk }) => {
    const { level, previousLevel, detectionName, reasons } = risk;
    const levels = [level, previousLevel === null ? null : `before ${previousLevel}`, detectionName];
    return [levels.filter(Boolean).join(", "), reasons.join(", ")].filter(Boolean).join(": ") || null;
  },
  Unusual: ({ behaviors }) =>
    behaviors
      .filter(({ result }) => result?.toUpperCase() === "POSITIVE")
      .map(({ name }) => name)
      .join(", ") || null,
  Org: ({ okta }) => okta.org,
  Follows: ({ followUp, heldBack, storm }) => {
    if (!followUp) return null;
    if (storm !== null && storm.report !== null) return "an earlier alert about the same storm";
    return (heldBack?.count ?? 0) === 0
      ? "an earlier alert about the same event, which could not tell this"
      : "an alert that says the same";
  },
  Late: ({ delayReason, delayedSeconds }) => (delayReason === null ? null : `by ${delayedSeconds} s: ${delayReason}`),
};
