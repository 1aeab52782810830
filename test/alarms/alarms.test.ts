import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { everything } from "../../infra/synthesize.ts";
import { delivery, sessionStart, streamedEvent } from "../fixtures/events.ts";
import { synthesize } from "../fixtures/synthesized.ts";
import { patient } from "../fixtures/timing.ts";
import { type Account, type FunctionName, secret, startAccount, statesOn } from "./account.ts";
import { type CloudWatch, createCloudWatch } from "./cloudwatch.ts";

const synthesized = synthesize(everything);
const minutes = (count: number) => count * 60_000;
const hours = (count: number) => minutes(60 * count);
/** Every alarm that some test here made fire. */
const fired = new Set<string>();

let cloudWatch: CloudWatch;
let account: Account;

beforeEach(async () => {
  process.env.SUPPRESS_MINUTES = "0";
  delete process.env.POWERTOOLS_METRICS_DISABLED;
  cloudWatch = createCloudWatch(synthesized);
  // What the functions write for CloudWatch, in the embedded metric format, is on their standard output.
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    for (const line of String(text).split("\n")) if (line.includes("CloudWatchMetrics")) cloudWatch.putEmbedded(line);
    return true;
  });
  account = await startAccount(cloudWatch);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await account.stop();
});
afterAll(() => {
  delete process.env.SUPPRESS_MINUTES;
});

const deliver = (events: readonly unknown[], authorization = secret): Promise<number> =>
  send({
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify(delivery(events)),
  });

/** Sends a request with the secret, and a POST unless it says otherwise; resolves to the status of the answer. */
async function send({ headers = {}, ...init }: RequestInit & { readonly headers?: Record<string, string> }) {
  const response = await fetch(account.hookUrl, {
    method: "POST",
    headers: { authorization: secret, "content-type": "application/json", ...headers },
    ...init,
  });
  await response.arrayBuffer();
  return response.status;
}

const freshSessionStart = () => sessionStart({ published: new Date().toISOString() });
const direct = () => sessionStart({ securityContext: { isProxy: false } });

/** Hands an event of the log stream to its function, as EventBridge's rule does; resolves to null when it failed. */
const stream = (event: unknown) => account.invoke("LogStream", streamedEvent(event));

/** Stops the clock within a period of the alarms: what happens now and is looked at a moment later is in the same one. */
const stopClock = () => vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-25T10:01:00Z") });

/** The alarms that are on at a time. */
const on = (now = Date.now()) => cloudWatch.alarms.filter((alarm) => cloudWatch.stateOf(alarm, now) === "ALARM");

/** Expects that this alarm is on. */
function expectAlarm(alarm: string, now = Date.now()): void {
  expect(on(now)).toContain(alarm);
  fired.add(alarm);
}

/**
 * Lets minutes pass in which the retry queue is polled and SQS publishes its metrics.
 *
 * @returns what `observe` says of the alarms that are on, minute by minute
 */
async function watchRetries(count: number, observe: (state: ReadonlySet<string>) => boolean): Promise<boolean[]> {
  const observed: boolean[] = [];
  for (let minute = 0; minute < count; minute += 1) {
    await account.redrive();
    account.sampleQueues();
    observed.push(observe(new Set(on())));
    vi.setSystemTime(Date.now() + minutes(1));
  }
  return observed;
}

/** Everything that a healthy stack does within an hour. */
async function aHealthyHour(): Promise<void> {
  expect(await deliver([direct(), freshSessionStart()])).toBe(204);
  expect(await stream(direct())).not.toBeNull();
  for (const name of ["Canary", "ProfileSync", "Reconciliation", "ExceptionNotices", "WeeklyDigest"] as const) {
    expect(await account.invoke(name)).not.toBeNull();
  }
  account.sampleQueues();
}

test("in a healthy run none is on, whatever the hour", async () => {
  await aHealthyHour();
  expect(on()).toEqual([]);
  expect(on(Date.now() + hours(1))).toEqual([]);
});

test("before anything has come, silence is the one trouble", () => {
  expect(on().sort()).toEqual([
    "CanaryOverdue",
    "HeartbeatMissed",
    "ReconciliationOverdue",
    "StreamHeartbeatMissed",
    "SyncOverdue",
  ]);
});

