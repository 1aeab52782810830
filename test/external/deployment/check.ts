import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { delivery, sessionStart } from "../../fixtures/events.ts";
import { type FakeOkta, fakeUser, startFakeOkta } from "../../fixtures/okta.ts";
import { type Account, type Certificate, type Output, startAccount } from "./account.ts";
import { createStack, type Template, updateStack, without } from "./authorized.ts";
import {
  createEventBus,
  createOperator,
  type DeployedStack,
  deliver,
  describe,
  fetchHookSecret,
  invoke,
  type Notification,
  type Operator,
  raiseAlarms,
  receive,
  sampleDelivery,
  streamEvent,
  subscribeQueue,
  until,
} from "./steps.ts";

/*
 * Deploys the stack as the README says, into an account that ministack stands in for, and does with it what an operator does.
 * The functions run as they were deployed, from the assets that CDK published. Called by test/external/deployed.
 */

const stackName = "OktaProxyWatch";

/** The check's steps share what they found. */
interface World {
  readonly account: Account;
  readonly operator: Operator;
  readonly okta: FakeOkta;
  /** Subscribed to the alert topic. */
  alerts: string;
  stack: DeployedStack;
  secret: string;
}

/** A settings file; JSON is YAML. */
async function writeSettings(account: Account, settings: Readonly<Record<string, unknown>>): Promise<string> {
  const file = join(account.folder, "settings.yml");
  await writeFile(file, JSON.stringify(settings));
  return file;
}

/** Deploys with these settings, as `npm run deploy` does for a person. */
async function deploy(account: Account, settings: Readonly<Record<string, unknown>>, code = 0): Promise<Output> {
  const file = await writeSettings(account, settings);
  return account.run(`npm run --silent deploy -- --yes --settings '${file}'`, { code });
}

/** Runs one of the project's commands on the deployed stack. */
function command(world: World, line: string, code = 0, input = ""): Promise<Output> {
  return world.account.run(`npm run --silent ${line}`, { code, input, environment: oktaCredential(world.okta) });
}

const oktaCredential = (okta: FakeOkta) => ({
  OKTA_CLIENT_CLIENTID: okta.clientId,
  OKTA_CLIENT_PRIVATEKEY: JSON.stringify(okta.privateKey),
});

/** The event bus that the org's log stream feeds. */
const eventBusName = "aws.partner/okta.com/example/okta";

/** Every setting that adds something to the stack. */
const everything = (okta: FakeOkta) => ({
  alertEmail: "security@example.com",
  operationsEmail: "operations@example.com",
  canary: true,
  customerManagedKey: true,
  metrics: "full",
  dashboard: true,
  heartbeatWorkingDays: true,
  experimentalDetections: true,
  outputs: ["chat", "pagerduty", "ocsf"],
  oktaOrgUrl: okta.orgUrl,
  eventBusName,
});

/** Looks at the stack that was just created, and subscribes to its alerts. */
async function takeStack(world: World): Promise<void> {
  world.stack = await describe(world.operator, stackName);
  assert.equal(world.stack.status, "CREATE_COMPLETE");
  world.secret = await fetchHookSecret(world.operator, world.stack);
  world.alerts = await subscribeQueue(world.operator, world.stack.output("AlertTopicArn"));
}

/** Puts the credential of the org's service app where the README says. */
async function storeOktaCredential({ operator, okta, stack }: World): Promise<void> {
  const { clientId, privateKey } = okta;
  const SecretId = stack.output("OktaCredentialSecretArn");
  const SecretString = JSON.stringify({ clientId, privateKey });
  await operator.secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));
}

/** Invokes a function of the stack, as its schedule does. */
const invokeFunction = ({ account, operator }: World, name: string) => invoke(account, operator, stackName, name);

/** What SNS hands to subscribers of a message. */
const bodyOf = ({ Message }: Notification): string => {
  const bodies = JSON.parse(Message) as { readonly default?: string };
  return bodies.default ?? Message;
};

