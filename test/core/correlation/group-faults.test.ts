import { DynamoDBClient, ScanCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createDynamodb } from "../../../lambda/adapters/aws/dynamodb/client.ts";
import { createTopic } from "../../../lambda/adapters/aws/topic.ts";
import { createClaims } from "../../../lambda/adapters/tables/claims.ts";
import { createGroupStore, groupItemId } from "../../../lambda/adapters/tables/group-states.ts";
import { createIncidents } from "../../../lambda/adapters/tables/incidents.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import { createUserStates } from "../../../lambda/adapters/tables/user-states.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { toMessage } from "../../../lambda/core/alerts/message.ts";
import { planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import type { ParkedWork, PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import { type AlertFeed, followAlerts } from "../../../local/alert-feed.ts";
import type { AwsRequest } from "../../../local/aws-limits.ts";
import { type Emulators, startEmulators } from "../../../local/emulators.ts";
import type { Fault } from "../../../local/fault-proxy.ts";
import { names } from "../../../local/resources.ts";
import { chainRules, correlationsOf } from "../../fixtures/chains.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { memoryPorts } from "../../fixtures/memory.ts";
import { ruleSet } from "../../fixtures/rules.ts";
import { briefWork, patientClient, patientWatching, unhurried } from "../../fixtures/timing.ts";
import { stateKey } from "../history/world.ts";

/*
 * The fault table of groups: each call about a group fails in each way, of a chain of which every act is alerted on by a rule, too.
 * Whatever fails, the acts are alerted on at once, and every chain once, at the latest by a follow-up. A cell asserts alerts, and
 * nothing about items.
 *
 * Set FAULT_TABLE=1 to have what was seen printed as a table.
 */

const [tokenChain, factorsChain] = correlationsOf(
  ...["token_created", "factors_reset"].map(
    (act, index) => `
title: Act in a Session Through a Proxy
id: 00000000-0000-4000-8000-00000000008${index + 4}
correlation:
  type: temporal_ordered
  rules: [proxied_start, ${act}]
  group-by: [authenticationContext.rootSessionId]
  timespan: 24h
level: critical
`,
  ),
) as [Correlation, Correlation];
const rules = ["proxied_start", "token_created", "factors_reset"].flatMap((name) =>
  chainRules.filter((each) => each.name === name),
);
const [startRule = "", tokenRule = "", factorsRule = ""] = rules.map(({ id }) => id);

let emulators: Emulators;
let feed: AlertFeed;
/** Past the proxies: what a test itself does to the table. */
let direct: DynamoDBClient;
const seen: string[] = [];
beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
  direct = new DynamoDBClient({ endpoint: emulators.direct.dynamodb });
  feed = followAlerts(
    emulators.alertQueueUrl,
    emulators.direct.messaging,
    () => {},
    () => {},
  );
});
afterEach(() => mend());
afterAll(async () => {
  direct.destroy();
  await feed.stop();
  await emulators.stop();
  if (process.env.FAULT_TABLE) process.stdout.write(`${seen.join("\n")}\n`);
});

function mend(): void {
  emulators.faults.dynamodb.set(null);
  emulators.faults.sns.set(null);
}

/** What an item of a group is told by. */
const groupPrefix = `${groupItemId("any", stateKey()).split("#")[0]}#`;
const isAboutGroups = ({ input }: AwsRequest) => JSON.stringify(input).includes(`"S":"${groupPrefix}`);
/** The calls about a group. */
const calls = {
  read: (request: AwsRequest) => request.action === "BatchGetItem" && isAboutGroups(request),
  write: (request: AwsRequest) => request.action === "UpdateItem" && isAboutGroups(request),
} as const;
type Call = keyof typeof calls;

/** Another function writes the group first, as often as this one tries. */
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

/** Damages all groups that the table holds. */
async function damageGroups(): Promise<void> {
  const { Items = [] } = await direct.send(new ScanCommand({ TableName: names.stateTable }));
  for (const item of Items.filter(({ id }) => id?.S?.startsWith(groupPrefix))) {
    const binary = Object.entries(item).filter(([, value]) => value.B !== undefined);
    expect(binary).not.toEqual([]);
    for (const [name] of binary) {
      await direct.send(
        new UpdateItemCommand({
          TableName: names.stateTable,
          Key: { id: item.id ?? { S: "" } },
          UpdateExpression: "SET #bytes = :bytes",
          ExpressionAttributeNames: { "#bytes": name },
          ExpressionAttributeValues: { ":bytes": { B: Buffer.from([255, 254, 253]) } },
        }),
      );
    }
  }
}

