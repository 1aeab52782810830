import { expect, test } from "vitest";
import { onTarget } from "../../../lambda/core/text/on-target.ts";

test.each([
  ["npx okta-proxy-watch incidents list --open", "npx okta-proxy-watch incidents list --local --open"],
  ["Commands: npx okta-proxy-watch report --since 7d", "Commands: npx okta-proxy-watch report --local --since 7d"],
  [
    'except it: npx okta-proxy-watch exceptions add --user ada@example.com --reason "..."',
    'except it: npx okta-proxy-watch exceptions add --local --user ada@example.com --reason "..."',
  ],
  ["(npx okta-proxy-watch exceptions remove ID), and", "(npx okta-proxy-watch exceptions remove --local ID), and"],
])("a command gets the target where it takes one: %s", (text, expected) => {
  expect(onTarget(text, " --local")).toBe(expected);
  // Twice is once.
  expect(onTarget(expected, " --local")).toBe(expected);
  expect(onTarget(text, "")).toBe(text);
});

test.each([
  "npx okta-proxy-watch profiles template > profiles.csv",
  "npx okta-proxy-watch deploy",
  "npx okta-proxy-watch rules test",
  "npx okta-proxy-watch incidents show --stack Europe 1a2b3c4d",
])("other commands stay as they are: %s", (text) => {
  expect(onTarget(text, " --local")).toBe(text);
});
