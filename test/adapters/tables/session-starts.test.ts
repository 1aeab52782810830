import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { createClaims } from "../../../lambda/adapters/tables/claims.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import {
  createSessionStartStore,
  encodeSessionStart,
  sessionItemId,
} from "../../../lambda/adapters/tables/session-starts.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { logSource } from "../../../lambda/core/detections/log-source.ts";
import { withSessionStarts } from "../../../lambda/core/detections/session-start-recorder.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import { type SessionStart, sessionStartOf } from "../../../lambda/core/session-start/session-start.ts";
import { parseRule } from "../../../lambda/core/sigma/parse/parse-rule.ts";
import type { AwsRequest } from "../../../local/aws-limits.ts";
import type { Fault } from "../../../local/fault-proxy.ts";
import { names } from "../../../local/resources.ts";
import { documentedExample } from "../../core/session-start/documented-example.ts";
import { startOf, useOf } from "../../core/session-start/uses.ts";
import { startAwsEndpoint } from "../../fixtures/aws-endpoint.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { memoryPorts } from "../../fixtures/memory.ts";
import { proxied, ruleSet } from "../../fixtures/rules.ts";
import { patientDynamodb, patientWatching, unhurried } from "../../fixtures/timing.ts";

const emulators = await useEmulators();

const stateKey = Buffer.from("a key of this test");
const signal = () => AbortSignal.timeout(100_000);
const store = () => createSessionStartStore(names.stateTable, () => stateKey, patientDynamodb());
const lookUp = () =>
  createLookUp(names.profileTable, names.stateTable, () => stateKey, patientDynamodb(), patientWatching);
const none = new Set<never>();
const find = async (session: string) =>
  (
    await lookUp()({ keys: none, users: none, incidents: none, sessions: new Set([session]) }, signal())
  ).sessionStarts?.get(session);
const itemOf = async (session: string) =>
  (
    await new DynamoDBClient().send(
      new GetItemCommand({ TableName: names.stateTable, Key: { id: { S: sessionItemId(session, stateKey) } } }),
    )
  ).Item;
const now = new Date("2026-11-24T12:00:00Z");
const start = (event: Json): SessionStart => {
  const found = sessionStartOf(logEvent(event), now);
  if (found === null) throw new Error("the event starts no session");
  return found;
};

describe("the store of sessions' starts", () => {
  test("writes what the look-up reads, and finds nothing of another session", async () => {
    const session = crypto.randomUUID();
    const kept = start(startOf(session, "home", 0));
    expect(await store().keep(session, kept, signal())).toEqual(kept);
    expect(await find(session)).toEqual(kept);
    expect(await find(crypto.randomUUID())).toBeUndefined();
  });

  test("keeps the first in order, in whatever order they are written", async () => {
    const events = (session: string) => [
      start(useOf(session, "away", 5)),
      start(startOf(session, "home", 9)),
      start(useOf(session, "home", 1)),
      start(startOf(session, "away", 12)),
    ];
    for (const turn of [0, 1, 2, 3]) {
      const session = crypto.randomUUID();
      const all = events(session);
      for (const each of [...all.slice(turn), ...all.slice(0, turn)]) await store().keep(session, each, signal());
      expect(await find(session)).toEqual(all[1]);
    }
  });

  test("gives all of several functions that write at once the same start in the end", async () => {
    const session = crypto.randomUUID();
    const first = start(startOf(session, "home", 0));
    const others = [1, 2, 3, 4].map((minutes) => start(useOf(session, "away", minutes)));
    await Promise.all([...others, first].map((each) => store().keep(session, each, signal())));
    expect(await Promise.all(others.map((each) => store().keep(session, each, signal())))).toEqual(
      others.map(() => first),
    );
  });

  test("takes what DynamoDB returns with a refused condition, without a read", async () => {
    const asked: string[] = [];
    const kept = start(startOf("s", "home", 0));
    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html#API_UpdateItem_Errors
    const endpoint = await startAwsEndpoint((operation, input) => {
      asked.push(`${operation} ${input.ReturnValuesOnConditionCheckFailure}`);
      const type = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
      const Item = { start: { S: encodeSessionStart(kept) } };
      return { status: 400, body: { __type: type, message: "refused", Item } };
    });
    try {
      const client = new DynamoDBClient({ endpoint: endpoint.url });
      const starts = createSessionStartStore(
        "states",
        () => stateKey,
        async () => sdkDynamodb(client),
      );
      expect(await starts.keep("s", start(useOf("s", "away", 3)), signal())).toEqual(kept);
      expect(asked).toEqual(["UpdateItem ALL_OLD"]);
      client.destroy();
    } finally {
      await endpoint.stop();
    }
  });

  test("keeps an item for 180 days, below a kilobyte, and names no session in the id", async () => {
    const session = crypto.randomUUID();
    const at = Date.now() + 3_600_000;
    await store().keep(session, { ...start(startOf("s", "home", 0)), at, device: "d".repeat(100) }, signal());
    const item = await itemOf(session);
    expect(Number(item?.expiration?.N)).toBe(Math.ceil((at + 180 * 86_400_000) / 1_000));
    expect(JSON.stringify(item).length).toBeLessThan(1_000);
    expect(JSON.stringify(item)).not.toContain(session);
  });

  test("takes a start that cannot be read for none", async () => {
    const session = crypto.randomUUID();
    const id = { S: sessionItemId(session, stateKey) };
    const Item = { id, start: { S: '{"order": 7}' }, order: { S: "1 z" } };
    await new DynamoDBClient().send(new PutItemCommand({ TableName: names.stateTable, Item }));
    expect(await find(session)).toBeUndefined();
    const kept = start(startOf(session, "home", 0));
    expect(await store().keep(session, kept, signal())).toEqual(kept);
    expect(await find(session)).toEqual(kept);
  });
});

