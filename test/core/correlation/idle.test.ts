import { describe, expect, test } from "vitest";
import { emptyGroup, type GroupState } from "../../../lambda/core/correlation/group-state.ts";
import { isIdle } from "../../../lambda/core/correlation/idle.ts";
import { correlationOf, criteria } from "./random-correlations.ts";

/* Which matches a group leaves out: those that would continue a chain that has not started. */

const all = criteria({ operator: "gte", limit: 3 });
const chain = correlationOf({ type: "temporal_ordered", condition: all });
const match = { at: 1_000, event: "step", rule: 1 };

/** A group that keeps one entry, or none, in a slot that fired or not. */
const group = (
  entry: { readonly at: number; readonly event: string; readonly rule: number } | null,
  by: string | null = null,
) =>
  ({
    slots: [
      {
        number: 100,
        fired: by === null ? null : { event: "first", at: 1_000, by },
        entries: entry === null ? [] : [{ ...entry, values: [], holds: false }],
      },
    ],
    tooLate: null,
  }) as unknown as GroupState;

describe("a step of a chain is left out", () => {
  test("where no start of it is known in the timespan before", () => {
    expect(isIdle(chain, emptyGroup, match)).toBe(true);
    expect(isIdle(chain, group({ at: 990, event: "start", rule: 0 }), match)).toBe(true);
    expect(isIdle(chain, group({ at: 1_001, event: "start", rule: 0 }), match)).toBe(true);
  });

  test("and is not, where the start is known, or is another match of the same event", () => {
    expect(isIdle(chain, group({ at: 991, event: "start", rule: 0 }), match)).toBe(false);
    expect(isIdle(chain, emptyGroup, match, [{ at: 1_000, event: "step", rule: 0 }])).toBe(false);
  });

  test("and is not, where it is kept already, or gave a firing: it gives the same again", () => {
    expect(isIdle(chain, group({ at: 1_000, event: "step", rule: 1 }), match)).toBe(false);
    expect(isIdle(chain, group(null, "step"), match)).toBe(false);
    expect(isIdle(chain, group({ at: 1_000, event: "another", rule: 1 }, "another"), match)).toBe(true);
  });

  test("never of a correlation that holds without its first rule, or asks for what is absent", () => {
    const named = (index: number) => ({ kind: "selection", name: String(index) }) as const;
    for (const correlation of [
      correlationOf({ type: "temporal", condition: all }),
      correlationOf({ type: "temporal_ordered", condition: criteria({ operator: "gte", limit: 2 }) }),
      correlationOf({
        type: "temporal_ordered",
        condition: {
          kind: "expression",
          expression: { kind: "and", operands: [named(0), named(1), { kind: "not", operand: named(2) }] },
        },
      }),
    ]) {
      expect(isIdle(correlation, emptyGroup, match)).toBe(false);
    }
  });
});
