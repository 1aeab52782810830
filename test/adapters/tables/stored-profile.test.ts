import { expect, test } from "vitest";
import { toAttribute } from "../../../lambda/adapters/aws/dynamodb/attribute-value.ts";
import { readProfile } from "../../../lambda/adapters/tables/stored-profile.ts";

test("a list in place of a location is none", () => {
  const locations = toAttribute([["Lisbon"], [], { label: "home", countryCode: "PT" }]);
  const profile = readProfile({ user: { S: "ana@example.com" }, locations, okta: { M: { locations } } });
  expect(profile.locations).toEqual([expect.objectContaining({ label: "home", countryCode: "PT" })]);
  expect(profile.okta?.locations).toHaveLength(1);
});
