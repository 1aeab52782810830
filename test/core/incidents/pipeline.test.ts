import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { openIncidents } from "../../../lambda/adapters/tables/incidents.ts";
import { describeVerdict } from "../../../lambda/core/alerts/incident.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import type { Work } from "../../../lambda/core/pipeline/work.ts";
import { names } from "../../../local/resources.ts";
import { alertOf } from "../../fixtures/cases.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import type { Json } from "../../fixtures/events.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { patientClient, unhurried } from "../../fixtures/timing.ts";
import { world } from "../history/world.ts";

const emulators = await useEmulators();

const granted = rule("critical", "00000000-0000-4000-8000-000000000009", {
  eventType: "user.account.privilege.grant",
});
const session = (rootSessionId: string): Json => ({
  authenticationContext: { rootSessionId, externalSessionId: "idx" },
});
const grant: Json = { eventType: "user.account.privilege.grant", displayMessage: "Grant user privilege" };
const from = (asNumber: number): Json => ({ securityContext: { isProxy: true, asNumber } });
const rules = ruleSet([proxied, granted]);
const open = async () => openIncidents(new DynamoDBClient(patientClient), names.stateTable);

test("the alerts of one session bear one incident, and each names what came before it", async () => {
  const { deliver, published, pass } = world({ rules });
  await deliver({ uuid: "start", ...session("root1") });
  pass(5);
  await deliver({ uuid: "again", ...session("root1"), ...from(64501) });
  pass(5);
  await deliver({ uuid: "grant", ...session("root1"), ...grant });
  const [first, second, third] = published;
  expect(new Set(published.map(({ incident }) => incident.id)).size).toBe(1);
  expect(first?.incident).toMatchObject({ opened: "2026-11-24T09:30:03.000Z", alerts: 0, before: [], verdict: null });
  expect(second?.incident).toMatchObject({
    opened: "2026-11-24T09:30:03.000Z",
    alerts: 1,
    before: [
      {
        alertId: first?.alertId,
        detectedAt: first?.detectedAt,
        published: first?.okta.published,
        eventType: "user.session.start",
        summary: first?.summary,
        severity: "high",
        detections: [{ id: proxied.id, title: proxied.title }],
      },
    ],
  });
  expect(third?.incident.alerts).toBe(2);
  expect(third?.incident.before.map(({ alertId }) => alertId)).toEqual([first?.alertId, second?.alertId]);
});

test("another session of the same person is another incident", async () => {
  const { deliver, published } = world({ rules });
  await deliver({ ...session("root1") });
  await deliver({ ...session("root2"), ...from(64501) });
  expect(published).toHaveLength(2);
  expect(published[1]?.incident).toMatchObject({ alerts: 0, before: [] });
  expect(published[1]?.incident.id).not.toBe(published[0]?.incident.id);
});

test("alerts of one delivery go out at once, and all of them are recorded", async () => {
  const { deliver, published } = world({ rules });
  const uuids = Array.from({ length: 50 }, (_, index) => `e${index}-${crypto.randomUUID()}`);
  await deliver(...uuids.map((uuid) => ({ uuid, ...grant, ...session("root1") })));
  expect(published).toHaveLength(50);
  const id = published[0]?.incident.id ?? "";
  expect((await (await open()).get(id))?.count).toBe(50);
});

test("an alert whose incident cannot be read goes out, and says that what came before is not known", async () => {
  const { deliver, published, ports } = world({ rules });
  await deliver({ ...session("root1") });
  const lookUp: typeof ports.lookUp = async (...asked) => ({ ...(await ports.lookUp(...asked)), incidents: null });
  const blind = world({ rules, lookUp });
  await blind.deliver({ ...session("root1"), ...from(64501) });
  expect(blind.published[0]?.incident).toMatchObject({ opened: null, alerts: null, before: [], verdict: null });
  expect(published).toHaveLength(1);
});

test("an alert goes out while the table is down; it is in no timeline then", async () => {
  const { deliver, published } = world({ rules });
  emulators.faults.dynamodb.set({ kind: "reset" });
  await deliver({ ...session("root1") });
  emulators.faults.dynamodb.set(null);
  expect(published[0]?.incident).toMatchObject({ opened: null, alerts: null, before: [] });
  expect(await (await open()).get(published[0]?.incident.id ?? "")).toBeNull();
});

test("an alert that is published again counts once, and never as what came before itself", async () => {
  const { deliver, published, ports } = world({ rules });
  await deliver({ uuid: "once", ...session("root1") });
  const claims = { ...ports.claims, claim: async () => ({ kind: "claimed", unconfirmed: 0 }) as const };
  const again = world({ rules, claims, suppressMinutes: 0 });
  const event = published[0]?.event as Json;
  await again.deliver(event);
  expect(again.published[0]?.alertId).toBe(published[0]?.alertId);
  expect(again.published[0]?.incident).toMatchObject({
    id: published[0]?.incident.id,
    opened: published[0]?.detectedAt,
    alerts: 0,
    before: [],
  });
  expect((await (await open()).get(published[0]?.incident.id ?? ""))?.count).toBe(1);
});

