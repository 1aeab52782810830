import { expect, test } from "vitest";
import { describeHistory } from "../../lambda/alerts/wording.ts";
import { unknownUser } from "../../lambda/history/history.ts";
import { alertOf } from "../fixtures/cases.ts";

/** The event of the case was published on 2026-11-24. */
const alertSince = (watchedSince: string | null) => alertOf({ state: { ...unknownUser, watchedSince } });

test.each([
  ["2026-08-26T09:30:00.000Z", "no proxied session of this user is known from the last 90 days"],
  ["2026-08-26T09:31:00.000Z", "no proxied session of this user is known since 2026-08-26, when watching began"],
  ["2026-11-20T10:00:00.000Z", "no proxied session of this user is known since 2026-11-20, when watching began"],
  [null, "no proxied session of this user is known"],
])("a deployment that has watched since %s claims no more than it can know", (since, sentence) => {
  const alert = alertSince(since);
  expect(alert.history?.since).toBe(since);
  expect(describeHistory(alert)).toBe(sentence);
  const [first = "", ...rest] = sentence;
  expect(alert.triage).toContain(`${first.toUpperCase()}${rest.join("")}: there is nothing that would explain it.`);
});
