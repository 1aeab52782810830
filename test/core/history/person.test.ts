import { DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import { toAttribute } from "../../../lambda/adapters/aws/dynamodb/attribute-value.ts";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import { createUserStates } from "../../../lambda/adapters/tables/user-states.ts";
import { watchingId } from "../../../lambda/adapters/tables/watching.ts";
import { names } from "../../../local/resources.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import type { Json } from "../../fixtures/events.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { patientDynamodb } from "../../fixtures/timing.ts";
import { stateKey, world } from "./world.ts";

const { dynamodb } = await useEmulators();
beforeAll(async () => {
  await put({ id: watchingId, since: "2026-01-01T00:00:00.000Z" });
});

const put = (item: Readonly<Record<string, Parameters<typeof toAttribute>[0]>>) =>
  dynamodb.send(
    new PutItemCommand({
      TableName: names.stateTable,
      Item: Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toAttribute(value)])),
    }),
  );

async function stateIds(): Promise<string[]> {
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: names.stateTable, ConsistentRead: true }));
  return Items.map(({ id }) => id?.S ?? "");
}

const failure = { outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" } };
/** An attempt as Okta logs it when the sign-in fails: under the login, by an actor that it does not know. */
const failedAs = (login: string, more: Json = {}): Json => ({
  actor: { id: "unknown", type: "User", alternateId: login, displayName: null },
  ...failure,
  ...more,
});
const someone = () => `${crypto.randomUUID()}@example.com`;
const successAs = (login: string, more: Json = {}): Json => ({
  actor: { id: `00u${crypto.randomUUID().slice(0, 8)}`, type: "User", alternateId: login, displayName: "Ada" },
  ...more,
});

describe("one person under several names", () => {
  test("five failures under the login, then a success under the id: the alert says so", async () => {
    const { deliver, published } = world();
    const login = someone();
    for (let attempt = 0; attempt < 5; attempt += 1) await deliver(failedAs(login));
    await deliver(successAs(login));
    expect(published.at(-1)).toMatchObject({
      session: { outcome: "SUCCESS" },
      history: { failedIn30Days: 5, sessionsIn30Days: 0, firstTime: true },
    });
  });

  test("five failures and the success after them in one delivery: the alert says so, and not what came after it", async () => {
    const { deliver, published } = world();
    const login = someone();
    const at = (second: number) => ({ published: `2026-11-24T09:30:0${second}.000Z` });
    const failures = [1, 2, 3, 4, 5].map((second) => failedAs(login, at(second)));
    await deliver(successAs(login, at(6)), ...failures, failedAs(login, at(7)));
    const success = published.find(({ session }) => session.outcome === "SUCCESS");
    expect(success).toMatchObject({ history: { failedIn30Days: 5, sessionsIn30Days: 0 } });
  });

  test("a success, then a failure that Okta logs without the id: the failure's alert knows the sessions", async () => {
    const { deliver, published, pass } = world();
    const login = someone();
    await deliver(successAs(login));
    pass(120);
    await deliver(failedAs(login));
    expect(published.at(-1)).toMatchObject({
      session: { outcome: "FAILURE" },
      history: { sessionsIn30Days: 1, firstTime: false, firstTimeForAsn: false },
    });
  });

  test.each([
    ["another case", "Zoë", "zoË"],
    ["another Unicode form", "zoë", "zoe\u0308"],
  ])("a login in %s is the same", async (_, first, second) => {
    const { deliver, published } = world();
    const domain = `@${crypto.randomUUID()}.example`;
    await deliver(failedAs(first + domain));
    await deliver(successAs(second + domain));
    expect(published.at(-1)?.history?.failedIn30Days).toBe(1);
  });

  test("failures of one login are suppressed as one person's, and the success after them comes through", async () => {
    const { deliver, published } = world();
    const login = someone();
    const failures = [failedAs(login), successAs(login, failure), failedAs(login.toUpperCase())];
    expect(await deliver(...failures)).toMatchObject({ published: 1, grouped: 2 });
    expect(await deliver(successAs(login))).toMatchObject({ published: 1, grouped: 0 });
    expect(published.at(-1)?.heldBack?.count).toBe(0);
  });

  test("a failure lends its detections to no session: what a stranger did under a login suppresses no success", async () => {
    const far = rule("medium", "00000000-0000-4000-8000-000000000003", { "client.zone": "far" });
    const { deliver } = world({ rules: ruleSet([proxied, far]) });
    const login = someone();
    const withZone = (event: Json): Json => ({
      ...event,
      client: { ipAddress: "203.0.113.77", zone: "far", geographicalContext: { country: "Canada" } },
    });
    const plain = (event: Json): Json => ({
      ...withZone(event),
      client: { geographicalContext: { country: "Canada" } },
    });
    expect(await deliver(withZone(failedAs(login)))).toMatchObject({ published: 1 });
    expect(await deliver(plain(successAs(login)))).toMatchObject({ published: 1 });
    expect(await deliver(withZone(successAs(login)))).toMatchObject({ published: 1, grouped: 0 });
  });

  test("what an earlier release remembered under the id is read, added up, and left as it is", async () => {
    const { deliver, published, user, ports } = world();
    const id = user.slice("login#".length).replace("@example.com", "");
    const earlier = {
      eventUuid: "earlier",
      at: "2026-11-20T08:00:00.000Z",
      gotIn: true,
      asNumber: 64500,
      asOrg: "Example Hosting",
      countryCode: "CA",
      type: "VPN",
      operator: "NORDVPN",
    };
    await put({ id: `user#${id}`, "network#64500|CA": earlier, "day#2026-11-20": 3, "failed#2026-11-20": 2 });
    await deliver({});
    expect(published[0]?.history).toMatchObject({
      firstTime: false,
      firstTimeForAsn: false,
      last: { at: "2026-11-20T08:00:00.000Z", operator: "NORDVPN" },
      sessionsIn30Days: 3,
      failedIn30Days: 2,
    });
    expect([...(await ports.userStates.read(user, AbortSignal.timeout(100_000))).sessions]).toEqual([
      ["2026-11-24", 1],
    ]);
    expect(await stateIds()).not.toContain(`user#id#${id}`);
  });

  test("an event without a login is remembered by the id", async () => {
    const { deliver, published, pass } = world();
    const id = `00u${crypto.randomUUID().slice(0, 8)}`;
    const event = { actor: { id, type: "User", alternateId: null, displayName: null } };
    await deliver(event);
    pass(120);
    await deliver(event);
    expect(published[1]?.history).toMatchObject({ firstTime: false, sessionsIn30Days: 1 });
    expect(await stateIds()).toContain(`user#id#${id}`);
  });
});

test("what a stranger typed is no part of any key or attribute that is kept", async () => {
  const { deliver, pass } = world();
  const password = `T3stPassw0rd-${crypto.randomUUID()}`;
  await deliver(failedAs(password), failedAs(password));
  pass(120);
  await deliver(failedAs(password));
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: names.stateTable, ConsistentRead: true }));
  const kept = JSON.stringify(Items).toLowerCase();
  expect(kept).toContain("user#login#");
  expect(kept).not.toContain(password.toLowerCase());
});

