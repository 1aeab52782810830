import { expect, test } from "vitest";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import type { Verdict } from "../../../lambda/core/history/verdict.ts";
import { type Incident, isOpen, openedAt } from "../../../lambda/core/incidents/incident.ts";
import { alertOf } from "../../fixtures/cases.ts";

const alertAt = (detectedAt: string) => ({ ...entryOf(alertOf(), null), detectedAt });
const [first, second] = [alertAt("2026-11-24T09:30:03.000Z"), alertAt("2026-11-24T09:30:05.000Z")];
const incident = (alerts: Incident["alerts"], verdict: Verdict | null): Incident => {
  return { id: "i", changed: "2026-11-24T09:30:05.000Z", user: null, alerts, count: alerts.length, verdict };
};
const verdict = (at: string, seen?: string): Verdict => ({
  verdict: "benign",
  note: "asked her",
  by: "ana",
  at,
  ...(seen && { seen }),
});

test.each<[string, Verdict | null, boolean]>([
  ["never closed", null, true],
  ["closed before the last alert", verdict("2026-11-24T09:30:04.000Z"), true],
  ["closed after it", verdict("2026-11-24T09:31:00.000Z"), false],
  [
    "closed by a clock that goes an hour ahead, without the last alert",
    verdict("2026-11-24T10:30:04.000Z", first.detectedAt),
    true,
  ],
  ["closed by a clock that is an hour late, with it", verdict("2026-11-24T08:30:04.000Z", second.detectedAt), false],
])("an incident that was %s waits for a verdict, or does not", (_, made, isWaiting) => {
  expect(isOpen(incident([first, second], made))).toBe(isWaiting);
});

test("an incident was opened by its first alert", () => {
  expect(openedAt(incident([first, second], null))).toBe(first.detectedAt);
});
