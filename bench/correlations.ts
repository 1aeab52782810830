import { fileURLToPath } from "node:url";
import { contentsOf } from "../cli/detections-folder.ts";
import { createDynamodb } from "../lambda/adapters/aws/dynamodb/client.ts";
import type { Dynamodb } from "../lambda/adapters/aws/operations.ts";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { createClaims } from "../lambda/adapters/tables/claims.ts";
import { createGroupStore } from "../lambda/adapters/tables/group-states.ts";
import { createLookUp } from "../lambda/adapters/tables/look-up.ts";
import { planCorrelations } from "../lambda/core/correlation/correlate.ts";
import { chooseCorrelated } from "../lambda/core/detections/choose-correlated.ts";
import { compileRules } from "../lambda/core/detections/compile-rules.ts";
import type { PipelinePorts } from "../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../lambda/core/pipeline/process-delivery.ts";
import { chainRules, correlationsOf } from "../test/fixtures/chains.ts";
import { type Json, logEvent } from "../test/fixtures/events.ts";
import { memoryPorts } from "../test/fixtures/memory.ts";
import { ruleSet } from "../test/fixtures/rules.ts";
import { patientClient, unhurried } from "../test/fixtures/timing.ts";
import { inEnvironment, startEmulatorsApart } from "./emulators-apart.ts";
import { median, print } from "./measure.ts";

/** The delay of each call in milliseconds: about that of DynamoDB within a region. */
const held = 5;

const chainOf = (step: string) =>
  correlationsOf(`
title: Step of a Session Through a Proxy
id: 00000000-0000-4000-8000-000000000095
correlation:
  type: temporal_ordered
  rules: [proxied_start, ${step}]
  group-by: [authenticationContext.rootSessionId]
  timespan: 24h
level: critical
`);

/** Requests to DynamoDB, and the items that they read and write. */
interface Counts {
  requests: number;
  read: number;
  written: number;
}

/** Counts the requests to DynamoDB. */
function counting(counts: Counts): () => Promise<Dynamodb> {
  const get = createDynamodb(patientClient);
  return async () => {
    const dynamodb = await get();
    return {
      ...dynamodb,
      batchGetItem(input, signal) {
        counts.requests += 1;
        for (const { Keys = [] } of Object.values(input.RequestItems ?? {})) counts.read += Keys.length;
        return dynamodb.batchGetItem(input, signal);
      },
      getItem(input, signal) {
        counts.requests += 1;
        counts.read += 1;
        return dynamodb.getItem(input, signal);
      },
      updateItem(input, signal) {
        counts.requests += 1;
        counts.written += 1;
        return dynamodb.updateItem(input, signal);
      },
    };
  };
}

/** The kinds of events, by what correlations do with them. */
const kinds: readonly {
  readonly name: string;
  readonly eventType: string;
  /** Whether its session starts before. @default false */
  readonly afterStart?: boolean;
  /** Whether the correlations that run by default take it, in place of one chain. @default false */
  readonly isShipped?: boolean;
}[] = [
  { name: "that no correlation uses", eventType: "user.account.update_profile" },
  {
    name: "of everyday types that would continue a chain which has not started",
    eventType: "user.authentication.sso",
  },
  { name: "that are acts of a chain which has not started", eventType: "system.api_token.create" },
  { name: "that start a chain", eventType: "user.session.start" },
  { name: "that complete a chain, and are alerted on", eventType: "system.api_token.create", afterStart: true },
  { name: "that start every chain that runs by default", eventType: "user.session.start", isShipped: true },
];

const events = (eventType: string, sessions: readonly string[]) =>
  sessions.map((rootSessionId) => {
    const session: Json = { authenticationContext: { rootSessionId }, securityContext: { isProxy: true } };
    return logEvent({ uuid: crypto.randomUUID(), eventType, ...session });
  });

/**
 * Measures what correlations add to deliveries of 1 and of 100 events that no rule alerts on by itself, each of a session of its
 * own: requests to DynamoDB, items read and written, and the time, with each call held up.
 */
export async function correlationCosts(runs: number): Promise<void> {
  const emulators = await startEmulatorsApart(held);
  try {
    await inEnvironment(emulators.environment, () => measureCosts(runs));
  } finally {
    await emulators.stop();
  }
}