test("a test alert is of no incident that is kept", async () => {
  const { deliver, published } = world({ rules });
  await deliver({ ...session("root1"), oktaProxyWatch: { test: true } });
  expect(published[0]?.test).toBe(true);
  expect(await (await open()).get(published[0]?.incident.id ?? "")).toBeNull();
});

test("a password that a stranger typed for a login is in no item, and failed attempts from one address are one incident", async () => {
  const { deliver, published } = world({ rules });
  const typed = (alternateId: string, published: string): Json => ({
    published,
    actor: { id: "unknown", type: "User", alternateId, displayName: "unknown" },
    authenticationContext: null,
    outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
  });
  await deliver(typed("Hunter2Secret", "2026-11-24T09:00:00Z"));
  await deliver({ ...typed("Correct.Horse", "2026-11-24T09:10:00Z"), ...from(64501) });
  expect(published.map(({ incident }) => incident.alerts)).toEqual([0, 1]);
  const client = new DynamoDBClient(patientClient);
  const { Items = [] } = await client.send(new ScanCommand({ TableName: names.stateTable }));
  expect(JSON.stringify(Items)).toContain("incident#");
  expect(JSON.stringify(Items)).not.toMatch(/hunter2secret|correct\.horse/i);
});

describe("a verdict", () => {
  test("is named by the next alert of the same fingerprint, in another session, and by no other", async () => {
    const { deliver, published, pass } = world({ rules });
    await deliver({ ...session("root1") });
    const verdict = {
      verdict: "benign",
      note: "asked her",
      by: "ana",
      at: new Date("2026-11-24T10:00:00Z").toISOString(),
    } as const;
    expect(await (await open()).close(published[0]?.incident.id ?? "", verdict)).toBe(true);
    pass(120);
    await deliver({ ...session("root2") });
    await deliver({ ...session("root3"), ...from(64501) });
    expect(published.map(({ incident }) => incident.verdict)).toEqual([null, verdict, null]);
    expect(published[1]?.incident.alerts).toBe(0);
  });

  test("on a privilege that was granted says nothing about the same privilege granted to another person", async () => {
    const { deliver, published, pass } = world({ rules });
    const to = (name: string): Json => ({
      ...grant,
      target: [{ id: `00u${name}`, type: "User", alternateId: `${name}@example.com`, displayName: name }],
      debugContext: { debugData: { privilegeGranted: "Super administrator" } },
    });
    await deliver({ ...session("root1"), ...to("bea") });
    const verdict = { verdict: "benign", note: "asked her", by: "ana", at: "2026-11-24T10:00:00.000Z" } as const;
    expect(await (await open()).close(published[0]?.incident.id ?? "", verdict)).toBe(true);
    pass(120);
    await deliver({ ...session("root2"), ...to("mallory") });
    await deliver({ ...session("root3"), ...to("bea") });
    expect(published.map(({ incident }) => incident.verdict)).toEqual([null, null, verdict]);
  });

  test("that found a true positive is named by every further alert about the person, before any that is like it", async () => {
    const { deliver, published, pass } = world({ rules });
    await deliver({ ...session("root1") });
    await deliver({ ...session("root2"), ...grant });
    const incidents = await open();
    const truePositive = {
      verdict: "true-positive",
      note: "stolen",
      by: "ana",
      at: "2026-11-24T10:00:00.000Z",
    } as const;
    const benign = { verdict: "benign", note: "asked her", by: "ana", at: "2026-11-24T11:00:00.000Z" } as const;
    await incidents.close(published[1]?.incident.id ?? "", truePositive);
    await incidents.close(published[0]?.incident.id ?? "", benign);
    pass(120);
    await deliver({ ...session("root3") });
    expect(published[2]?.incident.verdict).toEqual(truePositive);
    expect(describeVerdict(published[2] ?? alertOf())).toBe(
      "an incident of this person was closed as a true positive by ana on 2026-11-24: stolen",
    );
  });
});

test("a report on suppressed session starts is an alert of its incident", async () => {
  const { deliver, published, parked, pass, ports } = world({ rules });
  await deliver({ ...session("root1") });
  pass(1);
  await deliver({ ...session("root2") });
  pass(120);
  const report = parked.find((work) => work.report);
  await retryWork(report as Work, ports, unhurried());
  expect(published).toHaveLength(2);
  expect(published[1]).toMatchObject({
    followUp: true,
    incident: { id: published[0]?.incident.id, alerts: 1, before: [{ alertId: published[0]?.alertId }] },
  });
  expect((await (await open()).get(published[0]?.incident.id ?? ""))?.count).toBe(2);
});
