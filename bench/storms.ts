import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { sdkDynamodb } from "../lambda/adapters/aws/dynamodb/sdk.ts";
import { createClaims } from "../lambda/adapters/tables/claims.ts";
import { createIncidents } from "../lambda/adapters/tables/incidents.ts";
import { createLookUp } from "../lambda/adapters/tables/look-up.ts";
import { createSources } from "../lambda/adapters/tables/sources.ts";
import { createUserStates } from "../lambda/adapters/tables/user-states.ts";
import type { Alert } from "../lambda/core/alerts/alert-schema.ts";
import { toMessage } from "../lambda/core/alerts/message.ts";
import type { PipelinePorts } from "../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../lambda/core/pipeline/work.ts";
import { defaultSourceAlerts } from "../lambda/core/storms/gathering.ts";
import { defaultStormAfter } from "../lambda/core/storms/storm.ts";
import { names } from "../local/resources.ts";
import { memoryPorts } from "../test/fixtures/memory.ts";
import { proxied, ruleSet } from "../test/fixtures/rules.ts";
import { failedSignIn, signIn } from "../test/fixtures/storms.ts";
import { unhurried } from "../test/fixtures/timing.ts";
import { startEmulatorsApart } from "./emulators-apart.ts";

/*
 * A password spray in ten minutes by the clock of the pipeline, through the adapters of the functions to an embedded DynamoDB: alerts,
 * calls, DynamoDB's units, and what they cost. `node bench/storms.ts [attempts] [logins]`, by default 10,000 attempts for 2,000 logins,
 * in which one succeeds. One JSON line.
 */

const attempts = Number(process.argv[2] ?? 10_000);
const logins = Number(process.argv[3] ?? 2_000);

/** AWS's list prices for us-east-1, in USD a million: see docs/cost.md. */
const price = { writeUnits: 0.625, readUnits: 0.125, publishes: 0.5, sqsRequests: 0.4 } as const;

// The emulators have a process of their own, so that the memory is that of the pipeline.
const emulators = await startEmulatorsApart(0);
Object.assign(process.env, emulators.environment);
const dynamodb = new DynamoDBClient({});
const calls = new Map<string, number>();
const units = { write: 0, read: 0 };
dynamodb.middlewareStack.add(
  (next, { commandName = "" }) =>
    async (given) => {
      Object.assign(given.input, { ReturnConsumedCapacity: "TOTAL" });
      const name = commandName.replace("Command", "");
      calls.set(name, (calls.get(name) ?? 0) + 1);
      const answered = await next(given);
      const { ConsumedCapacity } = answered.output as { ConsumedCapacity?: unknown };
      for (const each of [ConsumedCapacity].flat()) {
        const { CapacityUnits = 0 } = (each ?? {}) as { readonly CapacityUnits?: number };
        units[/Get/.test(name) ? "read" : "write"] += CapacityUnits;
      }
      return answered;
    },
  { step: "initialize" },
);

const start = Date.parse("2026-11-24T09:30:00Z");
let now = start;
let queue: { readonly body: string; readonly due: number }[] = [];
let parked = 0;
const published: Alert[] = [];
const getDynamodb = async () => sdkDynamodb(dynamodb);
const getStateKey = () => Buffer.from("a key of the bench");
const ports: PipelinePorts = memoryPorts({
  rules: ruleSet([proxied]),
  suppressMinutes: 60,
  stormAfter: defaultStormAfter,
  sourceAlertsPerHour: defaultSourceAlerts,
  lookUp: createLookUp(names.profileTable, names.stateTable, getStateKey, getDynamodb),
  claims: createClaims(names.stateTable, getDynamodb),
  userStates: createUserStates(names.stateTable, getStateKey, getDynamodb),
  incidents: createIncidents(names.stateTable, getStateKey, getDynamodb),
  sources: createSources(names.stateTable, getDynamodb),
  publish: async (alert) => {
    toMessage(alert);
    published.push(alert);
  },
  parkWork: async (work) => {
    parked += work.length;
    for (const each of work) {
      queue.push({ body: writeWork(each.work, new Date(now)), due: now + each.delaySeconds * 1_000 });
    }
  },
  now: () => new Date(now),
});

/** Works the retry queue off, up to this time. */
async function redrive(until: number): Promise<void> {
  for (;;) {
    const [next] = queue.filter(({ due }) => due <= until).sort((first, second) => first.due - second.due);
    if (next === undefined) return;
    queue = queue.filter((each) => each !== next);
    now = Math.max(now, next.due);
    await retryWork(readWork(next.body), ports, unhurried());
  }
}

const began = performance.now();
const heap: number[] = [];
const atOnce = 10;
const results = { published: 0, inStorm: 0, grouped: 0, parked: 0, failed: 0 };
for (let index = 0; index < attempts; index += atOnce) {
  const time = start + Math.round((index / attempts) * 600_000);
  await redrive(time);
  now = time;
  const events = Array.from({ length: Math.min(atOnce, attempts - index) }, (_, each) => {
    const number = (index + each) % logins;
    return failedSignIn(number, { uuid: `attempt-${index + each}` });
  });
  if (index === Math.floor(attempts / 2 / atOnce) * atOnce) events.push(signIn("success", "user7@example.com"));
  const delivery = { id: null, org: null, eventHookId: null, events, malformed: [] };
  const report = await processDelivery(delivery, ports, unhurried());
  for (const name of ["published", "inStorm", "grouped", "parked", "failed"] as const) results[name] += report[name];
  if (index % 1_000 === 0) heap.push(process.memoryUsage().rss);
}
const duringFlood = Object.fromEntries(calls);
await redrive(start + 2 * 3_600_000);

const reports = published.flatMap(({ storm }) => (storm?.report == null ? [] : [`${storm.report} ${storm.attempts}`]));
const sqsRequests = 3 * parked;
const dollars =
  (units.write * price.writeUnits +
    units.read * price.readUnits +
    published.length * price.publishes +
    sqsRequests * price.sqsRequests) /
  1_000_000;
const figures = {
  attempts,
  logins,
  ...results,
  alerts: published.length,
  reports,
  largestMessageBytes: Math.max(...published.map((alert) => Buffer.byteLength(toMessage(alert).message))),
  calls: Object.fromEntries(calls),
  callsAnAttempt: Number((Object.values(duringFlood).reduce((sum, each) => sum + each, 0) / attempts).toFixed(2)),
  writeUnits: Math.round(units.write),
  readUnits: Math.round(units.read),
  writeUnitsAnAttempt: Number((units.write / attempts).toFixed(1)),
  sqsRequests,
  dollars: Number(dollars.toFixed(3)),
  megabytesOfProcess: heap.map((bytes) => Math.round(bytes / 1_000_000)),
  seconds: Math.round((performance.now() - began) / 1_000),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
dynamodb.destroy();
await emulators.stop();
