import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createDynamodb } from "../../../lambda/adapters/aws/dynamodb/client.ts";
import { createClaims } from "../../../lambda/adapters/tables/claims.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import { createTrailStore, trailItemId } from "../../../lambda/adapters/tables/trails.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import type { AwsRequest } from "../../../local/aws-limits.ts";
import { type Emulators, startEmulators } from "../../../local/emulators.ts";
import type { Fault } from "../../../local/fault-proxy.ts";
import { names } from "../../../local/resources.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { memoryPorts } from "../../fixtures/memory.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { patientClient, patientWatching, unhurried } from "../../fixtures/timing.ts";
import { stateKey } from "../history/world.ts";
import { places } from "./stops.ts";

/*
 * Each call about the places of a person fails in each way, for a session start that another rule alerts on, too. Whatever fails, that
 * alert goes out at once, and the travel is told once, at the latest by a follow-up.
 */

const impossible = rule("high", "00000000-0000-4000-8000-000000000002", {
  "enrichment.travel.impossible": true,
  "enrichment.travel.firstToday": true,
});

let emulators: Emulators;
/** Past the proxy: what a test itself does to the table. */
let direct: DynamoDBClient;
beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
  direct = new DynamoDBClient({ endpoint: emulators.direct.dynamodb });
});
afterEach(() => emulators.faults.dynamodb.set(null));
afterAll(async () => {
  direct.destroy();
  await emulators.stop();
});

const prefix = `${trailItemId("any", stateKey()).split("#")[0]}#`;
const isAboutTrails = ({ input }: AwsRequest) => JSON.stringify(input).includes(`"S":"${prefix}`);
const calls = {
  read: (request: AwsRequest) => request.action === "BatchGetItem" && isAboutTrails(request),
  write: (request: AwsRequest) => request.action === "UpdateItem" && isAboutTrails(request),
} as const;

/** Another function writes the trail first, as often as this one tries. */
async function overtake({ input }: AwsRequest): Promise<void> {
  await direct.send(
    new UpdateItemCommand({
      TableName: names.stateTable,
      Key: input.Key as { id: { S: string } },
      UpdateExpression: "ADD #version :one",
      ExpressionAttributeNames: { "#version": "version" },
      ExpressionAttributeValues: { ":one": { N: "1" } },
    }),
  );
}

const faults: readonly {
  readonly name: string;
  readonly fault: Fault;
  readonly of?: readonly (keyof typeof calls)[];
}[] = [
  { name: "refused", fault: { kind: "refuse" } },
  { name: "throttled", fault: { kind: "throttle" } },
  { name: "throttled, each key unread", fault: { kind: "unprocessed" }, of: ["read"] },
  { name: "answered 500", fault: { kind: "serverError" } },
  { name: "answered 500, having taken effect", fault: { kind: "serverError", moment: "after" } },
  { name: "hanging", fault: { kind: "hang" } },
  { name: "hanging, having taken effect", fault: { kind: "hang", moment: "after" } },
  { name: "reset", fault: { kind: "reset" } },
  { name: "reset, having taken effect", fault: { kind: "reset", moment: "after" } },
  { name: "overtaken by others, time after time", fault: { kind: "overtaken", by: overtake }, of: ["write"] },
];
const cells = faults.flatMap(({ name, fault, of = ["read", "write"] }) => of.map((call) => ({ name, call, fault })));

/** One instance of a function: what hangs is over soon, and nothing else. */
function instance() {
  const dynamodb = createDynamodb({ ...patientClient, maxAttempts: 1 });
  const published: Alert[] = [];
  const queue: string[] = [];
  const ports: PipelinePorts = memoryPorts({
    rules: ruleSet([impossible, proxied]),
    lookUp: createLookUp(names.profileTable, names.stateTable, stateKey, dynamodb, patientWatching),
    claims: createClaims(names.stateTable, dynamodb),
    trails: createTrailStore(names.stateTable, stateKey, dynamodb),
    publish: async (alert) => void published.push(alert),
    parkWork: async (work) => void queue.push(...work.map((each) => writeWork(each.work, new Date()))),
    now: () => new Date("2026-11-24T12:00:00Z"),
  });
  const deliver = (steps: Parameters<typeof unhurried>[0], ...events: readonly Json[]) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events: events.map((each) => logEvent(each)), malformed: [] },
      ports,
      unhurried(steps),
    );
  const redrive = async () => {
    for (let round = 0; round < 5 && queue.length > 0; round += 1) {
      for (const body of queue.splice(0)) {
        await retryWork(readWork(body), ports, unhurried()).catch(() => void queue.push(body));
      }
    }
  };
  const told = () => published.map(({ okta, detections }) => [okta.eventUuid, ...detections.map(({ id }) => id)]);
  return { deliver, redrive, told, published, queue };
}

/** A session start of a person at a place, through a proxy where it is Toronto. */
function startAt(person: string, place: "lisbon" | "toronto", minutes: number): Json {
  const { latitude, longitude, city } = places[place];
  const isAway = place === "toronto";
  return {
    uuid: crypto.randomUUID(),
    published: new Date(Date.parse("2026-11-24T08:00:00Z") + minutes * 60_000).toISOString(),
    actor: { id: person, type: "User", alternateId: `${person}@example.com` },
    client: { geographicalContext: { city, country: "any", geolocation: { lat: latitude, lon: longitude } } },
    securityContext: { isProxy: isAway, asNumber: isAway ? 64_502 : 64_501 },
  };
}

/** Milliseconds of a step that hangs. */
const brief = { lookUp: 500, suppress: 500 };

describe("a travel whose trail cannot be", () => {
  test.each(cells)("$call: $name", async ({ name, call, fault }) => {
    const person = `00u${crypto.randomUUID()}`;
    const [home, away] = [startAt(person, "lisbon", 0), startAt(person, "toronto", 20)];
    const { deliver, redrive, told, published } = instance();
    await deliver({}, home);
    expect(told()).toEqual([]);
    emulators.faults.dynamodb.set({ ...fault, only: calls[call] });
    await deliver(name.startsWith("hanging") ? brief : {}, away);
    expect(told()).toEqual([[away.uuid, proxied.id]]);
    emulators.faults.dynamodb.set(null);
    await redrive();
    expect(told()).toEqual([
      [away.uuid, proxied.id],
      [away.uuid, impossible.id],
    ]);
    expect(published[1]?.followUp).toBe(true);
    await deliver({}, away, home);
    await redrive();
    expect(told()).toHaveLength(2);
  });
});

test("session starts of one person that several functions take at once are compared with one another", async () => {
  for (let round = 0; round < 5; round += 1) {
    const person = `00u${crypto.randomUUID()}`;
    const events = [0, 1, 2, 3].map((index) => startAt(person, index === 2 ? "toronto" : "lisbon", index));
    const functions = events.map((event) => ({ event, ...instance() }));
    await Promise.all(functions.map(({ deliver, event }) => deliver({}, event)));
    for (const { redrive } of functions) await redrive();
    const told = functions.flatMap(({ told: ofOne }) => ofOne().filter((ids) => ids.includes(impossible.id)));
    expect(told).toHaveLength(1);
  }
});
