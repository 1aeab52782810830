import { expect, test } from "vitest";
import { createCoverageTally } from "../../../lambda/core/exceptions/coverage.ts";

test("what an exception would have covered is counted by person and kind, the most first, in the time that it spans", () => {
  const { count, coverage } = createCoverageTally();
  const match = { isCovered: true, kinds: ["vpn"], at: "2026-11-20T00:00:00.000Z", person: "bob@example.com" };
  count(match);
  count({ ...match, person: "ada@example.com", at: "2026-11-18T00:00:00.000Z", kinds: ["tor", "vpn"] });
  count({ ...match, person: "ada@example.com", at: "2026-11-22T00:00:00.000Z", kinds: ["tor"] });
  count({ ...match, person: null, kinds: [] });
  count({ ...match, person: "cleo@example.com", at: "2026-11-01T00:00:00.000Z", isCovered: false });
  expect(coverage()).toEqual({
    matches: 5,
    covered: 4,
    persons: 3,
    coveredPersons: [
      ["ada@example.com", 2],
      ["bob@example.com", 1],
    ],
    first: "2026-11-18T00:00:00.000Z",
    last: "2026-11-22T00:00:00.000Z",
    kinds: [
      ["tor", 2],
      ["vpn", 1],
      ["unnamed", 1],
    ],
  });
});