/** The rules and correlations that run by default, as if no rule alerted by itself. */
async function shippedDetections(): Promise<Pick<PipelinePorts, "rules" | "correlations">> {
  const folder = fileURLToPath(new URL("../detections", import.meta.url));
  const chosen = chooseCorrelated(contentsOf(await loadDetections(folder)), { experimental: false });
  const silent = new Set([...chosen.evaluated, ...chosen.correlations].map(({ id }) => id));
  const plan = planCorrelations(chosen.correlations);
  return { rules: await compileRules(chosen.evaluated), correlations: { plan, silent } };
}

async function measureCosts(runs: number): Promise<void> {
  const { PROFILE_TABLE = "", STATE_TABLE = "" } = process.env;
  const counts: Counts = { requests: 0, read: 0, written: 0 };
  const getDynamodb = counting(counts);
  const stateKey = () => Buffer.from("the key of a measurement");
  const portsOf = (step: string): PipelinePorts => {
    const parts = chainRules.filter(({ name }) => name === "proxied_start" || name === step);
    const silent = new Set(parts.map(({ id }) => id));
    return { ...ports, rules: ruleSet(parts), correlations: { plan: planCorrelations(chainOf(step)), silent } };
  };
  const ports = memoryPorts({
    lookUp: createLookUp(PROFILE_TABLE, STATE_TABLE, stateKey, getDynamodb),
    claims: createClaims(STATE_TABLE, getDynamodb),
    groups: createGroupStore(STATE_TABLE, stateKey, getDynamodb),
  });
  const shipped = { ...ports, ...(await shippedDetections()) };
  const running = { act: portsOf("token_created"), everyday: portsOf("app_opened") };
  const deliver = async (
    some: ReturnType<typeof events>,
    by = some[0]?.eventType === "user.authentication.sso" ? running.everyday : running.act,
  ) => {
    const start = performance.now();
    const delivery = { id: "d", org: null, eventHookId: null, events: some, malformed: [] };
    const { failed, parked } = await processDelivery(delivery, by, unhurried());
    if (failed + parked > 0) throw new Error(`of a delivery, ${failed + parked} events were not handled`);
    return performance.now() - start;
  };
  /** Milliseconds of the same requests without the pipeline: the emulator and the client take most of the time. */
  const alone = async ({ requests, read: items, written }: Counts) => {
    const dynamodb = await createDynamodb(patientClient)();
    const item = () => ({ id: { S: crypto.randomUUID() } });
    const reads = requests - written;
    const keys = () => Array.from({ length: Math.ceil(items / reads) }, item);
    const read = () => dynamodb.batchGetItem({ RequestItems: { [STATE_TABLE]: { Keys: keys() } } });
    const write = () =>
      dynamodb.updateItem({
        TableName: STATE_TABLE,
        Key: item(),
        UpdateExpression: "SET #version = :version",
        ConditionExpression: "attribute_not_exists(#version)",
        ExpressionAttributeNames: { "#version": "version" },
        ExpressionAttributeValues: { ":version": { N: "1" } },
      });
    const all = (count: number, call: () => Promise<unknown>) => Promise.all(Array.from({ length: count }, call));
    const times: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const start = performance.now();
      await all(reads, read);
      await all(written, write);
      times.push(performance.now() - start);
    }
    return median(times.slice(Math.floor(runs / 2)));
  };
  for (const count of [1, 100]) {
    for (const { name, eventType, afterStart = false, isShipped = false } of kinds) {
      const times: number[] = [];
      let last: Counts = counts;
      for (let run = 0; run < runs; run += 1) {
        const sessions = Array.from({ length: count }, () => crypto.randomUUID());
        if (afterStart) await deliver(events("user.session.start", sessions));
        Object.assign(counts, { requests: 0, read: 0, written: 0 });
        times.push(await deliver(events(eventType, sessions), isShipped ? shipped : undefined));
        last = { ...counts };
      }
      const about = `a delivery of ${count === 1 ? "one event" : `${count} events`} ${name}`;
      const whole = { name: "its events", value: count, unit: "events" } as const;
      print({ name: `requests to DynamoDB of ${about}`, value: last.requests, unit: "requests" }, whole);
      print({ name: `items read for ${about}`, value: last.read, unit: "items" }, whole);
      print({ name: `items written for ${about}`, value: last.written, unit: "items" }, whole);
      const time = { name: about, value: median(times.slice(Math.floor(runs / 2))), unit: "milliseconds" } as const;
      const unit = "milliseconds";
      if (last.requests === 0) print(time, { name: "one call", value: held, unit });
      else print(time, { name: "the same reads, then the same writes, alone", value: await alone(last), unit });
    }
  }
}
