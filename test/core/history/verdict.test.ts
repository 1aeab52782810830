import { expect, test } from "vitest";
import {
  lastTruePositive,
  maximumVerdicts,
  surplusVerdicts,
  type Verdict,
} from "../../../lambda/core/history/verdict.ts";

test("harmless verdicts never push out a true positive, however many there are", () => {
  const verdict = (name: Verdict["verdict"], minute: number): Verdict => ({
    verdict: name,
    note: "",
    by: "ana",
    at: `2026-11-24T09:${String(minute).padStart(2, "0")}:00Z`,
  });
  const kept = new Map([["attack", verdict("true-positive", 0)]]);
  for (let index = 1; index <= 2 * maximumVerdicts; index += 1) {
    const name = `harmless-${index}`;
    for (const surplus of surplusVerdicts(kept, [name])) kept.delete(surplus);
    kept.set(name, verdict("benign", index));
  }
  expect(lastTruePositive(kept)).toEqual(verdict("true-positive", 0));
  expect([...kept.keys()].slice(1)).toEqual(
    Array.from({ length: maximumVerdicts - 1 }, (_, index) => `harmless-${maximumVerdicts + 2 + index}`),
  );
});
