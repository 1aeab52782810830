import { fileURLToPath } from "node:url";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { correlationLoads } from "../cli/rules/correlation-load.ts";
import { ordinaryDays, profileLocations } from "../cli/rules/ordinary-week.ts";
import { createDynamodb } from "../lambda/adapters/aws/dynamodb/client.ts";
import type { Dynamodb } from "../lambda/adapters/aws/operations.ts";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { createClaims } from "../lambda/adapters/tables/claims.ts";
import { createGroupStore, groupItemId } from "../lambda/adapters/tables/group-states.ts";
import { createIncidents } from "../lambda/adapters/tables/incidents.ts";
import { createLookUp } from "../lambda/adapters/tables/look-up.ts";
import { createUserStates } from "../lambda/adapters/tables/user-states.ts";
import type { Alert } from "../lambda/core/alerts/alert-schema.ts";
import { planCorrelations } from "../lambda/core/correlation/correlate.ts";
import { type ChosenDetections, chooseCorrelated } from "../lambda/core/detections/choose-correlated.ts";
import { compileRules } from "../lambda/core/detections/compile-rules.ts";
import { type LogEvent, parseLogEvent } from "../lambda/core/okta/log-event.ts";
import type { ParkedWork, PipelinePorts } from "../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../lambda/core/pipeline/retry-work.ts";
import { memoryPorts } from "../test/fixtures/memory.ts";
import { patientClient, unhurried } from "../test/fixtures/timing.ts";
import { inEnvironment, startEmulatorsApart } from "./emulators-apart.ts";
import { type Measurement, median, percentile, print } from "./measure.ts";

/*
 * An ordinary day of one org through the pipeline and its stores: what correlations take of it, measured, beside what
 * `npx okta-proxy-watch rules --events-a-day` and `cost` reckon by a day of one company in deliveries of one event.
 */

/** Deliveries that are in progress at once. */
const concurrency = 6;
/** The sizes of deliveries, by turns: Okta batches events that come close together. */
const sizes = [1, 1, 3, 1, 10, 2, 40, 1, 100, 5];

const stateKey = () => Buffer.from("the key of a measurement");
const groupPrefix = `${groupItemId("any", stateKey()).split("#")[0]}#`;

/** What is asked of DynamoDB about groups. */
interface Use {
  requests: number;
  /** Writes that another writer was before. */
  lost: number;
  readUnits: number;
  writeUnits: number;
  bytesRead: number;
  bytesWritten: number;
  largest: number;
}

const nothing = (): Use => ({
  requests: 0,
  lost: 0,
  readUnits: 0,
  writeUnits: 0,
  bytesRead: 0,
  bytesWritten: 0,
  largest: 0,
});

/** An item's size: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html. */
function bytesOf(item: Readonly<Record<string, AttributeValue>>): number {
  const sizeOf = ({ S, N, B }: AttributeValue) =>
    S !== undefined ? Buffer.byteLength(S) : N !== undefined ? Math.ceil(N.length / 2) + 1 : (B?.length ?? 1);
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value), 0);
}

const isGroup = (id: AttributeValue | undefined) => id?.S?.startsWith(groupPrefix) === true;

/** Counts what is asked about groups; all else passes. */
function counting(use: Use): () => Promise<Dynamodb> {
  const get = createDynamodb(patientClient);
  const read = (bytes: number) => {
    use.readUnits += Math.max(1, Math.ceil(bytes / 4_096));
    use.bytesRead += bytes;
  };
  return async () => {
    const dynamodb = await get();
    return {
      ...dynamodb,
      async batchGetItem(input, signal) {
        const output = await dynamodb.batchGetItem(input, signal);
        const asked = Object.values(input.RequestItems ?? {})
          .flatMap(({ Keys = [] }) => Keys)
          .filter(({ id }) => isGroup(id)).length;
        const found = Object.values(output.Responses ?? {})
          .flat()
          .filter(({ id }) => isGroup(id));
        if (asked > 0) use.requests += 1;
        for (const item of found) read(bytesOf(item));
        // A key without an item takes a unit, too.
        for (let missing = found.length; missing < asked; missing += 1) read(0);
        return output;
      },
      async updateItem(input, signal) {
        if (!isGroup(input.Key?.id)) return await dynamodb.updateItem(input, signal);
        use.requests += 1;
        const written = { ...input.Key, ...attributesOf(input) };
        const bytes = bytesOf(written);
        use.writeUnits += Math.max(1, Math.ceil(bytes / 1_024));
        use.bytesWritten += bytes;
        use.largest = Math.max(use.largest, bytes);
        try {
          return await dynamodb.updateItem(input, signal);
        } catch (error) {
          use.lost += 1;
          throw error;
        }
      },
    };
  };
}

