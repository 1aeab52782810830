import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { readOrgUrl, type Scope } from "../lambda/adapters/okta-api/credential.ts";
import {
  createEventHooksApi,
  type EventHook,
  type EventHooksApi,
  toRequest,
} from "../lambda/adapters/okta-api/event-hooks-api.ts";
import { createCommand, InputError, onTerminal, print } from "./command.ts";
import {
  addDeploymentOptions,
  type Deployment,
  type DeploymentOptions,
  findDeployment,
  sameTarget,
} from "./deployment.ts";
import { examine } from "./event-hook/doctor.ts";
import {
  differencesOf,
  droppingFilters,
  ensureHook,
  giveSecret,
  ourHooks,
  type WantedHook,
} from "./event-hook/ensure.ts";
import { type NeededEventTypes, neededEventTypes } from "./event-hook/event-types.ts";
import { functionsCredentialFinding } from "./event-hook/functions-key.ts";
import { logStreamFinding } from "./event-hook/log-stream.ts";
import { asksOrg, findProspect } from "./event-hook/prospect.ts";
import { reconciliationFindings } from "./event-hook/reconciliation-status.ts";
import { oktaStage, rotateSecret } from "./event-hook/rotate.ts";
import { newSecret, openSecretVersions } from "./event-hook/secret-versions.ts";
import { commandsScopes } from "./event-hook/service-app-plan.ts";
import { addSetupOptions, setUp } from "./event-hook/setup-command.ts";
import {
  deliveryFindings,
  failureFinding,
  type HookCheck,
  hiddenRisk,
  hookFindings,
  printChecks,
} from "./event-hook/status.ts";
import { renderTerraform } from "./event-hook/terraform.ts";
import { askingOkta, credentialOf, openOkta } from "./okta-credential.ts";
import { credentialHelp } from "./okta-credential-help.ts";
import { createProgress, withProgress } from "./progress.ts";
import { proxyOf, whyNoTunnel } from "./proxy.ts";
import { sendTestAlert } from "./test-alert.ts";

interface HookOptions extends DeploymentOptions {
  readonly org?: string;
}

interface CheckOptions extends HookOptions {
  readonly json: boolean;
}

/** The deadline of a command's requests to Okta. */
const longest = () => AbortSignal.timeout(5 * 60_000);
const nothingDone = "Nothing else was done; run it again";
/** The parts of a command that reads the org's hooks and changes one. */
const managing: readonly Scope[] = ["okta.eventHooks.read", "okta.eventHooks.manage"];

function orgOf({ org }: HookOptions, deployment: Pick<Deployment, "oktaOrgUrl"> | null): string {
  const url = org ?? deployment?.oktaOrgUrl ?? null;
  if (url === null) throw new InputError("--org is missing: the org's URL, https://example.okta.com");
  return url;
}

/** The name of a deployment's event hook. */
function nameOf({ stack }: Deployment): string {
  return stack === null ? "okta-proxy-watch" : `okta-proxy-watch ${stack}`;
}

/** The settings that a deployment's hook shall have. */
async function settingsOf(deployment: Deployment, { subscribed, uncertain }: NeededEventTypes): Promise<WantedHook> {
  return {
    name: nameOf(deployment),
    url: deployment.hookUrl,
    secret: await deployment.hookSecret(),
    eventTypes: subscribed,
    uncertainEventTypes: uncertain,
  };
}

/** Prints the event types that no subscription delivers. */
function sayWhatIsLeft({ logOnly, anyType }: NeededEventTypes, { oktaOrgUrl, eventBusName }: Deployment): void {
  const reconciled =
    oktaOrgUrl === null ? "set oktaOrgUrl, and reconciliation finds them" : "reconciliation finds them";
  const found = eventBusName === null ? reconciled : "the log stream brings them";
  if (logOnly.length > 0) print(`not delivered by Okta to any hook: ${logOnly.join(", ")}; ${found}`);
  if (anyType) print(`a detection names no event type: of other types ${found}`);
}

