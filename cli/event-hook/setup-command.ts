import type { Command } from "commander";
import { loadSettings, type Settings } from "../../infra/settings.ts";
import { SettingsError } from "../../infra/settings-file.ts";
import { createAdminRolesApi } from "../../lambda/adapters/okta-api/admin-roles-api.ts";
import { OktaRefusal } from "../../lambda/adapters/okta-api/authorization.ts";
import { type OktaCredential, readOrgUrl } from "../../lambda/adapters/okta-api/credential.ts";
import { createServiceAppsApi } from "../../lambda/adapters/okta-api/service-apps-api.ts";
import { InputError } from "../command.ts";
import { type DeploymentOptions, findStackOutputs } from "../deployment.ts";
import {
  administratorHelp,
  askingOkta,
  openOkta,
  openOktaAsAdministrator,
  variablesBeforeFile,
} from "../okta-credential.ts";
import { credentialFileOf } from "../okta-credential-file.ts";
import { proxyOf, whyNoTunnel } from "../proxy.ts";
import { fileStore, functionsStore } from "./credential-stores.ts";
import { examine } from "./doctor.ts";
import { planServiceApps, type ServiceAppPlan } from "./service-app-plan.ts";
import { newPrivateKey, type SetupResult, setUpServiceApps } from "./setup.ts";
import { type HookCheck, hiddenRisk } from "./status.ts";

interface SetupOptions extends DeploymentOptions {
  readonly org?: string;
  readonly dryRun: boolean;
  readonly rotateKey: boolean;
}

/** The functions that the command passes to the subcommand. */
interface SetupSurroundings {
  readonly print: (text: string) => void;
  /** Prints checks, and sets the exit code where one is wrong. */
  readonly printChecks: (findings: readonly HookCheck[]) => void;
  /** Writes the call of another subcommand on the same stack and org. */
  readonly command: (name: string) => string;
}

/** Adds the options of `setup`, and its help. */
export function addSetupOptions(command: Command): Command {
  return command
    .option("--dry-run", "say what would be done, and change nothing", false)
    .option("--rotate-key", "give each app another key, and remove the one before it", false)
    .addHelpText(
      "after",
      `\n${administratorHelp}\n\nThe commands' key is written to okta-credential.HOST.json beside package.json (another: OKTA_CREDENTIAL_FILE), which its owner
alone may open; the functions' into the stack's secret, once the stack is deployed with oktaOrgUrl.
\nExit code: 0; 1 when Okta failed, or something is left to be clicked; 2 when it cannot be done.`,
    );
}

/** The deployment, which may not exist yet. */
interface Prospect {
  /** Its name in Okta. */
  readonly name: string;
  readonly oktaOrgUrl: string | null;
  readonly reconciles: boolean;
  /** Whether it receives the org's log stream. */
  readonly streams: boolean;
  readonly secretArn: string | null;
}

/** Makes the service apps by the token of an administrator, and checks their rights. */
export async function setUp(options: SetupOptions, surroundings: SetupSurroundings): Promise<void> {
  const { print } = surroundings;
  const prospect = await findProspect(options, print);
  const given = options.org ?? prospect.oktaOrgUrl;
  if (given === null) throw new InputError("--org is missing: the org's URL, https://example.okta.com");
  let isChanged = false;
  const report = (text: string) => {
    print(text);
    isChanged ||= !options.dryRun && !/^(note|not \w+): /.test(text);
  };
  const goOn = () =>
    isChanged ? "What is said above is done, and stays. Run it again: it goes on from there" : "Nothing was changed";
  try {
    const orgUrl = readOrgUrl(given);
    const plans = await plansOf(prospect, orgUrl, print);
    const client = await openOktaAsAdministrator(orgUrl);
    const ports = {
      orgUrl,
      apps: createServiceAppsApi(client),
      roles: createAdminRolesApi(client),
      report,
      isDryRun: options.dryRun,
      rotatesKeys: options.rotateKey,
      newKey: newPrivateKey,
    };
    const result = await setUpServiceApps(plans, ports, AbortSignal.timeout(5 * 60_000));
    if (result.changes === 0) print("nothing to change: the apps, keys, scopes and roles are as they shall be");
    if (!options.dryRun) await checkAndReport(result, orgUrl, surroundings);
  } catch (error) {
    await askingOkta(async () => {
      const isRefused = error instanceof OktaRefusal || (error instanceof InputError && isChanged);
      throw isRefused ? new InputError(`${error.message}. ${goOn()}`) : error;
    }, goOn());
  }
}

