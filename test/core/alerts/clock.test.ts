import { expect, test } from "vitest";
import { clockOf, spanOfClock } from "../../../lambda/core/alerts/clock.ts";
import { cases } from "../../fixtures/cases.ts";
import { renderEmail } from "../../fixtures/rendered.ts";

test("a time has one form, in UTC; a text that is none stays as it is", () => {
  expect(clockOf("2026-11-24T09:47:12.412Z")).toBe("2026-11-24 09:47 UTC");
  expect(clockOf("2026-11-24T10:47:12+01:00")).toBe("2026-11-24 09:47 UTC");
  expect(clockOf("an unknown time")).toBe("an unknown time");
  expect(spanOfClock("2026-11-24T09:21:00.000Z", "2026-11-24T09:30:00.000Z")).toBe("2026-11-24 09:21 to 09:30 UTC");
  expect(spanOfClock("2026-11-24T23:50:00.000Z", "2026-11-25T00:10:00.000Z")).toBe(
    "2026-11-24 23:50 UTC to 2026-11-25 00:10 UTC",
  );
});

test.each(Object.entries(cases))("no mail has two forms of a time: %s", (_, make) => {
  const withoutLinks = renderEmail(make()).replace(/https?:\S+/g, "");
  expect(withoutLinks.match(/\d{4}-\d\d-\d\dT\d\d:\d\d/g)).toBeNull();
});