describe("an alarm is raised by what it is about:", () => {
  // Each comes up to two periods late: CloudWatch looks that much farther back for data before it takes data as missing.
  test("HeartbeatMissed, and the overdue sync and canary, by silence", async () => {
    stopClock();
    await aHealthyHour();
    const later = (count: number) => Date.now() + hours(count) + minutes(1);
    expect(on(later(1))).toEqual([]);
    expectAlarm("ReconciliationOverdue", later(4));
    expectAlarm("SyncOverdue", later(5));
    expect(on(later(23)).sort()).toEqual(["ReconciliationOverdue", "SyncOverdue"]);
    expectAlarm("HeartbeatMissed", later(26));
    expectAlarm("StreamHeartbeatMissed", later(26));
    expectAlarm("CanaryOverdue", later(28));
  });

  test("HeartbeatMissed although test deliveries go on", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await deliver([direct()]);
    for (let hour = 0; hour < 27; hour += 1) {
      vi.setSystemTime(Date.now() + hours(1));
      expect(await account.invoke("Canary")).not.toBeNull();
    }
    expectAlarm("HeartbeatMissed");
  });

  test("StreamHeartbeatMissed alone, by a stream that is switched off while the hook goes on; and neither by a hook that is", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-25T10:01:00Z") });
    expect(await stream(direct())).not.toBeNull();
    for (let hour = 0; hour < 27; hour += 1) {
      vi.setSystemTime(Date.now() + hours(1));
      expect(await deliver([direct()])).toBe(204);
    }
    expectAlarm("StreamHeartbeatMissed");
    expect(on()).not.toContain("HeartbeatMissed");
    for (let hour = 0; hour < 27; hour += 1) {
      vi.setSystemTime(Date.now() + hours(1));
      expect(await stream(direct())).not.toBeNull();
    }
    expect(on()).not.toContain("StreamHeartbeatMissed");
    expect(on()).not.toContain("HeartbeatMissed");
  });

  test("LogStreamErrors, EventsFailed and both deafnesses, by streamed events that SNS and SQS being down let fail", async () => {
    stopClock();
    for (const service of ["sns", "sqs"] as const) account.emulators.faults[service].set({ kind: "refuse" });
    expect(await stream(freshSessionStart())).toBeNull();
    expectAlarm("LogStreamErrors");
    expect(on()).toEqual(expect.arrayContaining(["EventsFailed", "StreamHeartbeatMissed", "HeartbeatMissed"]));
  });

  test("DeadLetters, by a streamed event that cannot be read", async () => {
    stopClock();
    expect(await stream({ eventType: 5 })).toMatchObject({ deadLettered: 1 });
    account.sampleQueues();
    expectAlarm("DeadLetters");
  });

  test("DeadLetters, by an event that cannot be read", async () => {
    stopClock();
    expect(await deliver([{ eventType: 5 }])).toBe(204);
    account.sampleQueues();
    expectAlarm("DeadLetters");
  });

  test("Refused, by a hundred requests with a wrong secret; ninety-nine are none", async () => {
    stopClock();
    for (let request = 0; request < 99; request += 1) expect(await deliver([], "wrong")).toBe(401);
    expect(on()).not.toContain("Refused");
    await deliver([], "wrong");
    expectAlarm("Refused");
  });

  test("AlertsLate, by an event that Okta delivers after twenty minutes", async () => {
    stopClock();
    await deliver([sessionStart({ published: new Date(Date.now() - minutes(20)).toISOString() })]);
    expectAlarm("AlertsLate");
  });

  test("Parked, by an SNS that refuses at once; it stays on between the tries, and goes when the queue is empty", async () => {
    stopClock();
    account.emulators.faults.sns.set({ kind: "refuse" });
    expect(await deliver([freshSessionStart()])).toBe(204);
    const states = await watchRetries(60, (state) => state.has("Parked"));
    const raised = states.indexOf(true);
    expect(raised).toBeGreaterThan(5);
    expect(raised).toBeLessThanOrEqual(15);
    expect(states.slice(raised)).not.toContain(false);
    expectAlarm("Parked");
    // AWS's own age of the oldest message does not see what was received three times.
    expect(on()).not.toContain("RedriveBehind");
    account.emulators.faults.sns.set(null);
    // The next try comes after an hour at the latest, by the waits that have grown.
    const mended = await watchRetries(80, (state) => state.has("Parked"));
    expect(statesOn(account.emulators, "retryQueue")).toEqual([]);
    expect(mended.at(-1)).toBe(false);
  });

  test("Parked, by a redrive function that cannot start", async () => {
    stopClock();
    account.emulators.faults.sns.set({ kind: "refuse" });
    expect(await deliver([freshSessionStart()])).toBe(204);
    account.restart("Redrive", { STATE_TABLE: undefined });
    const states = await watchRetries(20, (state) => state.has("Parked"));
    expect(states.slice(15)).not.toContain(false);
    expectAlarm("Parked");
    expect(on()).toContain("RedriveErrors");
  });

  test("neither Parked nor RedriveBehind by work that a second try mends", async () => {
    stopClock();
    account.emulators.faults.sns.set({ kind: "refuse" });
    expect(await deliver([freshSessionStart()])).toBe(204);
    await watchRetries(1, () => false);
    account.emulators.faults.sns.set(null);
    const states = await watchRetries(30, (state) => state.has("Parked") || state.has("RedriveBehind"));
    expect(statesOn(account.emulators, "retryQueue")).toEqual([]);
    expect(states).not.toContain(true);
  });

  test("RedriveBehind, by work that the redrive function is not invoked for", async () => {
    stopClock();
    account.emulators.faults.sns.set({ kind: "refuse" });
    expect(await deliver([freshSessionStart()])).toBe(204);
    const states: boolean[] = [];
    for (let minute = 0; minute < 20; minute += 1) {
      account.sampleQueues();
      states.push(on().includes("RedriveBehind"));
      vi.setSystemTime(Date.now() + minutes(1));
    }
    expect(states.indexOf(true)).toBeGreaterThanOrEqual(10);
    expect(states.indexOf(true)).toBeLessThanOrEqual(15);
    expectAlarm("RedriveBehind");
    expect(on()).not.toContain("Parked");
  });

  test("RedriveBehind, by work that was tried often before redrive stopped", async () => {
    stopClock();
    account.emulators.faults.sns.set({ kind: "refuse" });
    expect(await deliver([freshSessionStart()])).toBe(204);
    await watchRetries(20, () => false);
    expect(on()).toContain("Parked");
    const states: boolean[] = [];
    // The longest wait between two tries is over by then, and nothing takes the message.
    for (let minute = 0; minute < 60; minute += 1) {
      account.sampleQueues();
      states.push(on().includes("RedriveBehind"));
      vi.setSystemTime(Date.now() + minutes(1));
    }
    expect(states.at(-1)).toBe(true);
    expect(on()).not.toContain("Parked");
  });

  test("EventsFailed, by SNS and SQS being down together", async () => {
    stopClock();
    for (const service of ["sns", "sqs"] as const) account.emulators.faults[service].set({ kind: "refuse" });
    expect(await deliver([freshSessionStart()])).toBe(503);
    expectAlarm("EventsFailed");
  });

  test("RequestsFailed beside it, and no delivery counts for HeartbeatMissed", async () => {
    stopClock();
    for (const service of ["sns", "sqs"] as const) account.emulators.faults[service].set({ kind: "refuse" });
    expect(await deliver([freshSessionStart()])).toBe(503);
    expectAlarm("RequestsFailed");
    expect(on()).toContain("HeartbeatMissed");
  });

  test("RequestsFailed and HeartbeatMissed, by Secrets Manager out of reach", async () => {
    stopClock();
    await account.cutOffSecretsManager();
    expect(await deliver([direct()])).toBe(503);
    expectAlarm("RequestsFailed");
    expectAlarm("FrontFailed");
    expect(on()).toContain("HeartbeatMissed");
  });

  test.each(["later/receiver-delivery.mjs", "later/receiver-alerts.mjs", "later/direct-calls.mjs"])(
    "RequestsFailed and HeartbeatMissed, by the bundle without %s",
    async (file) => {
      stopClock();
      await account.breakReceiver(file);
      expect(await deliver([freshSessionStart()])).toBe(503);
      expectAlarm("RequestsFailed");
      expect(on()).toContain("HeartbeatMissed");
    },
  );

  test("RequestsFailed, by a failure that cannot even be logged as usual", async () => {
    stopClock();
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await account.breakReceiver("later/adapters-telemetry-log-observations.mjs");
    await account.cutOffSecretsManager();
    expect(await deliver([direct()])).toBe(503);
    expectAlarm("RequestsFailed");
    expect(written.mock.calls.join()).toContain("secretUnavailable");
  });

  test("FrontFailed, by a request that the function never answered, as Lambda counts it", async () => {
    stopClock();
    account.restart("Receiver", { ALERT_TOPIC_ARN: undefined });
    expect(await deliver([direct()])).toBe(502);
    expectAlarm("FrontFailed");
    expect(on()).not.toContain("RequestsFailed");
  });

  test("RequestsFailed and FrontFailed by no refusal and no success", async () => {
    stopClock();
    expect(await deliver([direct()])).toBe(204);
    expect(await deliver([direct()], "wrong")).toBe(401);
    expect(await send({ body: "{" })).toBe(400);
    expect(on()).not.toContain("RequestsFailed");
    expect(on()).not.toContain("FrontFailed");
  });

  test.each([
    ["a body that is no JSON", 400, { body: "{" }],
    ["an envelope without events", 400, { body: JSON.stringify(delivery([], { data: {} })) }],
    ["another content type", 415, { body: "{}", headers: { "content-type": "text/plain" } }],
  ])("DeliveriesRefused and DeadLetters, by a delivery with %s", async (_, status, request) => {
    stopClock();
    expect(await send(request)).toBe(status);
    account.sampleQueues();
    expectAlarm("DeliveriesRefused");
    expectAlarm("DeadLetters");
  });

  test("DeliveriesRefused and DeadLetters, by a delivery from a network that is not allowed", async () => {
    stopClock();
    account.restart("Receiver", { ALLOWED_CIDRS: "192.0.2.0/24" });
    expect(await deliver([direct()])).toBe(403);
    account.sampleQueues();
    expectAlarm("DeliveriesRefused");
    expectAlarm("DeadLetters");
  });

  test("DeliveriesRefused, although such a delivery cannot be parked", async () => {
    stopClock();
    account.emulators.faults.sqs.set({ kind: "refuse" });
    expect(await send({ body: "{" })).toBe(503);
    expectAlarm("DeliveriesRefused");
    expectAlarm("RequestsFailed");
  });

  test("DeliveriesRefused by no wrong secret, and by no GET without a challenge", async () => {
    stopClock();
    expect(await deliver([], "wrong")).toBe(401);
    expect(await send({ method: "GET" })).toBe(400);
    expect(await send({ method: "PUT", body: "{}" })).toBe(405);
    expect(on()).not.toContain("DeliveriesRefused");
  });

  test("Slow, by SNS and SQS hanging for ten minutes", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    account.restart("Receiver", { TIMING: JSON.stringify({ answeringClient: patient.answeringClient }) });
    for (const service of ["sns", "sqs"] as const) account.emulators.faults[service].set({ kind: "hang" });
    await deliver([freshSessionStart()]);
    expect(on()).not.toContain("Slow");
    vi.setSystemTime(Date.now() + minutes(5));
    await deliver([freshSessionStart()]);
    expectAlarm("Slow");
  });

  test("Throttled, by more deliveries at once than there is concurrency", async () => {
    stopClock();
    account.limitConcurrency(1);
    await deliver([direct()]);
    account.emulators.faults.sns.set({ kind: "delay", milliseconds: 500 });
    const statuses = await Promise.all([1, 2, 3].map(() => deliver([freshSessionStart()])));
    expect(statuses).toContain(429);
    expectAlarm("Throttled");
  });

  test("EventsMissed, by five events in Okta's log that the hook did not deliver; four are none, nor is what the log shows late", async () => {
    stopClock();
    expect(await account.invoke("Reconciliation")).toMatchObject({ finished: true });
    const happen = (persistedAfter = 0) => {
      const event = sessionStart({ published: new Date().toISOString() });
      account.okta.log.add(event, Date.now() + persistedAfter);
    };
    const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);
    for (let event = 0; event < 4; event += 1) happen();
    for (let event = 0; event < 5; event += 1) happen(minutes(20));
    pass(minutes(5));
    expect(await account.invoke("Reconciliation")).toMatchObject({ missed: 4, late: 0 });
    pass(minutes(15));
    expect(await account.invoke("Reconciliation")).toMatchObject({ missed: 0, late: 5 });
    expect(on()).not.toContain("EventsMissed");
    happen();
    pass(minutes(2));
    expect(await account.invoke("Reconciliation")).toMatchObject({ missed: 1, known: 0 });
    expectAlarm("EventsMissed");
  });

  test.each<[string, () => void]>([
    [
      "as Okta grants nothing any more",
      () => {
        // The access token has ended, and none is given any more.
        account.okta.interfere = () => "serverError";
        account.okta.scopes = new Set();
      },
    ],
    [
      "as Okta answers 400 for ever",
      () => {
        account.okta.log.refusal = "field is not valid: sortOrder";
      },
    ],
  ])(
    "ReconciliationOverdue and ReconciliationErrors although it runs, by a log that cannot be read to its end: %s",
    async (_, hinder) => {
      stopClock();
      await account.invoke("Reconciliation");
      hinder();
      for (let hour = 0; hour < 5; hour += 1) {
        vi.setSystemTime(Date.now() + hours(1));
        expect(await account.invoke("Reconciliation")).toBeNull();
      }
      expectAlarm("ReconciliationErrors");
      expectAlarm("ReconciliationOverdue");
    },
  );

  test("ReconciliationOverdue, by a log whose pages link to themselves", async () => {
    stopClock();
    await account.invoke("Reconciliation");
    account.okta.log.linksToSelf = true;
    for (let hour = 0; hour < 5; hour += 1) {
      account.okta.log.add(sessionStart({ published: new Date().toISOString() }));
      vi.setSystemTime(Date.now() + hours(1));
      expect(await account.invoke("Reconciliation")).toMatchObject({ finished: false, looped: true });
    }
    expectAlarm("ReconciliationOverdue");
  });

  test("Canary, by a test delivery that no alert follows", async () => {
    stopClock();
    for (const service of ["sns", "sqs"] as const) account.emulators.faults[service].set({ kind: "refuse" });
    expect(await account.invoke("Canary")).toBeNull();
    expectAlarm("Canary");
  });

  test.each<[FunctionName, string]>([
    ["Receiver", "ALERT_TOPIC_ARN"],
    ["Redrive", "STATE_TABLE"],
    ["ExceptionNotices", "STATE_TABLE"],
    ["WeeklyDigest", "STATE_TABLE"],
    ["ChatOutput", "OUTPUT"],
    ["OcsfOutput", "OUTPUT"],
    ["PagerdutyOutput", "OUTPUT"],
    ["ProfileSync", "OKTA_ORG_URL"],
    ["ProfileRefresh", "OKTA_ORG_URL"],
    ["Reconciliation", "OKTA_ORG_URL"],
    ["LogStream", "STATE_TABLE"],
  ])("%sErrors, by the function without its setting %s", async (name, setting) => {
    stopClock();
    account.restart(name, { [setting]: undefined });
    expect(await account.invoke(name)).toBeNull();
    expectAlarm(`${name}Errors`);
  });
});