test("logins that look like keys of another kind are kept apart, in one delivery", async () => {
  const { deliver, published, kinds } = world();
  const one = crypto.randomUUID();
  const logins = [`travel#${one}`, one, `journey#${one}`, `login#${one}`, `id#${one}`, "\ud800", "a".repeat(3_000)];
  await deliver(...logins.map((login) => failedAs(login)));
  await deliver(...logins.map((login) => successAs(login)));
  expect(published).toHaveLength(2 * logins.length);
  expect(published.slice(logins.length).map(({ history }) => history?.failedIn30Days)).toEqual(logins.map(() => 1));
  expect(kinds()).not.toContain("profilesUnavailable");
  expect(kinds()).not.toContain("historyUnavailable");
});

describe("a network that is not known", () => {
  const nowhere: Json = { client: null, securityContext: { isProxy: true } };

  test("suppresses nothing, and is remembered as no network", async () => {
    const { deliver, published, ports, user } = world();
    expect(await deliver(nowhere, nowhere)).toMatchObject({ published: 2, grouped: 0 });
    const state = await ports.userStates.read(user, AbortSignal.timeout(100_000));
    expect([state.networks.size, state.windows.size]).toEqual([0, 0]);
    expect([...state.sessions]).toEqual([["2026-11-24", 2]]);
    await deliver(nowhere);
    expect(published[2]?.history).toMatchObject({ firstTime: false, firstTimeForAsn: null, sessionsIn30Days: 2 });
  });
});