/** Takes messages off the subscribed queue up to the first that is meant. */
async function takeMessage(
  { operator, alerts }: World,
  what: string,
  isMeant: (body: string) => boolean,
): Promise<string> {
  for (;;) {
    const notification = await receive(operator, alerts);
    assert.ok(notification !== null, `${what} did not arrive`);
    const body = bodyOf(notification);
    if (isMeant(body)) return body;
  }
}

/** Delivers the sample, and takes its alert off the subscribed queue. */
async function alertOfSample(world: World, times = 1): Promise<Alert> {
  const body = await sampleDelivery();
  const uuid = (JSON.parse(body) as { data: { events: { uuid: string }[] } }).data.events[0]?.uuid ?? "";
  for (let time = 0; time < times; time += 1) {
    assert.equal(await deliver(world.account, world.stack, world.secret, body), 204);
  }
  return JSON.parse(
    await takeMessage(world, `an alert about the event ${uuid}`, (each) => each.includes(uuid)),
  ) as Alert;
}

/** Has an event come by the log stream, and then by the hook as well: its one alert is the stream's. */
async function oneAlertByStreamAndHook(world: World): Promise<void> {
  const event = sessionStart({
    published: new Date().toISOString(),
    actor: { id: "00u1streamed", type: "User", alternateId: "streamed@example.com", displayName: "Streamed" },
  });
  await streamEvent(world.account, eventBusName, event);
  const isAbout = (body: string) => body.includes("00u1streamed");
  const alert = JSON.parse(await takeMessage(world, "an alert about a streamed event", isAbout)) as Alert;
  assert.equal(alert.source, "streamed");
  assert.equal(await deliver(world.account, world.stack, world.secret, JSON.stringify(delivery([event]))), 204);
  const last = await sampleDelivery();
  assert.equal(await deliver(world.account, world.stack, world.secret, last), 204);
  const { uuid = "" } = (JSON.parse(last) as { data: { events: { uuid: string }[] } }).data.events[0] ?? {};
  await takeMessage(world, "the alert about the event after it", (body) => {
    assert.ok(!isAbout(body), "the streamed event is alerted on twice");
    return body.includes(uuid);
  });
}

/** Has every alarm go off, and waits for each on a queue that is subscribed to the operations topic. */
async function alarmsArrive({ operator, stack }: World): Promise<string> {
  const queue = await subscribeQueue(operator, stack.output("OperationsTopicArn"));
  const alarms = await raiseAlarms(operator);
  assert.ok(alarms.length > 10, "the stack has alarms");
  const arrived = new Set<string>();
  while (arrived.size < alarms.length) {
    const notification = await receive(operator, queue, 5_000);
    assert.ok(notification !== null, `never arrived: ${alarms.filter((name) => !arrived.has(name)).join(", ")}`);
    arrived.add((JSON.parse(notification.Message) as { AlarmName: string }).AlarmName);
  }
  return `${alarms.length} alarms raised, ${arrived.size} arrived`;
}

/** Something that is done, and what is found. */
type CheckStep = readonly [what: string, step: (world: World) => Promise<string>];

