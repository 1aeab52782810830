import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { customNotification } from "../fixtures/chat-schema.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { detectionFinding } from "../fixtures/ocsf-schema.ts";

let run: EmbeddedRun;
beforeAll(async () => {
  const outputs = ["chat", "ocsf", "pagerduty"];
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, outputs, onError: () => {} });
});
afterEach(() => {
  for (const fault of Object.values(run.faults)) fault.set(null);
});
afterAll(() => run.stop());

const send = (secret: string, ...args: readonly string[]): Promise<Output> =>
  runCli("send-test-alert", ["--local", "--url", run.url, ...args], { environment: { HOOK_SECRET: secret } });

test("a test alert comes out, marked from end to end, on every output, and counts nowhere", async () => {
  for (let round = 1; round <= 2; round += 1) {
    const { code, stdout, stderr } = await send("secret");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^delivered: .* answered 204 .*\npublished: SNS took the alert.*\nsubscribers: 1 confirmed \(sqs\)/,
    );
    await vi.waitUntil(() => run.alerts.received.length === round, 60_000);
  }
  const [first, second] = run.alerts.received;
  expect(first).toMatchObject({ alert: { test: true }, attributes: { test: { Value: "true" } } });
  expect(first?.subject).toMatch(/^\[TEST\] /);
  // The first left nothing that the second could report, or be suppressed by.
  expect(second?.alert.history).toMatchObject({ firstTime: true, sessionsIn30Days: 0 });
  const published = async () =>
    (await (await fetch(new URL("/_local/outputs", run.url))).json()) as Record<string, Record<string, unknown>[]>;
  await vi.waitUntil(async () => Object.values(await published()).every((messages) => messages.length === 2), 60_000);
  const { chat = [], ocsf = [], pagerduty = [] } = await published();
  expect(customNotification.parse(chat[0]).metadata?.additionalContext).toMatchObject({ test: "true" });
  expect(detectionFinding.parse(ocsf[0]).metadata.labels).toEqual(["test"]);
  expect(pagerduty[0]).toMatchObject({ payload: { custom_details: { test: true } } });
});

test("a wrong secret is reported as what stopped it", async () => {
  const { code, stderr } = await send("other");
  expect(code).toBe(1);
  expect(stderr).toMatch(/stopped at the receiver: .* answered 401: the secret is not the one/);
});

test("SNS being down is reported: the event waits on the retry queue", async () => {
  run.faults.sns.set({ kind: "refuse" });
  const { code, stderr } = await send("secret", "--timeout", "3");
  expect(code).toBe(1);
  // Redrive may be trying it at the very moment at which the command looks.
  expect(stderr).toMatch(
    /^(?:parked: the event .* retry queue \(1 messages\)|stopped at publishing: the event .* 1 wait on the retry queue)/,
  );
});

test("no embedded run at all is bad input", async () => {
  const { code, stderr } = await runCli("send-test-alert", ["--local", "--url", "http://127.0.0.1:9"]);
  expect(code).toBe(2);
  expect(stderr).toContain("there is no embedded run");
});
