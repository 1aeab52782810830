import { describe, expect, test } from "vitest";
import { deployedSettings, describeUnknownSettings, settingChanges } from "../../../cli/deploy/setting-changes.ts";
import { mergeSettings } from "../../../infra/settings.ts";
import { synthesize } from "../../fixtures/synthesized.ts";

type Given = Readonly<Record<string, unknown>>;

/** What is said of a deployment with some settings over one with others. */
function change(before: Given, after: Given, deployed = deployedSettings(synthesize(before).template.toJSON())) {
  const { settings, given } = mergeSettings(after);
  return settingChanges(deployed, { values: settings, given, whyUnset: "settings.yml does not set it" });
}

/** The same of a stack whose template has no record of its settings. */
function changeUnrecorded(before: Given, after: Given) {
  const { Metadata, ...template } = synthesize(before).template.toJSON();
  expect(Metadata).toBeDefined();
  return change(before, after, deployedSettings(template));
}

describe("settings of a stack that records them", () => {
  test("are all there to compare with: the same ones differ in nothing", () => {
    const settings = {
      oktaOrgUrl: "https://example.okta.com",
      outputs: ["chat", "ocsf"],
      oktaProfileAttributes: [{ label: "office", city: "officeCity" }],
      reservedConcurrency: 5,
    };
    expect(change(settings, settings)).toEqual({ differences: [], needsConsent: false });
    expect(deployedSettings(synthesize(settings).template.toJSON()).isWhole).toBe(true);
  });

  test("that are set for the first time, or to another value, are named and need no answer", () => {
    expect(change({ suppressMinutes: 30 }, { suppressMinutes: 10, outputs: ["chat"] })).toEqual({
      differences: ["suppressMinutes: 30 -> 10", "outputs: none (the default) -> chat"],
      needsConsent: false,
    });
  });

  test.each([
    [
      "are set no more",
      { heartbeatHours: 48 },
      {},
      "heartbeatHours: 48 -> 24 (the default); settings.yml does not set it",
    ],
    [
      "open the URL to further networks",
      { allowedCidrs: ["192.0.2.0/24", "2001:db8::/32"] },
      { allowedCidrs: ["192.0.2.0/25", "0.0.0.0/0"] },
      "allowedCidrs: 192.0.2.0/24, 2001:db8::/32 -> 192.0.2.0/25, 0.0.0.0/0; the hook's URL then takes requests from networks that it refuses now",
    ],
    [
      "open the URL, even if the file says so",
      { allowedCidrs: ["192.0.2.0/24"] },
      { allowedCidrs: [] },
      "allowedCidrs: 192.0.2.0/24 -> every network (the default); the hook's URL then takes requests from everywhere",
    ],
    [
      "shorten the retention of logs",
      { logRetentionDays: 3_653 },
      { logRetentionDays: 365 },
      "logRetentionDays: 3653 -> 365; AWS deletes the logs that are older",
    ],
    [
      "name another org",
      { oktaOrgUrl: "https://one.okta.com" },
      { oktaOrgUrl: "https://two.okta.com" },
      "oktaOrgUrl: https://one.okta.com -> https://two.okta.com; profile locations and missed events then come from another org, by the credential that is stored",
    ],
  ])("need an answer where they %s", (_, before, after, sentence) => {
    expect(change(before, after)).toEqual({ differences: [sentence], needsConsent: true });
  });

  test("need none where the URL takes requests from fewer networks", () => {
    const given = change({ allowedCidrs: ["192.0.2.0/24"] }, { allowedCidrs: ["192.0.2.0/25", "192.0.2.128/26"] });
    expect(given).toMatchObject({ needsConsent: false });
  });

  test("that a later version does not know are named", () => {
    const deployed = { values: { color: "red" }, isWhole: true };
    expect(change({}, {}, deployed).differences).toEqual(["color: red -> there is no such setting any more"]);
  });
});

describe("settings of a stack without a record of them", () => {
  test("are read off the resources, as far as their loss has a lasting effect", () => {
    const before = {
      allowedCidrs: ["192.0.2.0/24", "2001:db8::/32"],
      logRetentionDays: 731,
      reservedConcurrency: 5,
      oktaOrgUrl: "https://example.okta.com",
      suppressMinutes: 5,
    };
    expect(changeUnrecorded(before, before)).toEqual({ differences: [], needsConsent: false });
    const { differences, needsConsent } = changeUnrecorded(before, {});
    expect(differences.map((difference) => difference.split(";")[0])).toEqual([
      "logRetentionDays: 731 -> 90 (the default)",
      "allowedCidrs: 192.0.2.0/24, 2001:db8::/32 -> every network (the default)",
      "reservedConcurrency: 5 -> none (the default)",
      "oktaOrgUrl: https://example.okta.com -> none (the default)",
    ]);
    expect(needsConsent).toBe(true);
  });

  test("that are at their defaults differ in nothing; that the others are not known is said", () => {
    expect(changeUnrecorded({}, { suppressMinutes: 5 })).toEqual({ differences: [], needsConsent: false });
    const { Metadata: _, ...template } = synthesize().template.toJSON();
    expect(describeUnknownSettings(deployedSettings(template))).toBe(
      "The deployed release kept no record of its settings: of those, logRetentionDays, allowedCidrs, reservedConcurrency, oktaOrgUrl are compared, as its resources show them; the others are not known.",
    );
  });
});