interface RegisterOptions extends HookOptions {
  /** Whether to print the requests to Okta, and change nothing. @default false */
  readonly dryRun?: boolean;
  /** Whether to remove the filter of the hook. @default false */
  readonly removeFilter?: boolean;
}

async function register(options: RegisterOptions): Promise<void> {
  const deployment = await findDeployment(options);
  const org = orgOf(options, deployment);
  const needed = await neededEventTypes(deployment);
  const wanted = { ...(await settingsOf(deployment, needed)), removeFilter: options.removeFilter ?? false };
  await askingOkta(async () => {
    const client = openOkta(org, managing);
    const api = createEventHooksApi(client);
    if (options.dryRun) return printRequests(api, wanted, client.orgUrl);
    const hook = await ensureAndTell(api, wanted, deployment);
    sayWhatIsDropped(hook, wanted, commandOn(options));
    sayWhatIsLeft(needed, deployment);
    if ((await sendTestAlert(deployment, 10)) === "unsubscribed") sayHowToSubscribe(deployment);
  }, nothingDone);
}

/** Warns of a hook that works while its alerts have no subscriber yet. */
function sayHowToSubscribe({ alertTopicArn }: Deployment): void {
  print(`the hook is fine. What is left is a subscriber of its alerts:
  aws sns subscribe --topic-arn ${alertTopicArn} --protocol email --notification-endpoint ADDRESS
or alertEmail among the settings. Confirm it by the link that AWS sends, then: npx okta-proxy-watch send-test-alert`);
}

/** Warns of kept filters that can drop events that the detections need. */
function sayWhatIsDropped(hook: EventHook, { eventTypes }: WantedHook, command: (name: string) => string): void {
  const dropping = droppingFilters(hook, eventTypes);
  if (dropping.length === 0) return;
  print(
    `kept: a filter, by which Okta drops ${dropping.join("; ")}. To remove it: ${command("repair")} --remove-filter`,
  );
  process.exitCode = 1;
}

/** Brings the hook to its settings, and notes which version of the secret Okta has. */
async function ensureAndTell(api: EventHooksApi, wanted: WantedHook, deployment: Deployment): Promise<EventHook> {
  let changes = 0;
  const { hook, isSecretSet } = await ensureHook(
    api,
    wanted,
    (text) => {
      changes += 1;
      print(text);
    },
    longest(),
  );
  if (changes === 0)
    print(`nothing to change: the event hook ${hook.id} is active, verified, and subscribed to what is needed`);
  if (isSecretSet && deployment.hookSecretArn !== null) await noteVersion(deployment.hookSecretArn);
  return hook;
}

/** Notes which version of the secret Okta has now: a rotation starts or resumes from it. */
async function noteVersion(secretArn: string): Promise<void> {
  const secrets = openSecretVersions(secretArn);
  try {
    const versions = await secrets.versions();
    const current = versions.find(({ stages }) => stages.includes("AWSCURRENT"));
    const atOkta = versions.find(({ stages }) => stages.includes(oktaStage));
    if (current !== undefined && current.id !== atOkta?.id)
      await secrets.label(oktaStage, atOkta?.id ?? null, current.id);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Without the note, a rotation assumes that Okta has the current version, which is right now.
    process.stderr.write(`note: ${onTerminal(error.message)}\n`);
  } finally {
    secrets.close();
  }
}

/** Prints the requests to Okta, without the secret and the values of headers, which may be secrets too. */
async function printRequests(api: EventHooksApi, wanted: WantedHook, org: string): Promise<void> {
  const [hook] = ourHooks(await api.list(longest()), wanted);
  const request = toRequest({ ...wanted, secret: "***" }, hook ?? null);
  const headers = request.channel.config.headers.map((header) => ({ ...header, value: "***" }));
  const config = { ...request.channel.config, headers };
  const body = JSON.stringify({ ...request, channel: { ...request.channel, config } }, null, 2);
  const path = `${org}/api/v1/eventHooks`;
  const id = hook?.id ?? "ID";
  if (hook === undefined) print(`POST ${path}\n${body}`);
  else if (differencesOf(hook, wanted).length > 0) print(`PUT ${path}/${id}\n${body}`);
  if (hook !== undefined && hook.status !== "ACTIVE") print(`POST ${path}/${id}/lifecycle/activate`);
  print(`POST ${path}/${id}/lifecycle/verify`);
}