/** The ways in which a call fails; with `once`, at its first try alone. */
const faults: readonly {
  readonly name: string;
  readonly fault: Fault;
  readonly of?: readonly Call[];
  readonly once?: true;
}[] = [
  { name: "refused", fault: { kind: "refuse" } },
  { name: "throttled", fault: { kind: "throttle" } },
  { name: "throttled, each key unread", fault: { kind: "unprocessed" }, of: ["read"] },
  { name: "answered 500", fault: { kind: "serverError" } },
  { name: "answered 500, having taken effect", fault: { kind: "serverError", moment: "after" } },
  { name: "answered 500 once, having taken effect", fault: { kind: "serverError", moment: "after" }, once: true },
  { name: "hanging", fault: { kind: "hang" } },
  { name: "hanging, having taken effect", fault: { kind: "hang", moment: "after" } },
  { name: "reset", fault: { kind: "reset" } },
  { name: "reset amid the answer", fault: { kind: "reset", moment: "during" } },
  { name: "reset, having taken effect", fault: { kind: "reset", moment: "after" } },
  { name: "reset once, having taken effect", fault: { kind: "reset", moment: "after" }, once: true },
  { name: "of an item that is too large", fault: { kind: "tooLarge" }, of: ["write"] },
  { name: "overtaken by others, time after time", fault: { kind: "overtaken", by: overtake }, of: ["write"] },
  { name: "overtaken by another once", fault: { kind: "overtaken", by: overtake }, of: ["write"], once: true },
];
const cells = faults.flatMap(({ name, fault, of = ["read", "write"], once = false }) =>
  of.map((call) => ({ name, call, fault, once })),
);
type Cell = (typeof cells)[number];

/** Breaks a call about groups; with `after`, once so many have succeeded. */
function breakCall({ call, fault, once }: Cell, after = 0): void {
  let passed = 0;
  let failed = 0;
  const only = (request: AwsRequest) => {
    if (!calls[call](request)) return false;
    if (passed < after) {
      passed += 1;
      return false;
    }
    failed += 1;
    return !once || failed === 1;
  };
  emulators.faults.dynamodb.set({ ...fault, only });
}

/** An exception of the person for a detection. */
const exceptionOf = (detection: string): Exception => ({
  id: `exception of ${detection}`,
  scope: { user: "00u1lisbon", detections: [detection] },
  by: "eve@example.com",
  reason: "planned work",
  createdAt: "2026-11-24T08:00:00.000Z",
  until: "2126-11-24T08:00:00.000Z",
  noticedAt: null,
});

/** A function, and the queue on which it parks. Steps that hang are over soon; nothing else runs out of time. */
class World {
  readonly session = crypto.randomUUID();
  queue: string[] = [];
  excepted: readonly string[] = [];
  readonly #ports: PipelinePorts;
  readonly #events: Json[] = [];
  #published = 0;