const steps: readonly CheckStep[] = [
  [
    "npx cdk bootstrap",
    async ({ account }) => {
      await account.run("npx cdk bootstrap");
      return "the account is bootstrapped";
    },
  ],
  [
    "npm run deploy, with the defaults",
    async (world) => {
      const { stdout } = await deploy(world.account, {});
      await takeStack(world);
      assert.match(stdout, /No subscription to the alerts exists after this/);
      return "created, and it says that no address would receive alerts";
    },
  ],
  [
    "profile locations by command",
    async (world) => {
      const file = join(world.account.folder, "profiles.csv");
      await writeFile(file, "login,label,city,countryCode\nada@example.com,home,Lisbon,PT\n");
      await command(world, `profiles -- import '${file}'`);
      const { stdout } = await command(world, "profiles -- judge ada@example.com --city Toronto --country CA");
      assert.match(stdout, /mismatch/);
      assert.match((await command(world, "profiles -- show ada@example.com")).stdout, /Lisbon/);
      return stdout.trim().split("\n")[0] ?? "";
    },
  ],
  [
    "the sample, delivered to the function",
    async (world) => {
      assert.equal(await deliver(world.account, world.stack, "wrong", "{}"), 401);
      // An event that Okta delivers twice is one alert.
      const alert = await alertOfSample(world, 2);
      assert.equal(await receive(world.operator, world.alerts, 3_000), null, "an event is alerted on once");
      assert.deepEqual(
        { severity: alert.severity, verdict: alert.geo.verdict },
        { severity: "high", verdict: "mismatch" },
      );
      return `401 without the secret, 204 with it, and the alert arrives: ${alert.summary}`;
    },
  ],
  [
    "exceptions by command",
    async (world) => {
      await command(world, 'exceptions -- add --cidr 203.0.113.0/24 --kind tor --reason "a check" --by check --yes');
      const id = /^\s*(\S+)/m.exec((await command(world, "exceptions -- list")).stdout)?.[1] ?? "";
      const body = await sampleDelivery();
      assert.equal(await deliver(world.account, world.stack, world.secret, body), 204);
      const uuid = /"uuid":"([^"]+)"/.exec(body)?.[1];
      await until("an excepted event is known as one", async () =>
        /except/i.test((await command(world, `exceptions -- why ${uuid}`)).stdout),
      );
      await command(world, `exceptions -- remove ${id} --yes`);
      return "added, in force, and removed";
    },
  ],
  [
    "incidents by command",
    async (world) => {
      const listed = async (...options: readonly string[]) =>
        (await command(world, `incidents -- list ${options.join(" ")}`)).stdout;
      const id = /^([0-9a-f]{8}) {2}open/m.exec(await listed("--open"))?.[1] ?? "";
      assert.match((await command(world, `incidents -- show ${id}`)).stdout, /^Verdict {4}none$/m);
      await command(world, `incidents -- close ${id} --verdict expected --note "a check" --by check`);
      assert.match(await listed(), new RegExp(`^${id} {2}expected`, "m"));
      const score = (await command(world, "incidents -- score")).stdout;
      assert.match(score, /^1 alert .*, 1 harmless, .*$\n\n +alerts/m);
      return "listed by the index, shown, closed and scored";
    },
  ],
  [
    "dead letters by command",
    async (world) => {
      const body = await sampleDelivery((event) => void Object.assign(event, { eventType: 5 }));
      assert.equal(await deliver(world.account, world.stack, world.secret, body), 204);
      const { stdout } = await command(world, "deadletters -- list");
      const id = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(stdout)?.[0] ?? "";
      await command(world, `deadletters -- show ${id}`);
      await command(world, `deadletters -- discard ${id} --yes`);
      return "a malformed event is listed, shown and discarded";
    },
  ],
  [
    "npm run send-test-alert",
    async (world) => (await command(world, "send-test-alert")).stdout.trim().split("\n").at(-1) ?? "",
  ],
  [
    "the event hook, registered in an org by command",
    async (world) => {
      const org = `--org ${world.okta.orgUrl}`;
      await command(world, `hook -- register ${org}`);
      assert.deepEqual(await world.okta.hooks.publish(sessionStart({ published: new Date().toISOString() })), [204]);
      const { stdout } = await command(world, `hook -- status ${org}`);
      assert.deepEqual(world.okta.invalid, []);
      return `registered and verified, delivers, and "hook status" finds ${stdout.match(/^ok/gm)?.length} things right`;
    },
  ],
  [
    "an upgrade that fails",
    async (world) => {
      await world.account.fail("CanaryDaily");
      await deploy(world.account, everything(world.okta), 1);
      await world.account.fail(null);
      const { status } = await describe(world.operator, stackName);
      assert.equal(status, "UPDATE_ROLLBACK_COMPLETE");
      await alertOfSample(world);
      return "rolled back, and deliveries are alerted on as before";
    },
  ],
  [
    "npm run deploy, with all settings on, as an upgrade",
    async (world) => {
      await createEventBus(world.account, eventBusName);
      await deploy(world.account, everything(world.okta));
      world.stack = await describe(world.operator, stackName);
      assert.equal(world.stack.status, "UPDATE_COMPLETE");
      await storeOktaCredential(world);
      assert.equal(await fetchHookSecret(world.operator, world.stack), world.secret, "an upgrade keeps the secret");
      const alert = await alertOfSample(world);
      return `updated, the secret kept; ${alert.geo.verdict} by the profile that was imported before`;
    },
  ],
  [
    "npm run deploy, with a subscription and the org taken away, by someone who is not at a terminal",
    async (world) => {
      const { alertEmail: _, oktaOrgUrl: __, ...settings } = everything(world.okta);
      const file = await writeSettings(world.account, settings);
      const { stdout, stderr } = await world.account.run(`npm run --silent deploy -- --settings '${file}'`, {
        code: 2,
      });
      assert.match(stdout, /removes the subscription of security@example\.com/);
      assert.match(stdout, /removes the secret OktaCredential/);
      assert.match(stdout, /^- alertEmail: security@example\.com -> none \(the default\); .* does not set it$/m);
      assert.match(stderr, /there is no terminal to ask at/);
      return `refused: ${stdout.match(/^- removes.*$/gm)?.length} things would go`;
    },
  ],
  [
    "what the settings added",
    async (world) => {
      const { operator, stack, okta } = world;
      for (const output of ["Chat", "Pagerduty", "Ocsf"]) {
        const queue = await subscribeQueue(operator, stack.output(`${output}TopicArn`));
        await alertOfSample(world);
        assert.ok((await receive(operator, queue)) !== null, `the output ${output} publishes nothing`);
      }
      okta.users.push(fakeUser(1, { lastUpdated: new Date().toISOString() }));
      assert.equal(await invokeFunction(world, "ProfileSync"), null);
      assert.match((await command(world, "profiles -- show user1@example.com")).stdout, /Lisbon/);
      const missed = sessionStart({
        published: new Date(Date.now() - 5 * 60_000).toISOString(),
        actor: { id: "00u1missed", type: "User", alternateId: "missed@example.com", displayName: "Missed" },
      });
      okta.log.add(missed);
      assert.equal(await invokeFunction(world, "Reconciliation"), null);
      const reconciled = await takeMessage(world, "an alert about a missed event", (body) =>
        body.includes("00u1missed"),
      );
      assert.match(reconciled, /"reconciled"/);
      await oneAlertByStreamAndHook(world);
      assert.equal(await invokeFunction(world, "Canary"), null);
      await takeMessage(world, "the canary's alert", (body) => body.includes('"test":true'));
      const soon = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
      await command(world, `exceptions -- add --asn 64511 --reason "ends soon" --until ${soon} --by check --yes`);
      assert.equal(await invokeFunction(world, "ExceptionNotices"), null);
      await takeMessage(world, "the notice of an exception", (body) => body.includes("ends soon"));
      assert.equal(await invokeFunction(world, "WeeklyDigest"), null);
      await takeMessage(world, "the digest", (body) => body.includes("digest") && body.includes("endingExceptions"));
      okta.users.push(fakeUser(2));
      const changed = sessionStart({
        eventType: "user.account.update_profile",
        target: [{ id: fakeUser(2).id, type: "User", alternateId: "user2@example.com", displayName: "Two" }],
      });
      assert.equal(await deliver(world.account, stack, world.secret, JSON.stringify(delivery([changed]))), 204);
      await until("a changed profile is refreshed", async () =>
        (await command(world, "profiles -- list")).stdout.includes("user2@example.com"),
      );
      return "each output publishes, users are synced and refreshed, a missed event is found in the System Log, a streamed one is alerted on once though the hook delivers it too, the canary's alert, an exception's notice and the digest arrive";
    },
  ],
  ["every alarm, to the operations topic", alarmsArrive],
  [
    "with a REST API and a firewall in front, where public Function URLs are forbidden",
    async (world) => {
      const { canary: _, ...settings } = everything(world.okta);
      await deploy(world.account, { ...settings, front: "restApi", firewall: true, allowedCidrs: ["127.0.0.1/32"] });
      world.stack = await describe(world.operator, stackName);
      assert.match(world.stack.output("HookUrl"), /execute-api/);
      assert.equal(await deliver(world.account, world.stack, "wrong", "{}"), 401);
      assert.equal(await deliver(world.account, world.stack, "wrong", "{}", "198.51.100.1"), 403);
      await alertOfSample(world);
      return "403 from another network, 401 without the secret, 204 with it, and the alert arrives";
    },
  ],
  [
    "npm run destroy",
    async (world) => {
      const { stdout } = await command(world, "destroy -- --yes");
      await assert.rejects(describe(world.operator, stackName), /does not exist/);
      const table = await world.operator.dynamodb.send(
        new DescribeTableCommand({ TableName: world.stack.output("ProfileTableName") }),
      );
      assert.equal(table.Table?.TableStatus, "ACTIVE");
      return stdout.split("\n")[0] ?? "";
    },
  ],
];

