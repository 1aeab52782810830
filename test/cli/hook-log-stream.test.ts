import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { type AwsEndpoint, startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { type FakeCloudFormation, outputsOf, startCloudFormation } from "../fixtures/cloudformation.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { type FakeOkta, startFakeOkta } from "../fixtures/okta.ts";
import { type FakeSecret, startFakeSecret } from "../fixtures/secret-versions.ts";

/* What `hook -- status` and `register` say on a stack that receives the org's log stream. */

const secretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook";
const busName = "aws.partner/okta.com/example/proxy-watch";
let run: EmbeddedRun;
let okta: FakeOkta;
let secret: FakeSecret;
let cloudWatch: AwsEndpoint;
let cloudFormation: FakeCloudFormation;
let environment: Record<string, string>;
const outputs: Record<string, string | undefined> = {};
/** The metrics with values two hours ago, and how many. */
let counts: Record<string, number>;

beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: "first-secret", mismatchDistanceKm: 500, onError: () => {} });
  cloudWatch = await startAwsEndpoint((_, { MetricName }) => {
    const count = counts[String(MetricName)];
    const Timestamp = Math.floor(Date.now() / 1_000) - 7_200;
    return {
      status: 200,
      body: { Datapoints: count === undefined ? [] : [{ Timestamp, Sum: count, SampleCount: count }] },
    };
  });
  Object.assign(outputs, outputsOf(run, secretArn));
  cloudFormation = await startCloudFormation({ name: "Europe", outputs });
});
beforeEach(async () => {
  [okta, secret] = await Promise.all([startFakeOkta(), startFakeSecret(secretArn, "first-secret")]);
  outputs.EventBusName = busName;
  counts = { EventsReceived: 9, EventsStreamed: 7 };
  okta.logStreams.push({ name: "Proxy watch", eventSourceName: "proxy-watch", status: "ACTIVE" });
  environment = {
    ...run.environment,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatch.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secret.url,
    OKTA_CLIENT_CLIENTID: okta.clientId,
    OKTA_CLIENT_PRIVATEKEY: JSON.stringify(okta.privateKey),
  };
});
afterEach(async () => {
  await Promise.all([okta.stop(), secret.stop()]);
  expect(okta.invalid).toEqual([]);
});
afterAll(async () => {
  await Promise.all([run.stop(), cloudFormation.stop(), cloudWatch.stop()]);
});

const hook = (name: string): Promise<Output> =>
  runCli("hook", [name, "--stack", "Europe", "--org", okta.orgUrl], { environment });

describe("status", () => {
  test("reports that the org's log stream is active, and when it last brought an event, beside the hook", async () => {
    await hook("register");
    const { code, stdout } = await hook("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /ok +log stream +"Proxy watch" \(0oa1logstream\), to proxy-watch of 111122223333 in eu-west-1, is ACTIVE/,
    );
    expect(stdout).toMatch(/ok +last streamed event +in the hour from \S+Z/);
    // What is streamed counts for no limit of the hook.
    expect(stdout).toMatch(/ok +daily limit +9 events/);
  });

  test("calls a stream wrong that is switched off, and says where to switch it on", async () => {
    await hook("register");
    okta.logStreams.splice(0, 1, { name: "Proxy watch", eventSourceName: "proxy-watch", status: "INACTIVE" });
    delete counts.EventsStreamed;
    const { code, stdout } = await hook("status");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /WRONG log stream .* is INACTIVE\n +to do: Reports > Log Streaming > Proxy watch > Activate/,
    );
    expect(stdout).toMatch(
      /WRONG last streamed event +none in the last day\n +to do: was there any sign-in\? Reports > Log Streaming .* StreamHeartbeatMissed\n/,
    );
  });

  test("calls it wrong that no stream feeds the event bus, though the org has another", async () => {
    await hook("register");
    okta.logStreams.splice(0, 1, { name: "SIEM", eventSourceName: "siem", status: "ACTIVE" });
    const { code, stdout } = await hook("status");
    expect(code).toBe(1);
    expect(stdout).toMatch(/WRONG log stream +the org has no log stream to the event source proxy-watch/);
    outputs.EventBusName = "forwarded";
    expect((await hook("status")).stdout).toMatch(/ok +log stream +"SIEM"/);
  });

  test("does without it where that is not granted, and says where to look", async () => {
    await hook("register");
    okta.scopes = new Set(["okta.eventHooks.read", "okta.eventHooks.manage", "okta.logs.read"]);
    const { code, stdout } = await hook("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(/\? +log stream +not known: .*Reports > Log Streaming in the admin console shows whether/);
    expect(stdout).toContain("Okta API Scopes: grant okta.logStreams.read");
  });

  test("calls it nothing wrong that there is no hook, where the stream brings the events", async () => {
    delete counts.EventsReceived;
    const { code, stdout } = await hook("status");
    expect(stdout).toMatch(/\? +hook +no event hook of the org delivers to/);
    expect(stdout).toMatch(/\? +last delivery +none in the last day/);
    expect(code).toBe(0);
    delete counts.EventsStreamed;
    const silent = await hook("status");
    expect(silent.code).toBe(1);
    expect(silent.stdout).not.toMatch(/last streamed event.*\n.*send-test-alert/);
    expect(silent.stdout).toMatch(/WRONG last delivery +none in the last day/);
  });

  test("asks nothing about log streams of a stack that receives none", async () => {
    delete outputs.EventBusName;
    await hook("register");
    const { code, stdout } = await hook("status");
    expect(code).toBe(0);
    expect(stdout).not.toContain("stream");
    expect(okta.asked.filter((each) => each.includes("logStreams"))).toEqual([]);
  });
});

test("register says that the log stream brings what Okta delivers to no hook", async () => {
  outputs.ExperimentalDetections = "true";
  const { stdout } = await hook("register");
  delete outputs.ExperimentalDetections;
  const lines = stdout.split("\n").filter((each) => each.startsWith("not delivered by Okta to any hook"));
  expect(lines).toEqual([expect.stringMatching(/zone\.\w+.*; the log stream brings them$/)]);
  expect(stdout).not.toContain("set oktaOrgUrl");
});