/** Checks each app, and prints the steps that are left. */
async function checkAndReport(result: SetupResult, orgUrl: string, surroundings: SetupSurroundings): Promise<void> {
  const { print, command } = surroundings;
  let isWorking = true;
  for (const { plan, held } of result.credentials) {
    if (held.clientId === null) continue;
    const { clientId, privateKey } = held;
    isWorking = (await check(plan, { clientId, privateKey }, orgUrl, surroundings)) && isWorking;
  }
  for (const name of variablesBeforeFile(process)) print(`note: ${name} is set, and comes before the file: unset it`);
  print(`note: ${hiddenRisk}`);
  const left = result.left.filter(({ ifRefused }) => !(ifRefused && isWorking));
  if (left.length > 0) {
    const clicks = left.map(({ text }, index) => `  ${index + 1}. ${text}`);
    print(["left to be clicked in the admin console:", ...clicks, "then run this again"].join("\n"));
    process.exitCode = 1;
    return;
  }
  print("the administrator's token is needed no more: revoke it (Security > API > Tokens)");
  if (isWorking) print(`next: ${command("register")}`);
  else print("a role that was assigned a moment ago may not count yet: look again with npm run hook -- doctor");
}

/** Checks an app's rights by requests of the app itself. */
async function check(
  { label, scopes }: ServiceAppPlan,
  credential: OktaCredential,
  orgUrl: string,
  { print, printChecks }: SetupSurroundings,
): Promise<boolean> {
  const findings = await examine(
    {
      orgUrl,
      credential: () => credential,
      proxy: proxyOf(orgUrl, process.env),
      whyNoTunnel: () => whyNoTunnel(orgUrl, process.env),
      clientFor: (wanted) => openOkta(orgUrl, wanted, { longestWait: 10_000, rateLimitShare: 1, credential }),
      now: Date.now,
    },
    AbortSignal.timeout(60_000),
    scopes,
  );
  const isWorking = findings.every(({ ok }) => ok !== false);
  if (isWorking) {
    print(`checked: the app "${label}" is answered, by its own key, with ${scopes.join(", ")}`);
  } else {
    print(`checked: what the app "${label}" may do, by its own key`);
    printChecks(findings);
  }
  return isWorking;
}

async function plansOf(
  prospect: Prospect,
  orgUrl: string,
  print: (text: string) => void,
): Promise<readonly ServiceAppPlan[]> {
  const isAsked = prospect.oktaOrgUrl !== null && readOrgUrl(prospect.oktaOrgUrl) === orgUrl;
  const { name, reconciles, streams, secretArn } = prospect;
  const ofFunctions = isAsked
    ? await functionsStore(credentialFileOf(orgUrl, process.env, "functions"), orgUrl, secretArn)
    : null;
  if (isAsked && ofFunctions === null) {
    print(
      `note: the secret ${secretArn} holds a credential of yours, which stays. For one of setup's: aws secretsmanager put-secret-value --secret-id ${secretArn} --secret-string '{}', and run it again`,
    );
  }
  return planServiceApps({
    name,
    bringsProfiles: isAsked,
    reconciles,
    streams,
    commandsStore: fileStore(credentialFileOf(orgUrl, process.env), orgUrl),
    functionsStore: ofFunctions,
  });
}

/** The deployed stack, or the planned one of the settings. */
async function findProspect({ stack, local }: SetupOptions, print: (text: string) => void): Promise<Prospect> {
  const own = "okta-proxy-watch";
  if (local) return { name: `${own} local`, oktaOrgUrl: null, reconciles: false, streams: false, secretArn: null };
  const settings = await readSettings();
  const stackName = stack ?? settings.stackName;
  const ofStack = stackName === settings.stackName ? settings : null;
  const outputs = await findOutputs(stackName, print);
  return {
    name: `${own} ${stackName}`,
    oktaOrgUrl: outputs?.get("OktaOrgUrl") ?? ofStack?.oktaOrgUrl ?? null,
    reconciles: (ofStack?.reconcileMinutes ?? 1) > 0,
    streams: (outputs?.get("EventBusName") ?? ofStack?.eventBusName ?? null) !== null,
    secretArn: outputs?.get("OktaCredentialSecretArn") ?? null,
  };
}

async function readSettings(): Promise<Settings> {
  try {
    return (await loadSettings({})).settings;
  } catch (error) {
    if (error instanceof SettingsError) throw new InputError(error.message);
    throw error;
  }
}

async function findOutputs(stack: string, print: (text: string) => void): Promise<ReadonlyMap<string, string> | null> {
  try {
    return await findStackOutputs(stack);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    print(`note: no stack is deployed yet, or it cannot be asked: ${error.message}`);
    return null;
  }
}