/** A function with the rule that docs/detections.md has as an example, on the tables. */
async function instance() {
  const example = parseRule(await documentedExample(), { logsource: logSource }).rule;
  const published: Alert[] = [];
  const queue: string[] = [];
  const dynamodb = patientDynamodb();
  const ports = memoryPorts({
    rules: ruleSet(withSessionStarts([example, proxied])),
    lookUp: lookUp(),
    claims: createClaims(names.stateTable, dynamodb),
    sessionStarts: store(),
    publish: async (alert) => void published.push(alert),
    parkWork: async (work) => void queue.push(...work.map((each) => writeWork(each.work, now))),
    now: () => now,
  });
  const deliver = (...events: readonly Json[]) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events: events.map((each) => logEvent(each)), malformed: [] },
      ports,
      unhurried(),
    );
  const redrive = async () => {
    for (let round = 0; round < 5 && queue.length > 0; round += 1) {
      for (const body of queue.splice(0)) {
        await retryWork(readWork(body), ports, unhurried()).catch(() => void queue.push(body));
      }
    }
  };
  const reported = () => published.map(({ okta, detections }) => [okta.eventUuid, ...detections.map(({ id }) => id)]);
  return { id: example.id, deliver, redrive, reported, queue };
}

test("the documented example alerts on the app that a stolen cookie opens, and on nothing else of the session", async () => {
  const session = crypto.randomUUID();
  const { id, deliver, reported } = await instance();
  await deliver(startOf(session, "home", 0), useOf(session, "phone", 0));
  await deliver(useOf(session, "home", 5));
  const away = useOf(session, "away", 10);
  await deliver(away);
  await deliver(away, useOf(session, "home", 15));
  expect(reported()).toEqual([[away.uuid, id]]);
});

const isAboutStarts = ({ input }: AwsRequest) => JSON.stringify(input).includes(`"S":"session-start#`);
const calls = {
  read: (request: AwsRequest) => request.action === "BatchGetItem" && isAboutStarts(request),
  write: (request: AwsRequest) => request.action === "UpdateItem" && isAboutStarts(request),
} as const;

const faults: readonly (readonly [keyof typeof calls, string, Fault])[] = [
  ["read", "throttled", { kind: "throttle" }],
  ["read", "throttled, each key unread", { kind: "unprocessed" }],
  ["read", "reset", { kind: "reset" }],
  ["write", "throttled", { kind: "throttle" }],
  ["write", "answered 500, having taken effect", { kind: "serverError", moment: "after" }],
  ["write", "reset, having taken effect", { kind: "reset", moment: "after" }],
];

test.each(faults)("a start whose %s is %s is kept once it is redriven", async (call, _, fault) => {
  const session = crypto.randomUUID();
  const { id, deliver, redrive, reported } = await instance();
  emulators.faults.dynamodb.set({ ...fault, only: calls[call] });
  const [home, away] = [startOf(session, "home", 0, { securityContext: { isProxy: true, asNumber: 64_501 } })].concat(
    useOf(session, "away", 10),
  );
  await deliver(home as Json);
  expect(reported()).toEqual([[home?.uuid, proxied.id]]);
  emulators.faults.dynamodb.set(null);
  await redrive();
  await deliver(away as Json);
  expect(reported().slice(1)).toEqual([[away?.uuid, id]]);
});

test("an app whose session cannot be read is decided by a follow-up", async () => {
  const session = crypto.randomUUID();
  const { id, deliver, redrive, reported, queue } = await instance();
  await deliver(startOf(session, "home", 0));
  emulators.faults.dynamodb.set({ kind: "throttle", only: calls.read });
  const away = useOf(session, "away", 10);
  await deliver(away);
  expect(reported()).toEqual([]);
  expect(queue).toHaveLength(1);
  emulators.faults.dynamodb.set(null);
  await redrive();
  expect(reported()).toEqual([[away.uuid, id]]);
});