async function status(options: CheckOptions): Promise<void> {
  const deployment = await findDeployment(options);
  const org = orgOf(options, deployment);
  const needed = await neededEventTypes(deployment);
  const wanted = await settingsOf(deployment, needed);
  await askingOkta(async () => {
    const api = createEventHooksApi(openOkta(org, ["okta.eventHooks.read"]));
    const verifying = createEventHooksApi(openOkta(org, ["okta.eventHooks.manage"]));
    const logs = openOkta(org, ["okta.logs.read"]);
    const ask = () => hookFindings(api, verifying, wanted, commandOn(options), longest());
    const { hook, findings } = await withProgress("asking Okta about the hook", ask);
    const lookFurther = async () => [
      ...(await deliveryFindings(deployment, hook)),
      ...(deployment.eventBusName === null
        ? []
        : [await logStreamFinding(openOkta(org, ["okta.logStreams.read"]), deployment.eventBusName, longest())]),
      ...(hook === null ? [] : [await failureFinding(logs, hook, longest())]),
      ...(deployment.oktaCredentialSecretArn === null
        ? []
        : [await functionsCredentialFinding(deployment.oktaCredentialSecretArn, commandOn(options)("setup"))]),
      ...(await reconciliationFindings(logs, deployment, needed.logFilter, longest())),
    ];
    const further = await withProgress("asking AWS and Okta what was delivered", lookFurther);
    printChecks([...findings.map((each) => unlessStreamed(each, hook, deployment)), ...further], options.json);
    if (!options.json && wanted.eventTypes.includes("user.risk.detect")) print(`note: ${hiddenRisk}`);
  }, "What else is wrong is not known");
}

/** A missing hook is no fault where the log stream brings the events. */
function unlessStreamed(finding: HookCheck, hook: EventHook | null, { eventBusName }: Deployment): HookCheck {
  return hook === null && eventBusName !== null ? { ...finding, ok: null } : finding;
}

/** Writes the call of another subcommand on the same stack and org. */
function commandOn({ org, ...target }: HookOptions): (name: string) => string {
  const options = `${sameTarget(target)}${org === undefined ? "" : ` --org ${org}`}`;
  return (name) => `npx okta-proxy-watch hook ${name}${options}`;
}

const noHook = (options: HookOptions) =>
  new InputError(`the org has no event hook of this stack: ${commandOn(options)("register")}`);

async function rotate(options: HookOptions): Promise<void> {
  const deployment = await findDeployment(options);
  const { hookSecretArn } = deployment;
  if (hookSecretArn === null) throw new InputError("the embedded run has one secret, which it was started with");
  const org = orgOf(options, deployment);
  const needed = await neededEventTypes(deployment);
  const secrets = openSecretVersions(hookSecretArn);
  const progress = createProgress(process.stderr);
  await askingOkta(async () => {
    const api = createEventHooksApi(openOkta(org, managing));
    const wanted = await settingsOf(deployment, needed);
    if (ourHooks(await api.list(longest()), wanted).length === 0) throw noHook(options);
    await rotateSecret({
      ...secrets,
      async setAtOkta(secret) {
        if ((await giveSecret(api, { ...wanted, secret }, longest())) === null) throw noHook(options);
      },
      async wait(seconds, why) {
        print(`waiting ${seconds} seconds, ${why}`);
        for (let left = seconds; left > 0; left -= 1) {
          progress.update(() => `${left} seconds`);
          await delay(1_000);
        }
        progress.done();
      },
      newSecret,
      report: print,
    });
  }, "Run it again: it goes on where it was stopped")
    .finally(() => progress.done())
    .finally(() => secrets.close());
}