/** The attributes that an update sets. */
function attributesOf({
  UpdateExpression = "",
  ExpressionAttributeNames: names = {},
  ExpressionAttributeValues: values = {},
}: Parameters<Dynamodb["updateItem"]>[0]): Record<string, AttributeValue> {
  const set = [...UpdateExpression.matchAll(/(#\w+) = (:\w+)/g)].map(([, name = "", value = ""]) => [
    names[name] ?? name,
    values[value] ?? { NULL: true as const },
  ]);
  return Object.fromEntries(set) as Record<string, AttributeValue>;
}

/** A day of one org, from which its events are made one by one. */
interface Day {
  /** Events of one company, as JSON, in order of time. */
  readonly texts: readonly string[];
  /** Companies that share their offices' networks: one org of so many times the persons. */
  readonly companies: number;
}

/** A day of about so many events: of some persons of one company, or of several companies. */
async function dayOf(count: number): Promise<Day> {
  const { value } = await ordinaryDays().next();
  const day: readonly LogEvent[] = value ?? [];
  const companies = Math.max(1, Math.round(count / day.length));
  const every = Math.max(1, Math.round(day.length / count));
  const some = day.filter(({ fields: { actor } }) => {
    const [, index] = /person(\d+)@/.exec(actor?.alternateId ?? "") ?? [];
    return index === undefined || Number(index) % every === 0;
  });
  return { texts: some.map(({ received }) => JSON.stringify(received)), companies };
}

const eventsOf = ({ texts, companies }: Day) => texts.length * companies;

/** Each event as one of each company, with a uuid of its own. */
function* eventsAnew({ texts, companies }: Day): Generator<LogEvent> {
  for (const text of texts) {
    for (let company = 0; company < companies; company += 1) {
      const named = text
        .replaceAll("00u1person", `00u${company}person`)
        .replaceAll(/(root|device|shared)-/g, `$1-${company}-`)
        .replaceAll(/person(\d+)@/g, `person$1-${company}@`)
        .replace(/"uuid":"[^"]+"/, `"uuid":"${crypto.randomUUID()}"`);
      const parsed = parseLogEvent(JSON.parse(named));
      if (!parsed.ok) throw new Error("an event of the day cannot be read");
      yield parsed.event;
    }
  }
}

/** The events in deliveries of the {@link sizes}. */
function* deliveriesOf(day: Day): Generator<readonly LogEvent[]> {
  let some: LogEvent[] = [];
  let turn = 0;
  for (const event of eventsAnew(day)) {
    some.push(event);
    if (some.length < (sizes[turn % sizes.length] ?? 1)) continue;
    yield some;
    some = [];
    turn += 1;
  }
  if (some.length > 0) yield some;
}

interface Played {
  readonly use: Use;
  /** Milliseconds of deliveries without an alert. */
  readonly quiet: readonly number[];
  readonly processorMilliseconds: number;
  readonly alerts: readonly Alert[];
  readonly undecided: number;
}

/** Takes the events through the pipeline. */
async function play(day: Day, chosen: ChosenDetections, isOn: boolean): Promise<Played> {
  const { PROFILE_TABLE = "", STATE_TABLE = "" } = process.env;
  const use = nothing();
  const getDynamodb = counting(use);
  const alerts: Alert[] = [];
  let queue: ParkedWork[] = [];
  let undecided = 0;
  const lookUp = createLookUp(PROFILE_TABLE, STATE_TABLE, stateKey, getDynamodb);
  const locations = profileLocations();
  const { evaluated, correlations, silent } = chosen;
  const rules = isOn ? evaluated : evaluated.filter(({ id }) => !silent.has(id));
  const ports: PipelinePorts = memoryPorts({
    rules: await compileRules(rules),
    correlations: isOn ? { plan: planCorrelations(correlations), silent } : null,
    lookUp: async (asked, signal) => ({ ...(await lookUp(asked, signal)), locations }),
    claims: createClaims(STATE_TABLE, getDynamodb),
    groups: createGroupStore(STATE_TABLE, stateKey, getDynamodb),
    userStates: createUserStates(STATE_TABLE, stateKey, getDynamodb),
    incidents: createIncidents(STATE_TABLE, stateKey, getDynamodb),
    publish: async (alert) => void alerts.push(alert),
    parkWork: async (work) => void queue.push(...work),
    now: () => new Date(),
    observe: ({ kind }) => {
      if (kind === "correlationsUndecided") undecided += 1;
    },
  });
  const quiet: number[] = [];
  const pending = deliveriesOf(day);
  const before = process.cpuUsage();
  const work = async () => {
    for (const some of pending) {
      const start = performance.now();
      const delivery = { id: "d", org: null, eventHookId: null, events: some, malformed: [] };
      const { published, failed, parked } = await processDelivery(delivery, ports, unhurried());
      if (failed > 0) throw new Error(`${failed} events of a delivery failed`);
      if (published + parked === 0) quiet.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  for (let round = 0; round < 20 && queue.length > 0; round += 1) {
    const waiting = queue;
    queue = [];
    for (const each of waiting) await retryWork(each.work, ports, unhurried()).catch(() => void queue.push(each));
  }
  const { user, system } = process.cpuUsage(before);
  return { use, quiet, processorMilliseconds: (user + system) / 1_000, alerts, undecided };
}

/** USD for a million request units of a table on demand, us-east-1: as in `build/cost.ts`. */
const dollars = { read: 0.125, write: 0.625 } as const;

/**
 * Measures what correlations take of a day.
 *
 * @param count the events of the day
 */
export async function correlatedDay(count: number): Promise<void> {
  const loaded = await loadDetections(fileURLToPath(new URL("../detections", import.meta.url)));
  const contents = {
    rules: loaded.rules.map(({ content }) => content),
    correlations: loaded.correlations.map(({ content }) => content),
  };
  const day = await dayOf(count);
  for (const [name, packs] of [
    ["that run by default", []],
    ["that are shipped", ["sessions"]],
  ] as const) {
    const chosen = chooseCorrelated(contents, { experimental: false, packs });
    const emulators = await startEmulatorsApart(0);
    try {
      await inEnvironment(emulators.environment, async () => {
        const without = await play(day, chosen, false);
        const played = await play(day, chosen, true);
        const { evaluated, correlations } = chosen;
        await report(name, { events: eventsOf(day), rules: evaluated, correlations }, played, without);
      });
    } finally {
      await emulators.stop();
    }
  }
}

async function report(
  name: string,
  {
    events,
    ...detections
  }: Pick<ChosenDetections, "correlations"> & {
    readonly events: number;
    readonly rules: ChosenDetections["evaluated"];
  },
  played: Played,
  without: Played,
): Promise<void> {
  const { use, quiet, alerts } = played;
  const loads = [...(await correlationLoads(detections, events)).values()];
  const sum = (of: "reads" | "writes") => loads.reduce((all, load) => all + load[of], 0);
  const about = `of the groups of all correlations ${name}`;
  const whole = { name: "the day's events", value: events, unit: "events" } as const;
  const tell = (what: string, value: number, unit: Measurement["unit"], limit: Measurement = whole) =>
    print({ name: `${what} ${about}`, value, unit }, limit);
  const reckoned = (of: "reads" | "writes") =>
    ({ name: "the same, reckoned", value: sum(of), unit: of === "reads" ? "read units" : "write units" }) as const;
  tell("requests to DynamoDB", use.requests, "requests");
  tell("reads", use.readUnits, "read units", reckoned("reads"));
  tell("writes", use.writeUnits, "write units", reckoned("writes"));
  tell("writes that another was before,", use.lost, "requests");
  tell("bytes read", use.bytesRead, "bytes");
  tell("bytes written", use.bytesWritten, "bytes");
  tell("the largest item", use.largest, "bytes", { name: "DynamoDB's limit", value: 409_600, unit: "bytes" });
  const cost = (reads: number, writes: number) => ((reads * dollars.read + writes * dollars.write) / 1_000_000) * 30;
  tell("30 such days", cost(use.readUnits, use.writeUnits), "dollars", {
    name: "the same, reckoned",
    value: cost(sum("reads"), sum("writes")),
    unit: "dollars",
  });
  const fired = alerts.filter(({ detections: all }) => all.some(({ correlation }) => correlation !== null));
  tell("alerts that name firings", fired.length, "alerts", {
    name: "all alerts",
    value: Math.max(1, alerts.length),
    unit: "alerts",
  });
  tell("events that a follow-up decided", played.undecided, "events");
  for (const [which, share] of [
    ["median", 0.5],
    ["99th percentile", 0.99],
  ] as const) {
    const time = (of: readonly number[]) => (share === 0.5 ? median(of) : percentile(of, share));
    tell(`a delivery without an alert, ${which}, with the work`, time(quiet), "milliseconds", {
      name: "without correlations",
      value: time(without.quiet),
      unit: "milliseconds",
    });
  }
  tell("processor time of the whole day with the work", played.processorMilliseconds, "milliseconds of processor", {
    name: "without correlations",
    value: without.processorMilliseconds,
    unit: "milliseconds of processor",
  });
  tell("memory of the process after the work", process.memoryUsage().rss, "bytes");
}