  /**
   * @param options.silent rules that yield no detections of their own. @default none
   * @param options.maxAttempts what the clients try a call. @default 1
   */
  constructor({
    silent = [],
    maxAttempts = 1,
  }: { readonly silent?: readonly string[]; readonly maxAttempts?: number }) {
    const settings = { ...patientClient, maxAttempts };
    const dynamodb = createDynamodb(settings);
    const publish = createTopic(process.env.ALERT_TOPIC_ARN ?? "", { settings });
    const lookUp = createLookUp(names.profileTable, names.stateTable, stateKey, dynamodb, patientWatching);
    this.#ports = memoryPorts({
      rules: ruleSet(rules),
      correlations: { plan: planCorrelations([tokenChain, factorsChain]), silent: new Set(silent) },
      lookUp: async (asked, signal) => ({
        ...(await lookUp(asked, signal)),
        exceptions: this.excepted.map(exceptionOf),
      }),
      claims: createClaims(names.stateTable, dynamodb),
      groups: createGroupStore(names.stateTable, stateKey, dynamodb),
      userStates: createUserStates(names.stateTable, stateKey, dynamodb),
      incidents: createIncidents(names.stateTable, stateKey, dynamodb),
      publish: async (alert, signal) => {
        await publish(toMessage(alert), signal);
        this.#published += 1;
      },
      parkWork: async (work: readonly ParkedWork[]) =>
        void this.queue.push(...work.map((each) => writeWork(each.work, new Date()))),
      now: () => new Date(),
    });
  }

  /** An event of the session. */
  event(eventType: string, minutes: number): Json {
    const event: Json = {
      uuid: crypto.randomUUID(),
      eventType,
      published: new Date(Date.parse("2026-11-24T09:00:00Z") + minutes * 60_000).toISOString(),
      authenticationContext: { rootSessionId: this.session, externalSessionId: "x" },
    };
    this.#events.push(event);
    return event;
  }

  deliver(...events: readonly Json[]) {
    const delivery = { id: "d", org: null, eventHookId: null, events: events.map((each) => logEvent(each)) };
    return processDelivery({ ...delivery, malformed: [] }, this.#ports, this.#budget());
  }

  #budget() {
    const { dynamodb, sns } = emulators.faults;
    if (sns.fault()?.kind === "hang") return briefWork(1_500);
    return dynamodb.fault()?.kind === "hang" ? unhurried({ lookUp: 500, suppress: 500, complete: 1_000 }) : unhurried();
  }

  /** Tries what is parked once, and keeps what has to be tried again. */
  async redriveOnce(): Promise<void> {
    const bodies = this.queue;
    this.queue = [];
    for (const body of bodies) {
      await retryWork(readWork(body), this.#ports, this.#budget()).catch(() => void this.queue.push(body));
    }
  }

  async redrive(): Promise<void> {
    for (let round = 0; round < 10 && this.queue.length > 0; round += 1) await this.redriveOnce();
    expect(this.queue).toEqual([]);
  }

  /** All alerts about the session's events so far. */
  #alerts(): readonly Alert[] {
    const uuids = this.#events.map(({ uuid }) => uuid);
    return feed.received.map(({ alert }) => alert).filter(({ okta }) => uuids.includes(okta.eventUuid));
  }

  /** Every detection of every alert that is out, as often as it was alerted on. */
  async detections(): Promise<readonly string[]> {
    await expect.poll(() => this.#alerts().length).toBeGreaterThanOrEqual(this.#published);
    await expect.poll(() => emulators.messagesOn("alertQueue")).toEqual([]);
    return this.#alerts()
      .flatMap(({ detections }) => detections.map(({ id }) => id))
      .sort();
  }

  /** What the alerts say of a correlation. */
  chains(id: string) {
    const detections = this.#alerts().flatMap((alert) => alert.detections);
    return detections.flatMap((each) => (each.id === id && each.correlation ? [each.correlation] : []));
  }
}

let world: World;
/** A world whose clients try a call again where a fault is of its first try alone. */
function startWorld({ once }: Pick<Cell, "once">, silent: readonly string[] = []): void {
  world = new World({ silent, maxAttempts: once ? 2 : 1 });
}

/** What is alerted on in the end, of the three events: each rule once, each chain once. */
const everything = [startRule, tokenRule, factorsRule, tokenChain.id, factorsChain.id].sort();
const start = () => world.event("user.session.start", 0);
const createToken = (minutes = 10) => world.event("system.api_token.create", minutes);
const resetFactors = () => world.event("user.mfa.factor.reset_all", 20);

/** Notes a cell of the table that is printed. */
function note(
  row: string,
  { call, name }: { readonly call: string; readonly name: string },
  atOnce: readonly string[],
  parked: number,
) {
  const isThere = (id: string) => (atOnce.includes(id) ? "at once" : "later");
  seen.push(`| ${row} | ${call} | ${name} | ${isThere(tokenRule)} | ${isThere(tokenChain.id)} | ${parked} |`);
}

describe("while a call about the group of an act fails", () => {
  test.each(cells)("($call $name), the act is alerted on at once, and its chain once", async (cell) => {
    startWorld(cell);
    const token = createToken();
    await world.deliver(start());
    breakCall(cell);
    expect(await world.deliver(token)).toMatchObject({ published: 1, failed: 0 });
    const atOnce = await world.detections();
    expect(atOnce).toEqual(expect.arrayContaining([startRule, tokenRule]));
    expect(world.queue).toHaveLength(atOnce.includes(tokenChain.id) ? 0 : 1);
    note("completes a chain", cell, atOnce, world.queue.length);
    mend();
    await world.redrive();
    // Okta may deliver an event twice; and the group goes on.
    await world.deliver(token);
    await world.deliver(resetFactors());
    await world.redrive();
    expect(await world.detections()).toEqual(everything);
  });
});

