import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { PurgeQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { toDeadLetter, toDeadLetters, toRefusedLetter } from "../../lambda/core/pipeline/dead-letter.ts";
import { delayReasons } from "../../lambda/core/pipeline/delay-reason.ts";
import { writeWork } from "../../lambda/core/pipeline/work.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { names } from "../../local/resources.ts";
import { outputsOf, startCloudFormation } from "../fixtures/cloudformation.ts";
import { launcher, type Output, runCli } from "../fixtures/command.ts";
import { delivery as envelope, type Json, logEvent, sessionStart, streamedEvent } from "../fixtures/events.ts";

const delivery = { id: "d", org: "example.okta.com", eventHookId: "who1" };
let run: EmbeddedRun;

beforeAll(async () => {
  run = await startEmbeddedRun({
    port: 0,
    hookSecret: "secret",
    mismatchDistanceKm: 500,
    suppressMinutes: 0,
    onError: () => {},
  });
});
afterAll(() => run.stop());

beforeEach(async () => {
  const client = new SQSClient({});
  await client.send(new PurgeQueueCommand({ QueueUrl: run.environment.DEAD_LETTER_QUEUE_URL }));
  client.destroy();
  expect(letters()).toEqual([]);
});

const letters = () => run.messagesOn("deadLetterQueue");

async function put(...bodies: string[]): Promise<string[]> {
  const client = new SQSClient({});
  const ids: string[] = [];
  for (const MessageBody of bodies) {
    const { MessageId = "" } = await client.send(
      new SendMessageCommand({ QueueUrl: run.environment.DEAD_LETTER_QUEUE_URL, MessageBody }),
    );
    ids.push(MessageId);
  }
  client.destroy();
  return ids;
}

function malformed(event: unknown): string {
  const faults = [{ path: "data.events.0.uuid", message: "expected the event's uuid" }];
  return toDeadLetter({ event, faults }, delivery, new Date());
}

/** The dead letter of a delivery that was refused for its content type. */
function refused(body: string, contentType = "text/plain"): string {
  return toRefusedLetter({ status: 415, reason: "expected JSON", detail: null, contentType, body }, new Date());
}

/** Resolves once all of these are alerted on. */
const alertsAbout = (uuids: readonly unknown[]) =>
  vi.waitFor(
    () => {
      const about = run.alerts.received.map(({ alert }) => alert.okta.eventUuid);
      expect(about).toEqual(expect.arrayContaining([...uuids]));
    },
    { timeout: 60_000 },
  );

function exhausted(uuid: string): string {
  const waiting = { reason: delayReasons.notPublished, since: new Date("2026-11-24T09:30:03Z") };
  const work = { event: logEvent({ uuid }), delivery, rules: null, followUp: false, waiting, unconfirmed: 3 };
  return writeWork(work, new Date(), "SNS was down");
}

const deadletters = (...args: readonly string[]) => answering("", ...args);

const answering = (input: string, ...args: readonly string[]): Promise<Output> =>
  runCli("deadletters", [...args, "--local", "--url", run.url], { input });

test("a deployed queue, which is many servers, is asked by a long poll, and the embedded one need not wait", async () => {
  const asked: unknown[] = [];
  run.faults.sqs.follow(({ action, input }) => {
    if (action === "ReceiveMessage" && String(input.QueueUrl).endsWith(`/${names.deadLetterQueue}`))
      asked.push(input.WaitTimeSeconds);
  });
  const cloudFormation = await startCloudFormation({ name: "deployed", outputs: outputsOf(run, "arn") });
  try {
    const environment = { ...run.environment, AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url };
    const { stdout } = await runCli("deadletters", ["list", "--stack", "deployed"], { environment });
    expect(stdout).toBe("The dead-letter queue is empty.\n");
    expect((await deadletters("list")).stdout).toBe("The dead-letter queue is empty.\n");
  } finally {
    await cloudFormation.stop();
  }
  expect(asked).toEqual([1, 0]);
});

describe("list", () => {
  test("lists the kind, the age and the reason of each, and leaves it there", async () => {
    const [first = "", second = "", third = ""] = await put(malformed({ marker: 1 }), exhausted("event-1"), "hello");
    const { code, stdout } = await deadletters("list");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^${first} {2}\\S+Z {2}malformed\\n {2}The event is malformed: data\\.events\\.0\\.uuid`, "m"),
    );
    expect(stdout).toMatch(
      new RegExp(`^${second} {2}\\S+Z {2}retry {2}user\\.session\\.start event-1\\n {2}SNS was down`, "m"),
    );
    expect(stdout).toMatch(new RegExp(`^${third} {2}\\S+Z {2}unknown`, "m"));
    expect(stdout).toContain("3 on the dead-letter queue.");
    expect((await deadletters("list")).stdout).toContain("3 on the dead-letter queue.");
  });

  test("says so when there is nothing", async () => {
    expect((await deadletters("list")).stdout).toBe("The dead-letter queue is empty.\n");
  });

  test("prints JSON lines for a program", async () => {
    await put(exhausted("event-1"));
    const { stdout } = await deadletters("list", "--json");
    expect(JSON.parse(stdout) as Json).toMatchObject({
      kind: "retry",
      eventUuid: "event-1",
      body: { reason: "SNS was down" },
    });
  });
});

test("show --json prints the same JSON line as list", async () => {
  const [id = ""] = await put(exhausted("event-1"));
  const { code, stdout } = await deadletters("show", id, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ id, body: { reason: "SNS was down" } });
  expect(stdout).toBe((await deadletters("list", "--json")).stdout);
});

test("show prints a message whole", async () => {
  const [id = ""] = await put(exhausted("event-1"), exhausted("event-2"));
  const { stdout } = await deadletters("show", id);
  expect(stdout).toContain('"uuid": "event-1"');
  expect(stdout).not.toContain("event-2");
});

test("an alert that an output could not publish is reported, and stays, as the alert itself is out", async () => {
  const alert = { alertId: "a1", event: { uuid: "event-9", eventType: "user.session.start" } };
  // The record that Lambda sends to the destination of asynchronous invocations that failed.
  const record = {
    version: "1.0",
    requestContext: { functionArn: "arn:aws:lambda:us-east-1:1:function:chat", condition: "RetriesExhausted" },
    requestPayload: { Records: [{ EventSource: "aws:sns", Sns: { Message: JSON.stringify(alert) } }] },
    responsePayload: { errorMessage: "SNS is down" },
  };
  const [id = ""] = await put(JSON.stringify(record));
  const { stdout } = await deadletters("list");
  expect(stdout).toMatch(
    / output {2}user\.session\.start event-9\n {2}the output function arn:\S+ failed: SNS is down/,
  );
  expect((await deadletters("redrive", id)).stdout).toContain("whose function has to be invoked again");
  expect(letters()).toHaveLength(1);
});

describe("an event of the log stream", () => {
  /** The record that Lambda sends of an event that its function failed at. */
  const failed = (requestPayload: unknown) =>
    JSON.stringify({
      version: "1.0",
      timestamp: "2026-11-24T09:40:00.000Z",
      requestContext: {
        requestId: "r1",
        functionArn: "arn:aws:lambda:us-east-1:1:function:stream:$LATEST",
        condition: "RetriesExhausted",
        approximateInvokeCount: 3,
      },
      requestPayload,
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      responsePayload: {
        errorType: "Error",
        errorMessage: "the streamed event could be neither alerted on nor parked",
      },
    });

  test("that its function failed at is reported, with the reason, and redriven as it was streamed", async () => {
    const event = sessionStart();
    const [id = ""] = await put(failed(streamedEvent(event)));
    expect((await deadletters("list")).stdout).toMatch(
      new RegExp(
        `^${id} {2}\\S+Z {2}streamed {2}user\\.session\\.start ${event.uuid}\\n {2}the function arn:\\S+ failed: the streamed event could`,
        "m",
      ),
    );
    expect((await deadletters("redrive", id)).stdout).toBe("1 put on the retry queue.\n");
    await alertsAbout([event.uuid]);
    const [alert] = run.alerts.received.filter((received) => received.alert.okta.eventUuid === event.uuid);
    expect(alert?.alert).toMatchObject({ source: "streamed", delayReason: "it lay on the dead-letter queue" });
  });

  test("that EventBridge could not deliver is the message itself, with the reason among its attributes", async () => {
    const event = sessionStart();
    const client = new SQSClient({});
    const attribute = (StringValue: string) => ({ DataType: "String", StringValue });
    await client.send(
      new SendMessageCommand({
        QueueUrl: run.environment.DEAD_LETTER_QUEUE_URL,
        MessageBody: JSON.stringify(streamedEvent(event)),
        MessageAttributes: {
          ERROR_CODE: attribute("NO_PERMISSIONS"),
          ERROR_MESSAGE: attribute("the function lets the rule invoke it no more"),
          RULE_ARN: attribute("arn:aws:events:us-east-1:1:rule/bus/rule"),
        },
      }),
    );
    client.destroy();
    const { stdout } = await deadletters("list");
    expect(stdout).toContain(`streamed  user.session.start ${event.uuid}`);
    expect(stdout).toContain(
      "EventBridge could not deliver it: NO_PERMISSIONS: the function lets the rule invoke it no more",
    );
    expect((await deadletters("redrive", "--all")).stdout).toBe("1 put on the retry queue.\n");
    await alertsAbout([event.uuid]);
  });

  test("that is malformed stays, and says what is wrong with it", async () => {
    const [id = ""] = await put(failed(streamedEvent({ marker: 1 })));
    const { code, stdout } = await deadletters("redrive", id);
    expect(code).toBe(1);
    expect(stdout).toContain(`${id}: the event is still malformed: detail.uuid: expected the event's uuid`);
    expect(letters()).toHaveLength(1);
  });
});

describe("redrive", () => {
  test("has work tried anew, which is alerted on, and says that it is late", async () => {
    const uuid = crypto.randomUUID();
    const [id = ""] = await put(exhausted(uuid));
    expect(await deadletters("redrive", id)).toMatchObject({ code: 0, stdout: "1 put on the retry queue.\n" });
    expect(letters()).toEqual([]);
    const alert = await vi.waitFor(
      () => {
        const found = run.alerts.received.find((received) => received.alert.okta.eventUuid === uuid);
        expect(found).toBeDefined();
        return found?.alert;
      },
      { timeout: 60_000 },
    );
    expect(alert?.delayReason).toBe("it lay on the dead-letter queue");
    expect(alert?.delayedSeconds).toBeGreaterThan(3_600);
  });

  test("takes malformed events that are understood by now, and leaves the others", async () => {
    const event = sessionStart();
    const ids = await put(malformed(event), malformed({ marker: 1 }), "hello");
    const { code, stdout } = await deadletters("redrive", "--all");
    expect(code).toBe(0);
    expect(stdout).toContain("1 put on the retry queue.");
    expect(stdout).toContain(`${ids[1]}: the event is still malformed`);
    expect(stdout).toContain(`${ids[2]}: it is no message of ours`);
    expect(letters()).toHaveLength(2);
    await vi.waitFor(() => expect(run.alerts.received.map(({ alert }) => alert.okta.eventUuid)).toContain(event.uuid), {
      timeout: 60_000,
    });
  });
});

test("redrive of a malformed event of the log stream says in its alert how it came", { timeout: 60_000 }, async () => {
  const event = sessionStart();
  const faults = [{ path: "detail.uuid", message: "expected the event's uuid" }];
  await put(toDeadLetter({ event, faults }, { ...delivery, source: "streamed" }, new Date()));
  expect((await deadletters("redrive", "--all")).code).toBe(0);
  await alertsAbout([event.uuid]);
  expect(run.alerts.received.find(({ alert }) => alert.okta.eventUuid === event.uuid)?.alert.source).toBe("streamed");
});

test("redrive of all ends, although what no rule matches is back on the queue at once", {
  timeout: 60_000,
}, async () => {
  const waiting = { reason: delayReasons.notPublished, since: new Date() };
  const event = logEvent({ uuid: "unmatched", securityContext: { isProxy: false } });
  await put(writeWork({ event, delivery, rules: ["a-rule-that-is-gone"], followUp: false, waiting }, new Date(), "x"));
  const { code, stdout } = await deadletters("redrive", "--all");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "1 put on the retry queue.\n" });
  await vi.waitFor(() => expect(letters()).toHaveLength(1), { timeout: 60_000 });
  expect(letters()[0]).toContain("no rule of this release matches the event any more");
});

