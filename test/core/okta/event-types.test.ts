import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { catalogSchema, renderCatalog } from "../../../build/event-types.ts";
import {
  betaNames,
  catalogRelease,
  hookEligibleNames,
  systemLogOnlyNames,
} from "../../../lambda/core/okta/event-type-catalog.ts";
import { catalogAge, findEventType } from "../../../lambda/core/okta/event-types.ts";
import { isHookEligible } from "../../../lambda/core/okta/hook-eligible-event-types.ts";

test.each([
  ["user.session.start", "user.session.start", true],
  ["USER.SESSION.START", "user.session.start", true],
  ["user.authentication.auth_via_idp", "user.authentication.auth_via_IDP", true],
  ["policy.branch.lifecycle.promote", "policy.branch.lifecycle.promote", true, true],
  ["workload_principal.ai_agent.credential.create", "workload_principal.ai_agent.credential.create", true],
  ["security.threat.detected", "security.threat.detected", false],
  ["zone.update", "zone.update", false],
])("the catalog has %s, in any case", (asked, name, hookEligible, isBeta = false) => {
  expect(findEventType(asked)).toEqual({ name, hookEligible, isBeta, nearest: null });
  expect(isHookEligible(asked)).toBe(hookEligible);
});

test.each([
  ["user.sesion.start", "user.session.start"],
  ["User.Session.Started", "user.session.start"],
  ["policy.branch.lifecycle.promot", "policy.branch.lifecycle.promote"],
  ["system.idp.lifecycle.udpate", "system.idp.lifecycle.update"],
  ["workload_principal.human.hire", null],
  ["a.b", null],
])("%s is not in the catalog: hooks may have it or not, and the nearest name is %s", (asked, nearest) => {
  expect(findEventType(asked)).toEqual({ name: asked, hookEligible: null, isBeta: false, nearest });
  expect(isHookEligible(asked)).toBe(false);
});

test("the catalog is of release 2026.08.1, with 314 of its 1,274 event types for event hooks, 50 of them in beta", () => {
  const count = (text: string) => new Set(text.trim().split(/\s+/)).size;
  expect(catalogRelease).toBe("2026.08.1");
  expect([count(hookEligibleNames), count(systemLogOnlyNames), count(betaNames)]).toEqual([314, 960, 50]);
});

test("the catalog's file is what the command writes of its names", async () => {
  const typesOf = (text: string, hookEligible: boolean) =>
    text
      .trim()
      .split(/\s+/)
      .map((id) => ({ id, hookEligible, beta: betas.has(id) }));
  const betas = new Set(betaNames.trim().split(/\s+/));
  const eventTypes = [...typesOf(systemLogOnlyNames, false), ...typesOf(hookEligibleNames, true)];
  const file = await readFile(new URL("../../../lambda/core/okta/event-type-catalog.ts", import.meta.url), "utf8");
  expect(renderCatalog(catalogSchema.parse({ release: catalogRelease, eventTypes }))).toBe(file);
});

test.each([
  ["a release that is none", { release: "August", eventTypes: [{ id: "a.b", hookEligible: true }] }],
  ["no event type", { release: "2026.08.1", eventTypes: [] }],
  ["a name that would break the file", { release: "2026.08.1", eventTypes: [{ id: "a.`b", hookEligible: true }] }],
  ["no word on hooks", { release: "2026.08.1", eventTypes: [{ id: "a.b" }] }],
])("a catalog with %s is refused", (_, document) => {
  expect(catalogSchema.safeParse(document).success).toBe(false);
});

test.each([
  ["no file", [], "name it: npm run event-types -- CATALOG.json"],
  ["a file that is not there", ["/nowhere/catalog.json"], "ENOENT"],
  ["a file that is no JSON", [fileURLToPath(import.meta.url)], "is not valid JSON"],
  ["JSON of another kind", [fileURLToPath(new URL("../../../package.json", import.meta.url))], "at release"],
])("the command refuses %s with exit code 2, and changes nothing", (_, args, message) => {
  const command = fileURLToPath(new URL("../../../build/event-types.ts", import.meta.url));
  const { status, stderr, stdout } = spawnSync(process.execPath, [command, ...args], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(message);
});

test.each([
  ["2026-08-31T23:59:59Z", "release 2026.08.1, of this month"],
  ["2026-09-01T00:00:00Z", "release 2026.08.1, 1 month old"],
  ["2027-10-05T00:00:00Z", "release 2026.08.1, 14 months old"],
])("on %s the catalog is described as: %s", (now, age) => {
  expect(catalogAge(new Date(now))).toBe(age);
});
