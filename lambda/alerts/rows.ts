import type { Alert } from "./alert-schema.ts";
import type { InertAlert } from "./inert.ts";
import {
  describeExit,
  describeHistory,
  describeNetwork,
  describeProxy,
  describeStrength,
  describeUser,
  plural,
} from "./wording.ts";

/** What there is to tell of an alert, a row each, in the order in which it is read. */
const rowNames = [
  "Test",
  "Severity",
  "Who",
  "When",
  "Outcome",
  "From",
  "Through",
  "Network",
  "Location",
  "Client",
  "Strength",
  "History",
  "Held back",
  "Okta risk",
  "Unusual",
  "Org",
  "Follows",
  "Late",
] as const;
export type RowName = (typeof rowNames)[number];

/** The rows of an alert that there is something to tell in. */
export function alertRows(alert: InertAlert): readonly (readonly [name: RowName, value: string])[] {
  return rowNames.flatMap((name) => {
    const value = describe[name](alert);
    return value === null ? [] : [[name, value] as const];
  });
}

const describe: Readonly<Record<RowName, (alert: Alert) => string | null>> = {
  Test: ({ test }) => (test ? "yes: nobody signed in" : null),
  Severity: ({ severity, severityAdjustments }) =>
    [severity, ...severityAdjustments.map(({ title, from }) => `${from} before "${title}"`)].join(", "),
  Who: (alert) => `${describeUser(alert)}${alert.user.id === null ? "" : `, id ${alert.user.id}`}`,
  When: ({ okta }) => okta.published,
  Outcome: ({ session }) => [session.outcome ?? "unknown", session.reason].filter(Boolean).join(": "),
  From: describeExit,
  Through: describeProxy,
  Network: describeNetwork,
  Location: ({ geo }) => `${geo.verdict}. ${geo.reason}`,
  Client: ({ client }) => [client.browser, client.os, client.device].filter(Boolean).join(", ") || "unknown",
  Strength: describeStrength,
  History: describeHistory,
  "Held back": ({ heldBack }) =>
    heldBack === null || heldBack.count === 0
      ? null
      : `${plural(heldBack.count, "session start")} of this user on this network since ${heldBack.since}`,
  "Okta risk": ({ risk }) => [risk.level, risk.reasons.join(", ")].filter(Boolean).join(": ") || null,
  Unusual: ({ behaviors }) =>
    behaviors
      .filter(({ result }) => result?.toUpperCase() === "POSITIVE")
      .map(({ name }) => name)
      .join(", ") || null,
  Org: ({ okta }) => okta.org,
  Follows: ({ followUp }) => (followUp ? "an earlier alert about the same event, which could not tell this" : null),
  Late: ({ delayReason, delayedSeconds }) => (delayReason === null ? null : `by ${delayedSeconds} s: ${delayReason}`),
};