/** What the functions were refused so far: of the stack's roles alone. */
const refusals = ({ account }: World) =>
  [...new Set(account.log().match(/^REFUSED .*$/gm) ?? [])].filter((line) => line.includes(stackName));

const authorizedSteps: readonly CheckStep[] = [
  [
    "with signatures and policies enforced, over TLS: the stack, of the same template and assets",
    async (world) => {
      const { account, operator, okta } = world;
      await account.run("npx cdk bootstrap");
      const folder = join(account.folder, "synthesized");
      const file = await writeSettings(account, everything(okta));
      await account.run(`npm run --silent synth -- --output '${folder}' -c settingsFile='${file}'`);
      template = await createStack(account, operator, stackName, folder, python);
      await takeStack(world);
      await storeOktaCredential(world);
      return "created";
    },
  ],
  [
    "every function's work",
    async (world) => {
      await alertOfSample(world);
      assert.equal(
        await deliver(
          world.account,
          world.stack,
          world.secret,
          await sampleDelivery((event) => void Object.assign(event, { eventType: 5 })),
        ),
        204,
      );
      for (const name of ["ProfileSync", "Reconciliation", "Canary", "ExceptionNotices", "WeeklyDigest"]) {
        assert.equal(await invokeFunction(world, name), null, name);
      }
      await command(world, "send-test-alert");
      assert.deepEqual(refusals(world), []);
      return "no call is refused";
    },
  ],
  ["every alarm, by the topic's policy", alarmsArrive],
  [
    "with one permission taken away, sns:Publish of the receiver",
    async (world) => {
      await updateStack(world.account, world.operator, stackName, without(template, "ReceiverRole", "sns:Publish"));
      await alertOfSample(world);
      const refused = refusals(world);
      assert.ok(
        refused.some((line) => line.includes("ReceiverRole") && line.includes("sns:Publish")),
        "the call is refused",
      );
      assert.equal(refused.length, 1, `nothing else is refused: ${refused.join("; ")}`);
      return "the receiver is refused and parks the event, and redrive, which may publish, sends the alert";
    },
  ],
];
let template: Template;