async function terraform(options: HookOptions): Promise<void> {
  const deployment = await findDeployment(options);
  const { subscribed } = await neededEventTypes(deployment);
  process.stdout.write(
    renderTerraform(
      { name: nameOf(deployment), url: deployment.hookUrl, eventTypes: subscribed },
      deployment.hookSecretArn,
    ),
  );
}

async function doctor(options: CheckOptions): Promise<void> {
  const prospect = await findProspect(options, () => {});
  const org = orgOf(options, prospect);
  await askingOkta(async () => {
    const orgUrl = readOrgUrl(org);
    const scopes = commandsScopes({ bringsProfiles: asksOrg(prospect, orgUrl), streams: prospect.streams });
    const surroundings = {
      orgUrl,
      credential: () => credentialOf(process, orgUrl),
      proxy: proxyOf(orgUrl, process.env),
      whyNoTunnel: () => whyNoTunnel(orgUrl, process.env),
      // The examination does not wait for rate limits, and may use all of them.
      clientFor: (scopes: readonly Scope[]) => openOkta(orgUrl, scopes, { longestWait: 10_000, rateLimitShare: 1 }),
      now: Date.now,
    };
    const findings = await withProgress("asking Okta", () => examine(surroundings, longest(), scopes));
    printChecks(findings, options.json);
  }, nothingDone);
}

export const command = createCommand("hook", "Registers the event hook in Okta, and keeps it healthy.");
const subcommand = (name: string, description: string): Command =>
  addDeploymentOptions(command.command(name).description(description)).option(
    "--org <url>",
    "the Okta org: https://example.okta.com (default: the stack's oktaOrgUrl)",
  );
const manage = `\n${credentialHelp(managing)}\n`;

addSetupOptions(
  subcommand(
    "setup",
    "makes what the hook's commands and the functions ask Okta with: service apps, keys, scopes, roles",
  ),
).action((options) => setUp(options, commandOn(options)));
subcommand("register", "creates the hook, or brings it up to date; verifies it, and sends a test alert")
  .option("--dry-run", "print the requests to Okta, and change nothing", false)
  .addHelpText(
    "after",
    `${manage}\nExit code: 0; 1 when Okta failed, no test alert came, or a filter of the hook can drop what is needed; 2 when it cannot be done.`,
  )
  .action(register);
subcommand("status", "shows whether the hook has its settings, and what reaches the stack")
  .option("--json", "print each check as a JSON line: what, ok (null where it is not known), detail, remedy", false)
  .addHelpText(
    "after",
    `\n${credentialHelp(["okta.eventHooks.read", "okta.logs.read"])}
With okta.eventHooks.manage as well, Okta verifies the URL, which shows whether it has the stack's secret. With a log stream, okta.logStreams.read as well.\n\nExit code: 0; 1 when something is wrong; 2 when it is not known.`,
  )
  .action(status);
subcommand("repair", "does what status asks for")
  .option("--remove-filter", "remove the filter of the hook, which is kept otherwise", false)
  .addHelpText("after", `${manage}\nExit code: as of register.`)
  .action(register);
subcommand(
  "rotate-secret",
  "gives functions and Okta a new secret, so that no delivery is refused; takes three minutes",
)
  .addHelpText(
    "after",
    `${manage}\nExit code: 0; 1 when Okta failed; 2 when it cannot be done. Stopped, it goes on when run again.`,
  )
  .action(rotate);
subcommand("terraform", "prints the hook for those who keep Okta in Terraform")
  .addHelpText("after", "\nExit code: 0; 2 when the stack, or the embedded run, is not there.")
  .action(terraform);
subcommand("doctor", "checks, step by step, whether Okta's API can be asked, and names the step that fails")
  .option("--json", "print each step as a JSON line: what, ok (null where it is not known), detail, remedy", false)
  .addHelpText(
    "after",
    `\n${credentialHelp([...managing, "okta.logs.read"])}
With oktaOrgUrl okta.users.read as well, with eventBusName okta.logStreams.read: of the stack as it is deployed, else of the settings.\n\nExit code: 0; 1 when a step fails; 2 when it is unknown.`,
  )
  .action(doctor);
