import { DescribeTableCommand, GetItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createIncidents, incidentItemId, openIncidents } from "../../../lambda/adapters/tables/incidents.ts";
import { userItemIds } from "../../../lambda/adapters/tables/user-item-ids.ts";
import { createUserStates, readUserState } from "../../../lambda/adapters/tables/user-states.ts";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import type { UserKey } from "../../../lambda/core/history/user-key.ts";
import { maximumVerdicts, type Verdict } from "../../../lambda/core/history/verdict.ts";
import { isOpen, maximumIncidentAlerts, openedAt } from "../../../lambda/core/incidents/incident.ts";
import type { PublishedAlert } from "../../../lambda/core/incidents/incidents.ts";
import { names } from "../../../local/resources.ts";
import { alertOf } from "../../fixtures/cases.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import { hostileText } from "../../fixtures/live-text.ts";
import { patientDynamodb } from "../../fixtures/timing.ts";

const emulators = await useEmulators();
const { dynamodb: client } = emulators;

const stateKey = () => Buffer.from("the key of a deployment");
const signal = () => AbortSignal.timeout(100_000);
const incidents = () => createIncidents(names.stateTable, stateKey, patientDynamodb());
const items = () => openIncidents(client, names.stateTable);
const day = "2026-11-24T";
const user = { id: "00u1", login: "ada@example.com", displayName: "Ada" };
const userKey: UserKey = "login#ada@example.com";
const entry = entryOf(alertOf(), "fingerprint-1");

/** An alert of an incident, published at a time of one day, by default at 09:00 and so many minutes. */
function published(incident: string, minutes: number, own: Partial<PublishedAlert["alert"]> = {}): PublishedAlert {
  const now = new Date(Date.parse(`${day}09:00:00Z`) + minutes * 60_000);
  const alert = { ...entry, alertId: crypto.randomUUID(), detectedAt: now.toISOString(), ...own };
  return { incident, alert, user, userKey, now };
}
const verdict = (own: Partial<Verdict> = {}): Verdict => ({
  verdict: "benign",
  note: "her VPN",
  by: "ana",
  at: `${day}12:00:00.000Z`,
  ...own,
});
const bytesOf = async (id: string) => {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: names.stateTable, Key: { id: { S: incidentItemId(id) } } }),
  );
  return Buffer.byteLength(JSON.stringify(Item));
};

describe("an incident", () => {
  test("keeps its alerts in order of time, each once however often it is recorded", async () => {
    const id = crypto.randomUUID();
    const [first, second] = [published(id, 0), published(id, 5)];
    for (const each of [second, first, second, first]) await incidents().record(each, signal());
    const found = await incidents().read(id, signal());
    expect(found).toMatchObject({ id, count: 2, user, verdict: null, changed: first.now.toISOString() });
    expect(found?.alerts).toEqual([first.alert, second.alert]);
    expect(found && openedAt(found)).toBe(first.alert.detectedAt);
    expect(await incidents().read(crypto.randomUUID(), signal())).toBeNull();
  });

  test("loses none of fifty alerts that are recorded at once", async () => {
    const id = crypto.randomUUID();
    const all = Array.from({ length: 50 }, (_, index) => published(id, index));
    await Promise.all(all.map((each) => incidents().record(each, signal())));
    const found = await incidents().read(id, signal());
    expect(found?.count).toBe(50);
    expect(found?.alerts.map(({ alertId }) => alertId)).toEqual(all.map(({ alert }) => alert.alertId));
  });

  test("keeps the first fifty and the latest of many, and counts all, also at once", async () => {
    const id = crypto.randomUUID();
    for (let minute = 0; minute < 40; minute += 1) await incidents().record(published(id, minute), signal());
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => incidents().record(published(id, 40 + index), signal())),
    );
    const last = published(id, 100);
    for (const _ of [1, 2]) await incidents().record(last, signal());
    const found = await incidents().read(id, signal());
    expect(found?.count).toBe(71);
    expect(found?.alerts).toHaveLength(maximumIncidentAlerts + 1);
    expect(found?.alerts.at(-1)).toEqual(last.alert);
  });

  test("stays under DynamoDB's 400 kB, whatever texts its events have", async () => {
    const [text] = fc.sample(
      fc.array(hostileText, { minLength: 100, maxLength: 100 }).map((parts) => parts.join("あ")),
      1,
    );
    const long = `${text}${"あ".repeat(2_000)}`;
    const worst = alertOf({
      event: {
        actor: { id: long, type: "User", alternateId: long, displayName: long },
        client: { ipAddress: long, geographicalContext: { city: long, state: long, country: long } },
        outcome: { result: long },
        securityContext: { isProxy: true, asNumber: 4_294_967_295, asOrg: long },
      },
    });
    const id = crypto.randomUUID();
    for (let minute = 0; minute <= maximumIncidentAlerts; minute += 1) {
      const { alert } = published(id, minute);
      const { alertId, detectedAt } = alert;
      await incidents().record(
        { ...published(id, minute), alert: { ...entryOf(worst, "f"), alertId, detectedAt } },
        signal(),
      );
    }
    expect((await incidents().read(id, signal()))?.count).toBe(maximumIncidentAlerts + 1);
    expect(await bytesOf(id)).toBeLessThan(400_000);
  });

  test("is kept without the key that logins are hashed with; every call rejects when the table does not answer", async () => {
    const id = crypto.randomUUID();
    const keyless = createIncidents(names.stateTable, () => Promise.reject(new Error("no key")), patientDynamodb());
    await keyless.record(published(id, 0), signal());
    expect((await incidents().read(id, signal()))?.count).toBe(1);
    emulators.faults.dynamodb.set({ kind: "reset" });
    const brief = AbortSignal.timeout(2_000);
    await expect(incidents().record(published(id, 1), brief)).rejects.toThrow();
    await expect(incidents().read(id, brief)).rejects.toThrow();
  });
});