describe("while a call about the group of a start fails", () => {
  test.each(cells)("($call $name), an act that comes meanwhile finds it, once it is there", async (cell) => {
    startWorld(cell);
    breakCall(cell);
    expect(await world.deliver(start())).toMatchObject({ published: 1, failed: 0 });
    const parked = world.queue.length;
    mend();
    expect(await world.deliver(createToken())).toMatchObject({ published: 1, failed: 0 });
    note("starts a chain", cell, await world.detections(), parked);
    await world.redrive();
    await world.deliver(resetFactors());
    await world.redrive();
    expect(await world.detections()).toEqual(everything);
  });

  test.each(cells)("($call $name), and no rule alerts on it, it waits itself", async (cell) => {
    startWorld(cell, [startRule]);
    breakCall(cell);
    const { observed = 0, parked } = await world.deliver(start());
    expect(observed + parked).toBe(1);
    mend();
    await world.deliver(createToken());
    note("is no more than the start of a chain", cell, await world.detections(), parked);
    await world.redrive();
    await world.deliver(resetFactors());
    await world.redrive();
    expect(await world.detections()).toEqual(everything.filter((id) => id !== startRule));
  });
});

describe("while a call of the follow-up fails", () => {
  test.each(cells)("($call $name), it is tried again, and the chain is alerted on once", async (cell) => {
    startWorld(cell);
    await world.deliver(start());
    breakCall({ name: "", call: "write", fault: { kind: "throttle" }, once: false });
    await world.deliver(createToken());
    expect(world.queue).toHaveLength(1);
    breakCall(cell);
    await world.redriveOnce();
    const atOnce = await world.detections();
    expect(world.queue).toHaveLength(atOnce.includes(tokenChain.id) ? 0 : 1);
    note("follow-up", cell, atOnce, world.queue.length);
    mend();
    await world.redrive();
    await world.deliver(resetFactors());
    expect(await world.detections()).toEqual(everything);
  });
});

describe("where the topic does not take the alert of a firing", () => {
  const ofTopic = faults.filter(({ of, once }) => of === undefined && !once);
  test.each(ofTopic)("($name), the message keeps the firing, though the group is damaged meanwhile", async (cell) => {
    startWorld({ once: false });
    await world.deliver(start());
    emulators.faults.sns.set(cell.fault);
    await world.deliver(createToken());
    expect(world.queue).toHaveLength(1);
    await damageGroups();
    mend();
    await world.redrive();
    const detections = await world.detections();
    note("alert of the firing", { call: "publish", name: cell.name }, [tokenRule], 1);
    // Where the topic took it, and no answer came, it may come twice.
    const mayRepeat = cell.fault.moment !== undefined || cell.fault.kind === "hang";
    if (mayRepeat) expect(new Set(detections)).toEqual(new Set([startRule, tokenRule, tokenChain.id]));
    else expect(detections).toEqual([startRule, tokenRule, tokenChain.id].sort());
    const summaries = world.chains(tokenChain.id).map(({ events }) => events.map(({ summary }) => summary));
    expect(summaries[0]?.[0]).toMatch(/started an Okta session/i);
  });
});

describe("where an exception covers a firing, and its group cannot be reopened", () => {
  test.each(cells)("($call $name), a later act is alerted on all the same", async (cell) => {
    startWorld(cell);
    await world.deliver(start());
    world.excepted = [tokenRule, tokenChain.id];
    // The look-up's read and the write of the firing come before.
    breakCall(cell, 1);
    await world.deliver(createToken());
    note("is excepted", cell, [], world.queue.length);
    mend();
    await world.redrive();
    world.excepted = [];
    await world.deliver(createToken(11));
    await world.redrive();
    expect(await world.detections()).toEqual([startRule, tokenRule, tokenChain.id].sort());
  });

  test.each(cells)("($call $name), and other detections are alerted on at once, so is a later act", async (cell) => {
    startWorld(cell);
    await world.deliver(start());
    world.excepted = [tokenChain.id];
    breakCall(cell, 1);
    expect(await world.deliver(createToken())).toMatchObject({ published: 1, failed: 0 });
    note("is excepted in part", cell, [tokenRule], world.queue.length);
    mend();
    await world.redrive();
    world.excepted = [];
    await world.deliver(createToken(11));
    await world.redrive();
    expect(await world.detections()).toEqual([startRule, tokenRule, tokenRule, tokenChain.id].sort());
  });
});

describe("a damaged group", () => {
  test("counts as none: what it loses is found once its events come again, as reconciliation takes them", async () => {
    startWorld({ once: false });
    const [first, token] = [start(), createToken()];
    await world.deliver(first);
    await damageGroups();
    expect(await world.deliver(token)).toMatchObject({ published: 1, failed: 0, parked: 0 });
    expect(await world.detections()).toEqual([startRule, tokenRule].sort());
    for (const each of [first, token]) await world.deliver(each);
    await world.redrive();
    await world.deliver(resetFactors());
    expect(await world.detections()).toEqual(everything);
    seen.push("| completes a chain | item | damaged | at once | once its events come again | 0 |");
  });
});