const python = process.env.PYTHON ?? "python3";
/** A certificate of localhost and its key; NODE_EXTRA_CA_CERTS has to name it as well. */
const { CERTIFICATE: certificate, CERTIFICATE_KEY: key } = process.env;

/** Runs steps in sequence in an account of their own, and prints the result and the time of each. */
async function check(enforced: Certificate | null, all: readonly CheckStep[]): Promise<void> {
  const account = await startAccount(python, enforced);
  const okta = await startFakeOkta();
  const operator = createOperator(account);
  const world = { account, operator, okta, alerts: "", secret: "" } as unknown as World;
  try {
    for (const [what, step] of all) {
      const since = Date.now();
      print(`deployed: ${what}: ${await step(world)} (${seconds(since)})`);
    }
  } catch (error) {
    print(`deployed: ${(error as Error).stack}\n\nThe emulator's last lines:\n${account.log().slice(-6_000)}`);
    process.exitCode = 1;
  } finally {
    operator.close();
    await okta.stop();
    await account.stop();
  }
}

const seconds = (since: number) => `${((Date.now() - since) / 1_000).toFixed(1)} s`;
const print = (text: string) => process.stdout.write(`${text}\n`);

const started = Date.now();
await check(null, steps);
if (certificate && key) await check({ certificate, key }, authorizedSteps);
print(`deployed: all of it in ${seconds(started)}`);