describe("the index", () => {
  test("lists incidents by their last change, across months, and holds keys alone", async () => {
    const client2 = await client.send(new DescribeTableCommand({ TableName: names.stateTable }));
    expect(client2.Table?.GlobalSecondaryIndexes?.[0]?.Projection).toEqual({ ProjectionType: "KEYS_ONLY" });
    const [old, early, late] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    const at = (incident: string, time: string) => ({ ...published(incident, 0), now: new Date(time) });
    await incidents().record(at(old, "2027-01-15T00:00:00Z"), signal());
    await incidents().record(at(early, "2027-02-27T00:00:00Z"), signal());
    await incidents().record(at(late, "2027-01-16T00:00:00Z"), signal());
    await incidents().record(at(late, "2027-03-01T00:00:00Z"), signal());
    const { list, idsOf } = await items();
    const now = new Date("2027-03-02T00:00:00Z");
    expect((await list(new Date("2027-02-01T00:00:00Z"), now)).map(({ id }) => id)).toEqual([late, early]);
    expect((await list(new Date("2027-01-01T00:00:00Z"), now)).map(({ id }) => id)).toEqual([late, early, old]);
    expect(await idsOf(early.slice(0, 13), now)).toEqual([early]);
    expect(await idsOf("", now)).toEqual(expect.arrayContaining([old, early, late]));
  });
});

describe("a verdict", () => {
  test("closes an incident until a further alert comes, and is remembered of the user by fingerprint", async () => {
    const id = crypto.randomUUID();
    const key: UserKey = `login#${id}@example.com`;
    const states = createUserStates(names.stateTable, stateKey, patientDynamodb());
    await incidents().record({ ...published(id, 0), userKey: key }, signal());
    await incidents().record({ ...published(id, 1, { fingerprint: "fingerprint-2" }), userKey: key }, signal());
    const { close, get } = await items();
    expect(await close(id, verdict())).toBe(true);
    const closed = await get(id);
    expect(closed).toMatchObject({ verdict: verdict(), changed: verdict().at });
    expect(closed && isOpen(closed)).toBe(false);
    expect((await states.read(key, signal())).verdicts).toEqual(
      new Map([
        ["fingerprint-1", verdict()],
        ["fingerprint-2", verdict()],
      ]),
    );
    await incidents().record(published(id, 600), signal());
    const reopened = await get(id);
    expect(reopened).toMatchObject({ count: 3, verdict: verdict() });
    expect(reopened && isOpen(reopened)).toBe(true);
    expect(await close(crypto.randomUUID(), verdict())).toBe(false);
  });

  test(`pushes out the oldest of ${maximumVerdicts} that are remembered of a user`, async () => {
    const key: UserKey = `login#${crypto.randomUUID()}@example.com`;
    const { close } = await items();
    for (let index = 0; index < maximumVerdicts + 3; index += 1) {
      const id = crypto.randomUUID();
      await incidents().record({ ...published(id, 0, { fingerprint: `f${index}` }), userKey: key }, signal());
      const at = new Date(Date.parse(`${day}12:00:00Z`) + index * 1_000).toISOString();
      expect(await close(id, verdict({ at }))).toBe(true);
    }
    const { Item } = await client.send(
      new GetItemCommand({ TableName: names.stateTable, Key: { id: { S: userItemIds(key, stateKey())[0] } } }),
    );
    const kept = [...readUserState(Item).verdicts.keys()];
    expect(kept).toHaveLength(maximumVerdicts);
    expect(kept).not.toContain("f2");
    expect(kept).toContain("f3");
  });
});

test("the incidents about a person are removed, and no other", async () => {
  const [own, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const now = new Date("2029-05-02T00:00:00Z");
  await incidents().record({ ...published(own, 0), now, user: { ...user, login: "zoe@example.com" } }, signal());
  await incidents().record({ ...published(other, 0), now }, signal());
  const { removeOf, get } = await items();
  expect(await removeOf(({ user: of }) => of?.login === "zoe@example.com", now)).toBe(1);
  expect(await get(own)).toBeNull();
  expect(await get(other)).not.toBeNull();
});