describe("a session is not made known by itself:", () => {
  const grant = { eventType: "user.account.privilege.grant" };
  const rules = ruleSet([proxied, rule("high", "00000000-0000-4000-8000-000000000004", grant)]);
  const inSession = (rootSessionId: string, more: Json = {}): Json => ({
    authenticationContext: { rootSessionId, externalSessionId: "x" },
    ...more,
  });

  test("an act two minutes after its start is told of as from a network that is new", async () => {
    const { deliver, published, pass } = world({ rules });
    await deliver(inSession("root-1"));
    pass(2);
    await deliver(inSession("root-1", grant));
    expect(published[1]).toMatchObject({
      okta: { eventType: grant.eventType },
      history: { firstTime: true, firstTimeForAsn: true, last: null, sessionsIn30Days: 0 },
    });
  });

  test("with an earlier session on the same network, that one is told of", async () => {
    const { deliver, published, pass, ports } = world({ rules });
    await deliver(inSession("root-1"));
    const first = ports.now().toISOString();
    pass(120);
    await deliver(inSession("root-2"));
    pass(2);
    await deliver(inSession("root-2", grant));
    expect(published[2]?.history).toMatchObject({ firstTime: false, last: { at: first }, sessionsIn30Days: 1 });
  });

  test("an event that comes after a later one is not told that the later one was before", async () => {
    const { deliver, published, pass, ports } = world({ rules, suppressMinutes: 0 });
    const early = ports.now().toISOString();
    pass(30);
    await deliver(inSession("root-2"));
    await deliver(inSession("root-1", { published: early }));
    expect(published[1]?.history).toMatchObject({ firstTime: true, last: null, sessionsIn30Days: 0 });
    pass(30);
    await deliver(inSession("root-2", grant));
    expect(published[2]?.history).toMatchObject({ firstTime: false, last: { at: early }, sessionsIn30Days: 1 });
  });
});

describe("where the key of logins cannot be had", () => {
  const noKey = () => Promise.reject(new Error("Secrets Manager is down"));
  const withoutKey = {
    lookUp: createLookUp(names.profileTable, names.stateTable, noKey, patientDynamodb()),
    userStates: createUserStates(names.stateTable, noKey, patientDynamodb()),
  };

  test("every alert goes out without history, nothing is suppressed, and the reason is observed", async () => {
    const { deliver, published, observed } = world(withoutKey);
    expect(await deliver({}, {})).toMatchObject({ published: 2, grouped: 0, parked: 0, failed: 0 });
    expect(published.map(({ history, heldBack }) => ({ history, heldBack }))).toEqual([
      { history: null, heldBack: null },
      { history: null, heldBack: null },
    ]);
    const unavailable = observed.filter(({ kind }) => kind === "historyUnavailable");
    expect(unavailable).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ message: "Secrets Manager is down" }) }),
    ]);
  });

  test("locations and exceptions are found all the same", async () => {
    await dynamodb.send(
      new PutItemCommand({
        TableName: names.profileTable,
        Item: { user: { S: "00uplace" }, locations: toAttribute([{ label: "home", countryCode: "CA" }]) },
      }),
    );
    const findings = await withoutKey.lookUp(
      { keys: new Set(["00uplace"]), users: new Set(["id#00uplace"]), incidents: new Set() },
      AbortSignal.timeout(100_000),
    );
    expect(findings.locations.get("00uplace")).toHaveLength(1);
    expect(findings.states).toBeNull();
  });
});

test("a key that comes late is waited for, while locations are asked for", async () => {
  const key = Promise.withResolvers<Buffer>();
  const asked: string[] = [];
  const lookUp = createLookUp(
    names.profileTable,
    names.stateTable,
    () => key.promise,
    async () => {
      const client = new DynamoDBClient({});
      client.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          asked.push(JSON.stringify(args.input).includes("user#id#") ? "remembered" : "located");
          if (asked.length === 1) key.resolve(stateKey());
          return result;
        },
        { step: "initialize" },
      );
      return sdkDynamodb(client);
    },
  );
  const { states } = await lookUp(
    { keys: new Set(["00u1"]), users: new Set(["id#00u1"]), incidents: new Set() },
    AbortSignal.timeout(100_000),
  );
  expect(asked).toEqual(["located", "remembered"]);
  expect(states?.get("id#00u1")?.watchedSince).toBe("2026-01-01T00:00:00.000Z");
});