describe("HeartbeatMissed by working days", () => {
  const byDays = createCloudWatch(synthesize({ heartbeatHours: 24, heartbeatWorkingDays: true }));
  const deliverAt = (time: string) =>
    byDays.put({
      namespace: "OktaProxyWatch",
      name: "EventsReceived",
      dimensions: { service: "Test" },
      value: 1,
      at: Date.parse(time),
    });
  // 2026-11-20 is a Friday.
  deliverAt("2026-11-20T17:30:00Z");

  test.each([
    ["on Saturday", "2026-11-21T18:30:00Z", "OK"],
    ["on Sunday night", "2026-11-22T23:30:00Z", "OK"],
    ["in the course of Monday", "2026-11-23T20:00:00Z", "OK"],
    ["after a Monday without a delivery", "2026-11-24T00:00:00Z", "ALARM"],
  ])("%s", (_, time, state) => {
    expect(byDays.stateOf("HeartbeatMissed", Date.parse(time))).toBe(state);
  });
});

describe("deafness of both inlets by working days", () => {
  const streaming = { eventBusName: "aws.partner/okta.com/example/okta", heartbeatWorkingDays: true };
  const byDays = createCloudWatch(synthesize({ ...streaming, heartbeatHours: 24 }));
  const bring = (name: "EventsReceived" | "EventsStreamed", time: string) =>
    byDays.put({
      namespace: "OktaProxyWatch",
      name,
      dimensions: { service: "Test" },
      value: 1,
      at: Date.parse(time),
    });
  // 2026-11-20 is a Friday; on Monday the hook delivers, and the stream does not.
  bring("EventsStreamed", "2026-11-20T17:30:00Z");
  bring("EventsReceived", "2026-11-23T17:30:00Z");

  test.each([
    ["on Sunday night", "2026-11-22T23:30:00Z", "OK", "OK"],
    ["after a Monday on which the hook alone delivered", "2026-11-24T02:00:00Z", "OK", "ALARM"],
    ["after a Tuesday without anything", "2026-11-24T20:00:00Z", "ALARM", "ALARM"],
  ])("%s", (_, time, either, ofStream) => {
    expect(byDays.stateOf("HeartbeatMissed", Date.parse(time))).toBe(either);
    expect(byDays.stateOf("StreamHeartbeatMissed", Date.parse(time))).toBe(ofStream);
  });
});

test("every alarm of the stack was made to fire by one of these tests", () => {
  expect([...fired].sort()).toEqual([...createCloudWatch(synthesized).alarms].sort());
});