test("a command that is stopped gives back what it took", async () => {
  await put(malformed({ eventType: 5 }), malformed({ eventType: 6 }));
  const stopped = Promise.withResolvers<void>();
  let receives = 0;
  run.faults.sqs.set({
    kind: "overtaken",
    only: ({ action, input }) => {
      if (action !== "ReceiveMessage" || !String(input.QueueUrl).endsWith(`/${names.deadLetterQueue}`)) return false;
      receives += 1;
      return receives === 2;
    },
    by: () => stopped.promise,
  });
  try {
    const child = spawn(process.execPath, [launcher, "deadletters", "show", "--all", "--local", "--url", run.url]);
    const exited = once(child, "exit");
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    await setTimeout(100);
    stopped.resolve();
    expect(await exited).toEqual([2, null]);
  } finally {
    stopped.resolve();
    run.faults.sqs.set(null);
  }
  expect((await deadletters("list")).stdout).toContain("2 on the dead-letter queue.");
});

describe("redrive of a refused delivery", () => {
  test("has its events tried, as it can be read, and puts its malformed ones on the queue", async () => {
    const events = [sessionStart(), sessionStart()];
    const [id = ""] = await put(refused(JSON.stringify(envelope([...events, { marker: 1 }]))));
    expect((await deadletters("list")).stdout).toMatch(
      new RegExp(`^${id} {2}\\S+Z {2}refused\\n {2}The delivery was refused with 415: expected JSON`, "m"),
    );
    const { stdout } = await deadletters("redrive", id);
    expect(stdout).toBe("2 put on the retry queue.\n1 malformed events put back on the dead-letter queue.\n");
    expect(letters().map((letter) => JSON.parse(letter) as Json)).toMatchObject([
      { kind: "malformed", org: "example.okta.com", event: { marker: 1 } },
    ]);
    await alertsAbout(events.map(({ uuid }) => uuid));
  });

  test("leaves what is no delivery, and what was cut, where it is, and says why", async () => {
    const [noJson = "", cut = ""] = await put(refused("{nope"), refused("x".repeat(2_000_000)));
    const { code, stdout } = await deadletters("redrive", "--all");
    expect(code).toBe(1);
    expect(stdout).toContain("0 put on the retry queue.");
    expect(stdout).toContain(`${noJson}: it is still no delivery: the body is no JSON in UTF-8`);
    expect(stdout).toContain(`${cut}: its body of 2000000 bytes did not fit the queue, and was cut`);
    expect(letters()).toHaveLength(2);
  });

  test("of bytes that are no UTF-8 reads them as a delivery does", async () => {
    const event = sessionStart();
    const body = Buffer.from(JSON.stringify(envelope([event], { note: "\u00ff" })), "latin1");
    const refusal = { status: 415, reason: "expected JSON", detail: null, contentType: null, body } as const;
    const [id = ""] = await put(toRefusedLetter(refusal, new Date()));
    expect((await deadletters("redrive", id)).stdout).toBe("1 put on the retry queue.\n");
    await alertsAbout([event.uuid]);
  });
});

