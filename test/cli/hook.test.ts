import { createPrivateKey, type JsonWebKey } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hookEligibleNames } from "../../lambda/core/okta/event-type-catalog.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { type AwsEndpoint, startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { type FakeCloudFormation, outputsOf, startCloudFormation } from "../fixtures/cloudformation.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { sessionStart } from "../fixtures/events.ts";
import { apiToken, type FakeOkta, startFakeOkta } from "../fixtures/okta.ts";
import { type FakeSecret, startFakeSecret } from "../fixtures/secret-versions.ts";

/*
 * The event hook by command, against an org that verifies the hook's URL and delivers to it, and a stack whose functions
 * are the embedded run.
 */

const secretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook";
let run: EmbeddedRun;
let okta: FakeOkta;
let secret: FakeSecret;
let cloudWatch: AwsEndpoint;
let cloudFormation: FakeCloudFormation;
let environment: Record<string, string>;
/** What CloudWatch has of each metric. */
let metrics: Record<
  string,
  readonly { readonly Timestamp: number; readonly Sum: number; readonly SampleCount: number }[]
>;

beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: "first-secret", mismatchDistanceKm: 500, onError: () => {} });
  cloudWatch = await startAwsEndpoint((_, { MetricName }) => ({
    status: 200,
    body: { Datapoints: metrics[String(MetricName)] ?? [] },
  }));
  cloudFormation = await startCloudFormation({ name: "Europe", outputs: outputsOf(run, secretArn) });
});
beforeEach(async () => {
  [okta, secret] = await Promise.all([startFakeOkta(), startFakeSecret(secretArn, "first-secret")]);
  const now = Math.floor(Date.now() / 1_000);
  metrics = { EventsReceived: [{ Timestamp: now - 7_200, Sum: 9, SampleCount: 3 }] };
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

const hook = (name: string, ...args: readonly string[]): Promise<Output> =>
  runCli("hook", [name, "--stack", "Europe", "--org", okta.orgUrl, ...args], { environment });
const doctor = (more: Readonly<Record<string, string>> = {}, org = okta.orgUrl): Promise<Output> =>
  runCli("hook", ["doctor", "--org", org], { environment: { ...environment, ...more } });
/** What changed Okta. */
const changes = () => okta.asked.filter((each) => !each.startsWith("GET"));

describe("register", () => {
  test("creates the hook, subscribed to what the detections need, verifies it, and sends a test alert", async () => {
    const { code, stdout, stderr } = await hook("register");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/created: the event hook "okta-proxy-watch Europe" \(who1\), subscribed to \d+ event types/);
    expect(stdout).toContain("verified: Okta asked the URL, with the secret, and was answered");
    expect(stdout).toContain("published: SNS took the alert");
    expect(okta.hooks.hooks).toEqual([
      expect.objectContaining({
        name: "okta-proxy-watch Europe",
        url: run.url,
        secret: "first-secret",
        status: "ACTIVE",
        verificationStatus: "VERIFIED",
      }),
    ]);
    const [{ eventTypes } = { eventTypes: [] }] = okta.hooks.hooks;
    expect(eventTypes).toContain("user.session.start");
    // Okta can deliver all of them: it would refuse others.
    expect(eventTypes).not.toContain("security.threat.detected");
    // What Okta delivers is alerted on.
    const event = sessionStart({ securityContext: { isProxy: true } });
    expect(await okta.hooks.publish(event)).toEqual([204]);
    await expect.poll(() => run.alerts.received.map(({ alert }) => alert.okta.eventUuid)).toContain(event.uuid);
    expect(secret.versions[0]?.stages).toContain("OKTA");
  });

  test("an org's hook lacks event types of the rules that run before, and has them all after", async () => {
    const coverage = () => runCli("rules", ["coverage", "--org", okta.orgUrl], { environment });
    const before = await coverage();
    expect(before.code).toBe(1);
    expect(before.stdout).toMatch(
      new RegExp(
        `^No active event hook of ${okta.orgUrl} has:\n(?: {2}\\S+ {2}\\(.+\\)\n)+To subscribe it: npx okta-proxy-watch hook repair --org ${okta.orgUrl}$`,
        "m",
      ),
    );
    expect(before.stdout).toMatch(/^ {2}user\.session\.start {2}\(.*Via Anonymizing Proxy.*\)$/m);
    expect(before.stdout).not.toContain("  security.threat.detected  ");
    await hook("register");
    const after = await coverage();
    expect([after.code, after.stderr]).toEqual([0, ""]);
    expect(after.stdout).toContain(
      `The active event hooks of ${okta.orgUrl} have every event type that these rules need of a hook.`,
    );
    const [only] = okta.hooks.hooks;
    if (only !== undefined) only.eventTypes = only.eventTypes.filter((name) => name !== "user.session.start");
    const { code, stdout } = await coverage();
    expect(code).toBe(1);
    expect(stdout.match(/^ {2}\S+ {2}\(/gm)).toEqual(["  user.session.start  ("]);
  });

  test("of an org's hooks in odd states, those that deliver to us count, and the others are named with the reason", async () => {
    const coverage = async () => {
      const { code, stdout, stderr } = await runCli("rules", ["coverage", "--org", okta.orgUrl], { environment });
      return { code, stderr, hooks: stdout.slice(stdout.indexOf(`The event hooks of ${okta.orgUrl}`)) };
    };
    const host = new URL(run.url).host;
    await hook("register");
    const [ours] = okta.hooks.hooks;
    if (ours === undefined) throw new Error("there is no hook");
    const [first = "", ...others] = ours.eventTypes;

    // A hook of another receiver has what ours lacks.
    okta.hooks.hooks.push({ ...ours, id: "who2", name: "SIEM", url: "https://siem.example.com/okta", filter: null });
    ours.eventTypes = others;
    const split = await coverage();
    expect([split.code, split.stderr]).toEqual([1, ""]);
    expect(split.hooks).toContain(
      `  "okta-proxy-watch Europe", to ${host}\n  "SIEM", to siem.example.com (does not count: it is not called okta-proxy-watch)\n`,
    );
    expect(split.hooks).toMatch(new RegExp(`has:\\n {2}${first.replaceAll(".", "\\.")} {2}\\(`));

    // Two of ours, each with a part.
    okta.hooks.hooks.push({ ...ours, id: "who3", name: "okta-proxy-watch second", eventTypes: [first] });
    expect(await coverage()).toMatchObject({ code: 0, hooks: expect.stringContaining("have every event type") });

    // One of them is not verified, the other not active: what SIEM has does not reach us.
    ours.status = "INACTIVE";
    const [, , second] = okta.hooks.hooks;
    if (second !== undefined) second.verificationStatus = "UNVERIFIED";
    const odd = await coverage();
    expect(odd.hooks).toContain(`"okta-proxy-watch Europe", to ${host} (does not count: it is not active)`);
    expect(odd.hooks).toContain(`"okta-proxy-watch second", to ${host} (does not count: Okta has not verified it)`);
    expect(odd).toMatchObject({ code: 1, hooks: expect.stringMatching(/^ {2}user\.session\.start {2}\(/m) });

    // Where no hook has our name, as one that was made by hand, all that deliver count.
    ours.name = "Made by hand";
    if (second !== undefined) second.name = "SIEM, too";
    const byHand = await coverage();
    expect(byHand.hooks).toContain('  "SIEM", to siem.example.com\n');
    expect(byHand.code).toBe(0);

    // A filter drops what a rule needs.
    ours.status = "ACTIVE";
    ours.eventTypes = [first, ...others];
    const expression = "event.outcome.result eq 'SUCCESS'";
    ours.filter = {
      type: "EXPRESSION_LANGUAGE",
      eventFilterMap: [{ event: first, condition: { expression, version: null } }],
    };
    const filtered = await coverage();
    expect(filtered.code).toBe(0);
    expect(filtered.hooks).toContain(`    a filter drops events: ${first} unless ${expression}\n`);
  });

  test("an event type that Okta may have retired is named, and is no fault of the hook", async () => {
    const folder = await mkdtemp(join(tmpdir(), "own-rules-"));
    try {
      await writeFile(
        join(folder, "retired.yml"),
        "title: Retired\nid: 00000000-0000-4000-8000-000000000001\nlogsource: { product: okta }\ndetection:\n  a: { eventType: user.telepathy.begin }\n  condition: a\nlevel: low\n",
      );
      const settings = join(folder, "settings");
      await writeFile(settings, "rulesFolder: .\n");
      await hook("register");
      const { code, stdout } = await runCli("rules", ["coverage", "--org", okta.orgUrl], {
        environment: { ...environment, SETTINGS_FILE: settings },
      });
      expect(code).toBe(0);
      expect(stdout).toContain(
        "Nor has one these, which Okta may refuse:\n  user.telepathy.begin  (Retired): it is not in Okta's catalog of",
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("run again, it changes nothing; after detections changed, the subscription alone", async () => {
    await hook("register");
    okta.asked.length = 0;
    const again = await hook("register");
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to change: the event hook who1") });
    expect(changes()).toEqual(["POST /api/v1/eventHooks/who1/lifecycle/verify"]);
    const [registered] = okta.hooks.hooks;
    if (registered === undefined) throw new Error("there is no hook");
    registered.eventTypes = ["user.session.start", "user.lifecycle.activate"];
    okta.asked.length = 0;
    const { code, stdout } = await hook("register");
    expect(code).toBe(0);
    expect(stdout).toMatch(/changed: .*it is not subscribed to .*system\.api_token\.create/);
    expect(stdout).toContain("it is subscribed to user.lifecycle.activate in vain");
    expect(changes()[0]).toBe("PUT /api/v1/eventHooks/who1");
    expect(registered.eventTypes).not.toContain("user.lifecycle.activate");
  });

  test("with --dry-run prints the requests, without the secret, and changes nothing", async () => {
    const { code, stdout } = await hook("register", "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain(`POST ${okta.orgUrl}/api/v1/eventHooks\n{`);
    expect(stdout).toContain('"value": "***"');
    expect(stdout).toContain("/lifecycle/verify");
    expect(stdout).not.toContain("first-secret");
    expect(changes()).toEqual([]);
  });

  test("takes an API token as well, and says what is missing without either", async () => {
    environment = { ...environment, OKTA_CLIENT_CLIENTID: "", OKTA_CLIENT_PRIVATEKEY: "", OKTA_CLIENT_TOKEN: apiToken };
    expect((await hook("register")).code).toBe(0);
    environment = { ...environment, OKTA_CLIENT_TOKEN: "" };
    const { code, stderr } = await hook("register");
    expect(code).toBe(2);
    expect(stderr).toContain("no credential of Okta: set OKTA_CLIENT_CLIENTID and OKTA_CLIENT_PRIVATEKEY");
  });

  test("takes the hook of an earlier URL over, rather than making another", async () => {
    await hook("register");
    const [registered] = okta.hooks.hooks;
    if (registered === undefined) throw new Error("there is no hook");
    Object.assign(registered, { url: "https://old.example.com/", verificationStatus: "UNVERIFIED" });
    const { code, stdout } = await hook("register");
    expect(code).toBe(0);
    expect(stdout).toContain("as it delivers to https://old.example.com/");
    expect(okta.hooks.hooks).toHaveLength(1);
    expect(registered).toMatchObject({ url: run.url, verificationStatus: "VERIFIED" });
  });

  test("ends well when its alert has no subscriber, as the hook is fine, and says what to do next", async () => {
    const sns = new SNSClient({});
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "without-subscribers" }));
    const silent = await startCloudFormation({
      name: "Europe",
      outputs: { ...outputsOf(run, secretArn), AlertTopicArn: TopicArn },
    });
    environment = { ...environment, AWS_ENDPOINT_URL_CLOUDFORMATION: silent.url };
    const { code, stdout, stderr } = await hook("register");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("subscribers: none is confirmed");
    expect(stdout).toContain("the hook is fine. What is left is a subscriber of its alerts:");
    expect(stdout).toContain(`aws sns subscribe --topic-arn ${TopicArn} --protocol email`);
    const alone = await runCli("send-test-alert", ["--stack", "Europe"], { environment });
    expect(alone).toMatchObject({ code: 1, stdout: expect.stringContaining("subscribers: none is confirmed") });
    await silent.stop();
    sns.destroy();
  });

  test("ends with exit code 1 when its test alert stops on the way", async () => {
    run.faults.sns.set({ kind: "refuse" });
    const { code, stdout, stderr } = await hook("register");
    run.faults.sns.set(null);
    expect(code).toBe(1);
    expect(stdout).not.toContain("the hook is fine");
    expect(stderr).toMatch(/^(?:parked|stopped at publishing): /);
  });

  test("says that Okta could not verify the URL", async () => {
    secret.versions[0] = { id: "version-1", value: "another", stages: new Set(["AWSCURRENT"]) };
    const { code, stderr } = await hook("register");
    expect(code).toBe(2);
    expect(stderr).toContain(`Okta could not verify ${run.url} for the event hook who1: `);
    // Okta's own reason, and what to look at.
    expect(stderr).toContain(
      "Unable to verify event hook. Hook okta-proxy-watch Europe execution failed. Does it answer",
    );
  });
});

describe("status", () => {
  test("of a healthy hook is well, and changes nothing", async () => {
    await hook("register");
    okta.asked.length = 0;
    const { code, stdout, stderr } = await hook("status");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.match(/^ok /gm)).toHaveLength(8);
    expect(stdout).toContain("9 events in the last day, 0.0 % of the 400,000 for all hooks of the org");
    expect(stdout).toMatch(
      /ok +event types +.* \(Okta's catalog: release 2026\.08\.1, (of this month|\d+ months? old)\)/,
    );
    expect(stdout).toMatch(/last delivery +in the hour from \d{4}-\d\d-\d\dT\d\d:\d\dZ/);
    expect(changes()).toEqual(["POST /api/v1/eventHooks/who1/lifecycle/verify"]);
    const asJson = (await hook("status", "--json")).stdout.trim().split("\n");
    expect(asJson).toHaveLength(8);
    for (const line of asJson) expect(JSON.parse(line)).toMatchObject({ ok: true, remedy: null });
  });

  test("of a stack with oktaOrgUrl reports whether reconciliation reads the log, and why Okta refuses its request", async () => {
    await hook("register");
    const reconciling = await startCloudFormation({
      name: "Europe",
      outputs: { ...outputsOf(run, secretArn), OktaOrgUrl: okta.orgUrl },
    });
    environment.AWS_ENDPOINT_URL_CLOUDFORMATION = reconciling.url;
    const finishedAt = (hoursAgo: number) => {
      const hour = Math.floor(Date.now() / 3_600_000) - hoursAgo;
      metrics.ReconciliationsFinished = [{ Timestamp: hour * 3_600, Sum: 12, SampleCount: 12 }];
    };
    try {
      finishedAt(1);
      okta.asked.length = 0;
      const well = await hook("status");
      expect(well.code).toBe(0);
      expect(well.stdout).toMatch(/ok +reconciliation +a run read the System Log to its end in the hour from /);
      expect(well.stdout).toMatch(/ok +its request +Okta takes what reconciliation asks for/);
      const { searchParams } = new URL((okta.asked.at(-1) ?? "").replace("GET ", okta.orgUrl));
      expect([...searchParams.keys()]).toEqual(["since", "sortOrder", "limit", "filter"]);
      expect(searchParams.get("filter")).toContain('eventType eq "user.session.start"');

      finishedAt(4);
      okta.log.refusesFilters = true;
      const ill = await hook("status");
      expect(ill.code).toBe(1);
      expect(ill.stdout).toMatch(/WRONG reconciliation +a run read .*, and none has since/);
      expect(ill.stdout).toMatch(/WRONG its request +Okta refused \S+ \(400\): Invalid filter 'eventType eq /);
      expect(ill.stdout).toContain("to do: see the runbook, ReconciliationOverdue");

      metrics.ReconciliationsFinished = [];
      okta.log.refusesFilters = false;
      const unknown = await hook("status");
      expect(unknown).toMatchObject({ code: 0, stdout: expect.stringMatching(/\? +reconciliation +no run read/) });
    } finally {
      await reconciling.stop();
    }
  });

  test("reports that there is none", async () => {
    const { code, stdout } = await hook("status");
    expect(code).toBe(1);
    expect(stdout).toContain(`no event hook of the org delivers to ${run.url}`);
    expect(stdout).toContain(`to do: npx okta-proxy-watch hook register --stack Europe --org ${okta.orgUrl}`);
  });

  test("calls it nothing wrong that a hook younger than a day has delivered nothing yet", async () => {
    await hook("register");
    metrics = {};
    const { code, stdout } = await hook("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\? +last delivery +none yet: the hook is there since \S+Z, and the first comes with/m);
    expect(stdout).toContain("to do: sign in, and look again");
  });

  test("reports each fault with its remedy, and repair applies it", async () => {
    await hook("register");
    const [registered] = okta.hooks.hooks;
    if (registered === undefined) throw new Error("there is no hook");
    Object.assign(registered, { status: "INACTIVE", secret: "typed wrong", eventTypes: ["user.session.start"] });
    metrics = { EventsReceived: [{ Timestamp: 1, Sum: 300_000, SampleCount: 300_000 }] };
    expect((await hook("status")).stdout).toMatch(
      /WRONG daily limit +300,000 events in the last day, 75 % of the 400,000/,
    );
    metrics = {};
    registered.created = "2026-01-01T00:00:00.000Z";
    const failed = { eventType: "event_hook.delivery", outcome: { result: "FAILURE", reason: "401" } };
    const published = new Date(Date.now() - 60_000).toISOString();
    okta.log.add({ ...failed, uuid: "a", published, target: [{ id: "who1" }] });
    okta.log.add({ ...failed, uuid: "b", published, target: [{ id: "who9" }] });
    const { code, stdout } = await hook("status");
    expect(code).toBe(1);
    expect(stdout).toMatch(/WRONG active +its status is INACTIVE/);
    expect(stdout).toMatch(/WRONG event types +it is not subscribed to .*system\.api_token\.create/);
    expect(stdout).toMatch(
      /WRONG secret +Okta could not verify the URL.*Unable to verify event hook\. Hook .* execution failed/,
    );
    expect(stdout).toMatch(/WRONG last delivery +none in the last day/);
    expect(stdout).toMatch(/WRONG failed deliveries +1 in the last day; the last at .*: 401/);
    expect(stdout).toContain(`to do: npx okta-proxy-watch hook repair --stack Europe --org ${okta.orgUrl}`);

    const repaired = await hook("repair");
    expect(repaired).toMatchObject({ code: 0, stderr: "" });
    expect(registered).toMatchObject({ status: "ACTIVE", secret: "first-secret", verificationStatus: "VERIFIED" });
    expect((await hook("status")).stdout).not.toMatch(/WRONG (active|event types|secret)/);
  });

  test("repair sets a secret again that is out of step, though all else is as it shall be", async () => {
    await hook("register");
    const [registered] = okta.hooks.hooks;
    if (registered === undefined) throw new Error("there is no hook");
    registered.secret = "typed wrong";
    const { code, stdout } = await hook("repair");
    expect(code).toBe(0);
    expect(stdout).toContain("changed: the event hook's secret, which was not the stack's");
    expect(registered.secret).toBe("first-secret");
  });

  test("repair in the middle of a rotation leaves it to be gone on with", async () => {
    await hook("register");
    // The functions know the new version, and accept the one that Okta still has.
    secret.versions[0]?.stages.delete("AWSCURRENT");
    secret.versions[0]?.stages.add("AWSPREVIOUS");
    secret.versions.push({ id: "version-2", value: "second-secret", stages: new Set(["AWSCURRENT"]) });
    const { stdout } = await hook("repair");
    expect(stdout).toContain("nothing to change");
    expect(secret.value("OKTA")).toBe("first-secret");
  });

  test("says of a second hook to the same URL that every event comes twice", async () => {
    await hook("register");
    const [registered] = okta.hooks.hooks;
    if (registered === undefined) throw new Error("there is no hook");
    // The same endpoint, written otherwise.
    okta.hooks.hooks.push({ ...registered, id: "who2", url: `${run.url}?again` });
    const { code, stdout } = await hook("status");
    expect(code).toBe(1);
    expect(stdout).toContain("who2 deliver to the same URL: every event comes twice");
    registered.status = "INACTIVE";
    const idle = await hook("status");
    expect(idle.code).toBe(0);
    expect(idle.stdout).toMatch(/ok +hook +"okta-proxy-watch Europe" \(who2\)/);
    expect(idle.stdout).toMatch(/\? +others +who1 have the same URL, and are inactive or not verified/);
  });

  test("says of a secret in another header that the function refuses every delivery, and repair mends it", async () => {
    await hook("register");
    const [registered] = okta.hooks.hooks;
    if (registered === undefined) throw new Error("there is no hook");
    registered.secretHeader = "X-Api-Key";
    const { code, stdout } = await hook("status");
    expect(code).toBe(1);
    expect(stdout).toMatch(/WRONG secret's header +it sends its secret in the header X-Api-Key, where .* \(401\)/);
    expect((await hook("repair")).stdout).toContain("as it sends its secret in the header X-Api-Key");
    expect(registered.secretHeader).toBe("Authorization");
    Object.assign(registered, { headers: [{ key: "authorization", value: "typed in by hand" }] });
    const doubled = await hook("status");
    expect(doubled.stdout).toMatch(/WRONG secret's header +it has a further header Authorization, where .* \(401\)/);
    expect(doubled.stdout).not.toContain("further headers");
    expect((await hook("repair")).stdout).toContain("as it has a further header Authorization");
    expect(registered.headers).toEqual([]);
    registered.secretHeader = "authorization";
    expect((await hook("repair")).stdout).toContain("nothing to change");
  });

  test("does without the System Log where that is not granted, and says so", async () => {
    await hook("register");
    okta.scopes = new Set(["okta.eventHooks.read", "okta.eventHooks.manage"]);
    const { code, stdout } = await hook("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(/\? +failed deliveries +not known: .*invalid_scope/);
    expect(stdout).toContain("Okta API Scopes: grant okta.logs.read");
  });
});

describe("status, with okta.eventHooks.read alone", () => {
  test("reports all but the secret, which it reports as not known, and asks to change nothing", async () => {
    await hook("register");
    okta.scopes = new Set(["okta.eventHooks.read", "okta.logs.read"]);
    okta.asked.length = 0;
    const { code, stdout, stderr } = await hook("status");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.match(/^ok /gm)).toHaveLength(7);
    expect(stdout).toMatch(/\? +secret +not known, as Okta may not be asked to verify the URL: .*invalid_scope/);
    expect(stdout).toContain("Okta API Scopes: grant okta.eventHooks.manage");
    expect(changes()).toEqual([]);
  });

  test("says that Okta may hide changes of risk, which a detection needs", async () => {
    await hook("register");
    expect((await hook("status")).stdout).toContain(
      "note: of some orgs Okta shows user.risk.detect only to an administrator, or app, that is assigned Super Administrator",
    );
  });
});

test("status reports its checks of the hook though the System Log fails", async () => {
  await hook("register");
  okta.interfere = () => (okta.asked.at(-1)?.includes("/api/v1/logs") ? "serverError" : "none");
  const { code, stdout, stderr } = await hook("status");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^ok +secret /m);
  expect(stdout).toMatch(/\? +failed deliveries +not known: Okta failed 5 times: .*answered 500/);
});

describe("what an administrator set on the hook", () => {
  const ofAdministrator = {
    description: "Do not touch: security",
    headers: [{ key: "X-Waf-Token", value: "let-okta-in" }],
    filter: {
      type: "EXPRESSION_LANGUAGE",
      eventFilterMap: [
        {
          event: "user.session.start",
          condition: { expression: "event.outcome.result eq 'FAILURE'", version: null },
        },
      ],
    },
  } as const;
  const dropped = "user.session.start unless event.outcome.result eq 'FAILURE'";
  const signIn = (result: string) => sessionStart({ securityContext: { isProxy: true }, outcome: { result } });

  async function registerAndEdit() {
    await hook("register");
    const [registered] = okta.hooks.hooks;
    if (registered === undefined) throw new Error("there is no hook");
    return Object.assign(registered, ofAdministrator);
  }

  test("is reported by status: a filter that drops sign-ins as wrong, further headers by their names alone", async () => {
    await registerAndEdit();
    expect(await okta.hooks.publish(signIn("SUCCESS"))).toEqual([]);
    expect(await okta.hooks.publish(signIn("FAILURE"))).toEqual([204]);
    const { code, stdout } = await hook("status");
    expect(code).toBe(1);
    expect(stdout).toMatch(/ok +further headers +it also sends X-Waf-Token, which every change keeps/);
    expect(stdout).not.toContain("let-okta-in");
    expect(stdout).toContain(
      `Okta drops ${dropped}: it never delivers such an event, which reconciliation alone finds`,
    );
    expect(stdout.match(/^WRONG filter /gm)).toHaveLength(1);
    expect(stdout).toContain(
      `to do: change the filter in the admin console, or: npx okta-proxy-watch hook repair --stack Europe --org ${okta.orgUrl} --remove-filter`,
    );
  });

  test("stays when the subscription and the secret are mended, and repair says what the filter drops", async () => {
    const registered = await registerAndEdit();
    Object.assign(registered, { eventTypes: ["user.session.start"], secret: "typed wrong" });
    const { code, stdout } = await hook("repair");
    expect(code).toBe(1);
    expect(stdout).toContain(
      `kept: a filter, by which Okta drops ${dropped}. To remove it: npx okta-proxy-watch hook repair`,
    );
    expect(changes()).toContain("PUT /api/v1/eventHooks/who1");
    expect(registered).toMatchObject({ ...ofAdministrator, secret: "first-secret" });
    expect(registered.eventTypes.length).toBeGreaterThan(10);

    Object.assign(registered, { secret: "typed wrong again" });
    expect((await hook("repair")).stdout).toContain("changed: the event hook's secret");
    expect(registered).toMatchObject({ ...ofAdministrator, secret: "first-secret" });
  });

  test("loses its filter by repair --remove-filter alone, which says so before, and is delivered again", async () => {
    const registered = await registerAndEdit();
    const { code, stdout } = await hook("repair", "--remove-filter");
    expect(code).toBe(0);
    expect(stdout.indexOf(`removing the filter that drops ${dropped}`)).toBeGreaterThanOrEqual(0);
    expect(stdout.indexOf("as it has a filter")).toBeGreaterThan(stdout.indexOf("removing the filter"));
    const { filter: _, ...others } = ofAdministrator;
    expect(registered).toMatchObject({ ...others, filter: null });
    expect(await okta.hooks.publish(signIn("SUCCESS"))).toEqual([204]);
    expect((await hook("status")).stdout).not.toContain("WRONG filter");
  });

  test("is no fault where the filter is on an event type that no detection needs, and goes with its subscription", async () => {
    const registered = await registerAndEdit();
    // A fork's own rules may need any type.
    const needed = new Set(registered.eventTypes);
    const spare =
      hookEligibleNames
        .trim()
        .split(/\s+/)
        .find((name) => !needed.has(name)) ?? "";
    const [{ condition }] = ofAdministrator.filter.eventFilterMap;
    const filter = { ...ofAdministrator.filter, eventFilterMap: [{ event: spare, condition }] };
    Object.assign(registered, { eventTypes: [...registered.eventTypes, spare], filter });
    expect((await hook("status")).stdout).not.toContain("filter");
    const { code, stdout } = await hook("repair");
    expect(code).toBe(0);
    expect(stdout).toContain(`with its event type goes the filter: ${spare} unless event.outcome.result`);
    expect(registered).toMatchObject({ filter: null, headers: ofAdministrator.headers });
  });

  test("is printed by --dry-run as it would be sent, without the values of headers", async () => {
    const registered = await registerAndEdit();
    registered.eventTypes = ["user.session.start"];
    okta.asked.length = 0;
    const { stdout } = await hook("register", "--dry-run");
    expect(stdout).toContain(`"expression": "event.outcome.result eq 'FAILURE'"`);
    expect(stdout).toContain('"description": "Do not touch: security"');
    expect(stdout).toContain('"key": "X-Waf-Token",\n          "value": "***"');
    expect(stdout).not.toContain("let-okta-in");
    expect(changes()).toEqual([]);
  });
});

test("rotate-secret refuses where there is nothing to rotate", async () => {
  const { code, stderr } = await hook("rotate-secret");
  expect(code).toBe(2);
  expect(stderr).toContain("the org has no event hook of this stack: npx okta-proxy-watch hook register");
  const local = await runCli("hook", ["rotate-secret", "--local", "--url", run.url, "--org", okta.orgUrl], {
    environment,
  });
  expect(local).toMatchObject({ code: 2, stderr: expect.stringContaining("the embedded run has one secret") });
  expect(secret.versions).toHaveLength(1);
});

test("terraform prints the same hook, and no secret", async () => {
  const { code, stdout } = await hook("terraform");
  expect(code).toBe(0);
  expect(stdout).toContain(`secret_id = "${secretArn}"`);
  expect(stdout).toContain('resource "okta_event_hook" "okta_proxy_watch" {');
  expect(stdout).toContain(`uri     = "${run.url}"`);
  expect(stdout).toContain('    "user.session.start",\n');
  expect(stdout).toContain("event_hook_id = okta_event_hook.okta_proxy_watch.id");
  expect(stdout).not.toContain("first-secret");
  // The provider's first version that verifies again after the URL changed, and any change of the hook.
  expect(stdout).toContain('source  = "okta/okta"\n      version = "~> 6.7"');
  expect(stdout).toContain("replace_triggered_by = [okta_event_hook.okta_proxy_watch]");
  await hook("register");
  const types = [...stdout.matchAll(/^ {4}"([\w.]+)",$/gm)].map(([, eventType]) => eventType);
  expect(types).toEqual(okta.hooks.hooks[0]?.eventTypes);
});

describe("doctor", () => {
  test("finds a healthy credential healthy", async () => {
    const { code, stdout, stderr } = await doctor();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.match(/^ok /gm)).toHaveLength(9);
  });

  test("looks at the rights that the deployment needs: those of profiles with oktaOrgUrl, of the log stream with eventBusName", async () => {
    const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-doctor-"));
    const settings = join(folder, "settings.yml");
    const scopesBy = async (text: string) => {
      await writeFile(settings, text);
      const { code, stdout } = await doctor({ SETTINGS_FILE: settings });
      expect(code).toBe(0);
      return [...stdout.matchAll(/^ok +may use (\S+)/gm)].map(([, scope]) => scope);
    };
    const always = ["okta.eventHooks.read", "okta.eventHooks.manage", "okta.logs.read"];
    expect(await scopesBy("heartbeatHours: 12\n")).toEqual(always);
    expect(await scopesBy("oktaOrgUrl: https://another.okta.com\n")).toEqual(always);
    expect(await scopesBy(`oktaOrgUrl: ${okta.orgUrl}\neventBusName: aws.partner/okta.com/example/okta\n`)).toEqual([
      ...always,
      "okta.users.read",
      "okta.logStreams.read",
    ]);
    await rm(folder, { recursive: true });
  });

  test("and register do with an app that has to prove possession (DPoP), and a key as PEM", async () => {
    okta.proofs.demanded = true;
    const pem = createPrivateKey({ key: okta.privateKey as JsonWebKey, format: "jwk" });
    environment = {
      ...environment,
      OKTA_CLIENT_PRIVATEKEY: String(pem.export({ type: "pkcs1", format: "pem" })),
      OKTA_CLIENT_PRIVATEKEYID: "key-1",
    };
    const examined = await doctor();
    expect({ code: examined.code, stderr: examined.stderr }).toEqual({ code: 0, stderr: "" });
    expect(examined.stdout).toMatch(/^ok {4}key +it is a private key, which signs by RS256$/m);
    expect((await hook("register")).code).toBe(0);
    expect(okta.hooks.hooks).toHaveLength(1);
    expect(okta.proofs.taken.map(({ htm }) => htm)).toContain("POST");
    // Each scope is asked for once by itself: of each, the first request lacks the nonce.
    expect(new Set(okta.proofs.refused)).toEqual(new Set(["Authorization server requires nonce in DPoP proof."]));
  });

  test("finds that the URL is no org, or cannot be reached", async () => {
    const { code, stdout } = await doctor({}, "http://127.0.0.1:1");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^WRONG domain +http:\/\/127\.0\.0\.1:1 cannot be reached/);
    const other = await doctor({}, new URL(run.url).origin);
    expect(other.stdout).toMatch(/^WRONG domain +.* does not answer as an Okta org \(40\d\)/);
    expect((await doctor({}, "https://example-admin.okta.com")).stderr).toContain("without -admin");
  });

  test.each([
    ["serverError", "Okta", "(500)", "https://status.okta.com"],
    ["rateLimit", "rate limit", "(429)", "Reports > Rate Limits"],
    ["page", "proxy", "(200): what answers is no JSON", "answers in Okta's place"],
    ["empty", "proxy", "(200): what answers is no JSON", "answers in Okta's place"],
    ["redirect", "domain", "(302), and leads to https://example.com/sign-in", "-admin"],
    ["cut", "network", "answers, and the answer breaks off", "keeps breaking off"],
  ] as const)("names the step already where the org is looked for (%s)", async (kind, step, detail, remedy) => {
    okta.interfereWithDomain = kind;
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^WRONG ${step} `));
    expect(stdout).toContain(detail);
    expect(stdout).toContain(remedy);
    expect(stdout).not.toContain("state=secret");
    expect(stdout.match(/^(WRONG|ok) /gm)).toHaveLength(1);
  });

  test("writes one second as one", async () => {
    okta.clockAhead = -20;
    const { stdout } = await doctor();
    expect(stdout).toMatch(/ok +clock +this machine's clock is (19|20|21) seconds ahead of Okta's/);
    okta.clockAhead = 0;
    okta.dateAhead = -1;
    expect((await doctor()).stdout).toMatch(/clock is (1 second|2 seconds) ahead of/);
  });

  test("finds a clock that is off", async () => {
    okta.clockAhead = 900;
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(/WRONG clock +this machine's clock is (899|900|901) seconds behind Okta's/);
  });

  test("finds a key that is none, or not the app's", async () => {
    expect((await doctor({ OKTA_CLIENT_PRIVATEKEY: "" })).stdout).toMatch(/WRONG key +no credential of Okta/);
    expect((await doctor({ OKTA_CLIENT_PRIVATEKEY: "private-key.json" })).stdout).toMatch(
      /WRONG key +OKTA_CLIENT_PRIVATEKEY is neither a JWK nor PEM\. Of a file: export OKTA_CLIENT_PRIVATEKEY="\$\(cat /,
    );
    expect((await doctor({ OKTA_CLIENT_PRIVATEKEYID: "another" })).stdout).toMatch(/WRONG client .* unknown kid/);
    const { d: _, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...publicKey } = okta.privateKey;
    expect((await doctor({ OKTA_CLIENT_PRIVATEKEY: JSON.stringify(publicKey) })).stdout).toMatch(
      /WRONG key +it is a public key alone/,
    );
    expect((await doctor({ OKTA_CLIENT_PRIVATEKEY: '{"kty":"RSA","n":"?","d":"!"}' })).stdout).toMatch(
      /WRONG key +it is no key that can sign/,
    );
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const other = JSON.stringify({ ...(await exportJWK(privateKey)), kid: "key-1", alg: "RS256" });
    const { code, stdout } = await doctor({ OKTA_CLIENT_PRIVATEKEY: other });
    expect(code).toBe(1);
    expect(stdout).toMatch(/WRONG client +Okta gave no access token \(400\)/);
    expect(stdout).toContain("General > Client Credentials: compare the Client ID");
    // A failure of every scope is reported once.
    expect(stdout.match(/^WRONG/gm)).toHaveLength(1);
    expect((await doctor({ OKTA_CLIENT_CLIENTID: "0oa1other" })).stdout).toMatch(/WRONG client /);
  });

  test.each(["okta.eventHooks.read", "okta.eventHooks.manage", "okta.logs.read"])(
    "finds %s not granted",
    async (scope) => {
      okta.scopes = new Set([...okta.scopes].filter((each) => each !== scope));
      const { code, stdout } = await doctor();
      expect(code).toBe(1);
      expect(stdout.match(/^WRONG/gm)).toHaveLength(1);
      expect(stdout).toContain(`Okta API Scopes: grant ${scope}`);
    },
  );

  test.each([
    ["invalid_dpop_proof", "WRONG proof", "General > General Settings demands"],
    ["unauthorized_client", "WRONG app", "Grant type: tick Client Credentials"],
    ["consent_required", "WRONG scope okta.eventHooks.read", "click Grant beside okta.eventHooks.read"],
    ["access_denied", "WRONG app", "Reports > System Log names the policy"],
    ["server_error", "WRONG Okta", "https://status.okta.com"],
    ["invalid_request", "WRONG access token", "the cause is not known beyond Okta's answer"],
  ])("distinguishes %s, with its page", async (error, finding, page) => {
    okta.tokenRefusal = { error, error_description: "For this reason." };
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toContain(finding);
    expect(stdout).toContain(`Okta gave no access token (400): ${error}: For this reason.`);
    expect(stdout).toContain(page);
  });

  test("reports a rate limit that is used up, without waiting for it", async () => {
    okta.limit = { requests: 600, seconds: 3_600 };
    okta.interfereWithTokens = () => "rateLimit";
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(/WRONG rate limit +the rate limit of .*\/oauth2\/v1\/token is used up for \d+ seconds more/);
    expect(stdout).toContain("Reports > Rate Limits");
  });

  test("distinguishes a gateway from Okta", async () => {
    okta.interfere = () => "blocked";
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(/WRONG proxy +Okta refused .* \(403\): .*titled "Example Gateway: sign in"/);
    expect(stdout.match(/^WRONG/gm)).toHaveLength(1);
  });

  test("distinguishes a gateway that refuses a token in JSON from Okta", async () => {
    okta.interfereWithTokens = () => "blockedInJson";
    const { stdout } = await doctor();
    expect(stdout).toMatch(/WRONG proxy +Okta gave no access token \(403\): an answer that is not Okta's/);
  });

  test("finds that the app has no admin role for it", async () => {
    okta.mayManageHooks = false;
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(/WRONG may use okta\.eventHooks\.manage +.*You do not have permission/);
    expect(stdout).toContain("Admin roles");
  });
});
