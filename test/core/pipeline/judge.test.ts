import { describe, expect, test } from "vitest";
import { decide } from "../../../lambda/core/pipeline/judge.ts";
import { findCandidate } from "../../../lambda/core/pipeline/match.ts";
import type { ProfileLocations } from "../../../lambda/core/pipeline/ports.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { lisbon } from "../../fixtures/places.ts";
import { rule, ruleSet } from "../../fixtures/rules.ts";

const asking = (mismatch: boolean | null) => ({ "enrichment.geo.mismatch": mismatch });
const far = rule("high", "00000000-0000-4000-8000-000000000001", asking(true));
const near = rule("high", "00000000-0000-4000-8000-000000000002", asking(false));
const unknown = rule("high", "00000000-0000-4000-8000-000000000003", asking(null));
const atHome: Json = {
  client: { geographicalContext: { city: "Lisbon", country: "Portugal", geolocation: { lat: 38.72, lon: -9.14 } } },
};

/** Which rules match an event, and which are undecided. */
function decided(event: Json, locations: ProfileLocations | null) {
  const candidate = findCandidate(logEvent(event), ruleSet([far, near, unknown]));
  if (candidate === null) throw new Error("no rule can match the event");
  const { detections, undecided } = decide(candidate, locations, 500);
  return { matched: detections.map(({ rule: { id } }) => id), undecided };
}

describe("a rule that asks whether the exit is far from the user's locations", () => {
  const ada = new Map([["ada@example.com", [lisbon]]]);

  test.each<[string, Json, ProfileLocations, string]>([
    ["finds that it is", {}, ada, far.id],
    ["finds that it is not", atHome, ada, near.id],
    ["finds nothing where no location is known", {}, new Map(), unknown.id],
  ])("%s", (_, event, locations, id) => {
    expect(decided(event, locations)).toEqual({ matched: [id], undecided: [] });
  });

  test("stays undecided where the store could not be asked", () => {
    const { matched, undecided } = decided({}, null);
    expect(matched).toEqual([]);
    expect(undecided.toSorted()).toEqual([far.id, near.id, unknown.id]);
  });

  test.each<[string, Json, RegExp]>([
    ["an exit through a proxy", {}, /^The exit is /],
    ["an address through none", { securityContext: { isProxy: false } }, /^The address is /],
  ])("gives a reason about %s", (_, event, reason) => {
    const candidate = findCandidate(logEvent(event), ruleSet([far]));
    if (candidate === null) throw new Error("no rule can match the event");
    expect(decide(candidate, ada, 500).judgement.reason).toMatch(reason);
  });
});