test("redrive of many malformed events takes those that are understood by now, and puts the others back", async () => {
  const event = sessionStart();
  const events = [...new Array(101).fill({ marker: 1 }), event, { marker: 2 }];
  const all = events.map((each) => ({ event: each as unknown, faults: [] }));
  const [id = ""] = await put(toDeadLetters(all, delivery, new Date()).at(-1) ?? "");
  expect((await deadletters("list")).stdout).toContain("malformedEvents\n  3 events are malformed");
  const { stdout } = await deadletters("redrive", id);
  expect(stdout).toBe("1 put on the retry queue.\n2 malformed events put back on the dead-letter queue.\n");
  // A standard queue keeps no order.
  const markers = letters().map((letter) => ((JSON.parse(letter) as Json).event as { readonly marker: number }).marker);
  expect(markers.sort()).toEqual([1, 2]);
  await alertsAbout([event.uuid]);
});

describe("discard", () => {
  test("removes what is named, and nothing else", async () => {
    const [first = ""] = await put(exhausted("event-1"), exhausted("event-2"));
    expect(await deadletters("discard", first, "--yes")).toMatchObject({ code: 0, stdout: "1 discarded.\n" });
    expect(letters()).toEqual([expect.stringContaining("event-2")]);
    expect(await deadletters("discard", "--all", "--yes")).toMatchObject({ code: 0, stdout: "1 discarded.\n" });
    expect((await deadletters("discard", "--all", "--yes")).stdout).toBe("The dead-letter queue is empty.\n");
  });

  test("discards nothing without a terminal to ask at, whatever the input says", async () => {
    const [id = ""] = await put(exhausted("event-1"));
    for (const input of ["y\n", "", "n\n"]) {
      const { code, stdout, stderr } = await answering(input, "discard", id);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("there is no terminal to ask at, and nothing was changed");
    }
    expect(letters()).toHaveLength(1);
  });

  test("discards nothing where one of the ids is not on the queue", async () => {
    const [id = ""] = await put(exhausted("event-1"));
    const { code, stdout, stderr } = await deadletters("discard", id, "nobody", "--yes");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("not on the dead-letter queue: nobody");
    expect(letters()).toHaveLength(1);
  });
});

describe("what cannot be done is refused with exit code 2", () => {
  test.each([
    [
      ["show"],
      /name the messages by their ids, which npx okta-proxy-watch deadletters list --local --url \S+ prints, or take --all of them; nothing was done/,
    ],
    [["show", "nobody"], /not on the dead-letter queue: nobody/],
    [
      ["discard", "--yes"],
      /name the messages by their ids, which npx okta-proxy-watch deadletters list --local --url \S+ prints, or take --all of them; nothing was done/,
    ],
    [
      ["discard"],
      /name the messages by their ids, which npx okta-proxy-watch deadletters list --local --url \S+ prints, or take --all of them; nothing was done/,
    ],
    [["discard", "nobody"], /not on the dead-letter queue: nobody/],
    [["nope"], /unknown command/],
  ])("%j", async (args, message) => {
    const { code, stderr } = await deadletters(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
