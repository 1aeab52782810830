import type { Command } from "commander";
import { defaultSettingsFile } from "../../infra/settings-places.ts";
import { createAdminRolesApi } from "../../lambda/adapters/okta-api/admin-roles-api.ts";
import { OktaRefusal } from "../../lambda/adapters/okta-api/authorization.ts";
import { type OktaCredential, readOrgUrl } from "../../lambda/adapters/okta-api/credential.ts";
import { createServiceAppsApi } from "../../lambda/adapters/okta-api/service-apps-api.ts";
import { InputError, print } from "../command.ts";
import type { DeploymentOptions } from "../deployment.ts";
import {
  administratorHelp,
  askingOkta,
  hasAdministratorsToken,
  openOkta,
  openOktaAsAdministrator,
  variablesBeforeFile,
} from "../okta-credential.ts";
import { credentialFileOf } from "../okta-credential-file.ts";
import { proxyOf, whyNoTunnel } from "../proxy.ts";
import { fileStore, functionsStore } from "./credential-stores.ts";
import { examine, mayUse } from "./doctor.ts";
import { findWaitingKey, moveWaitingKey } from "./functions-key.ts";
import { asksOrg, findProspect, nameInOkta, type Prospect } from "./prospect.ts";
import { functionsLabel, planServiceApps, type ServiceAppPlan } from "./service-app-plan.ts";
import { newPrivateKey, type SetupResult, setUpServiceApps } from "./setup.ts";
import { hiddenRisk, printChecks } from "./status.ts";

interface SetupOptions extends DeploymentOptions {
  readonly org?: string;
  readonly dryRun: boolean;
  readonly rotateKey: boolean;
}

/** Adds the options of `setup`, and its help. */
export function addSetupOptions(command: Command): Command {
  return command
    .option("--dry-run", "say what would be done, and change nothing", false)
    .option("--rotate-key", "give each app another key, and remove the one before it", false)
    .addHelpText(
      "after",
      `\n${administratorHelp}\n\nThe commands' key is written to okta-credential.HOST.json beside package.json (another: OKTA_CREDENTIAL_FILE), which its owner
alone may open. For a second stack of one org set OKTA_CREDENTIAL_FILE, as each stack has apps and keys of its own, for this and for every
later command on that stack.
The functions' key goes into the stack's secret, once the stack is deployed with oktaOrgUrl. Until then it waits in a file beside the first;
npx okta-proxy-watch deploy moves it, and so does setup, without the administrator's token.
By the setting eventBusName the commands' app is granted okta.logStreams.read as well.
\nExit code: 0; 1 when Okta failed, or something is left to be clicked; 2 when it cannot be done.`,
    );
}

/**
 * Makes the service apps by the token of an administrator, and checks that they may do what they shall.
 *
 * @param command writes the call of another subcommand on the same stack and org
 */
export async function setUp(options: SetupOptions, command: (name: string) => string): Promise<void> {
  const prospect = await findProspect(options, (why) =>
    print(`note: no stack is deployed yet, or it cannot be asked: ${why}`),
  );
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
    sayWhatItGoesBy(prospect, orgUrl);
    const hasToken = hasAdministratorsToken(process);
    const mayMove = !options.rotateKey && !(options.dryRun && hasToken);
    // Only where the key is kept changes by that: no administrator is needed.
    const isWithoutToken = mayMove && (await moveKey(prospect, orgUrl, options.dryRun, report)) && !hasToken;
    if (isWithoutToken && options.dryRun) return;
    const plans = await plansOf(prospect, orgUrl);
    if (isWithoutToken) {
      const credentials = await credentialsOf(plans);
      await checkAndReport({ changes: 1, left: [], credentials }, { prospect, orgUrl, isWithoutToken }, command);
      return;
    }
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
    if (!options.dryRun) await checkAndReport(result, { prospect, orgUrl, isWithoutToken }, command);
  } catch (error) {
    await askingOkta(async () => {
      const isRefused = error instanceof OktaRefusal || (error instanceof InputError && isChanged);
      throw isRefused ? new InputError(`${error.message}. ${goOn()}`) : error;
    }, goOn());
  }
}

/** Says which stack, settings and org it goes by. */
function sayWhatItGoesBy(prospect: Prospect, orgUrl: string): void {
  const { stack, isDeployed, settingsPath, oktaOrgUrl } = prospect;
  if (stack === null) {
    print(
      `note: the embedded run, and the org ${orgUrl}. No function of it asks Okta, so that no app is made for them`,
    );
    return;
  }
  const file = settingsPath ?? `none of this stack (${defaultSettingsFile})`;
  print(`note: the stack ${stack}${isDeployed ? "" : ", not deployed"}; settings: ${file}; the org ${orgUrl}`);
  if (asksOrg(prospect, orgUrl)) return;
  const why = oktaOrgUrl === null ? "oktaOrgUrl is not set" : `oktaOrgUrl is ${oktaOrgUrl}`;
  print(`note: ${why}, so that no app is made for the functions`);
}

/** Moves the functions' key that waits in a file into the stack's secret, where both are there. */
async function moveKey(
  { stack, secretArn, ...prospect }: Prospect,
  orgUrl: string,
  isDryRun: boolean,
  say: (text: string) => void,
): Promise<boolean> {
  if (stack === null || secretArn === null || !asksOrg({ stack, secretArn, ...prospect }, orgUrl)) return false;
  const waiting = findWaitingKey(stack, orgUrl);
  if (waiting === null) return false;
  const text = `the private key for the functions, into the secret ${secretArn}`;
  if (isDryRun) say(`would be moved: ${text}`);
  else if (await moveWaitingKey(waiting, secretArn)) say(`moved: ${text}`);
  else return false;
  return true;
}

/** The credentials that are kept of apps. */
async function credentialsOf(plans: readonly ServiceAppPlan[]): Promise<SetupResult["credentials"]> {
  const kept = await Promise.all(plans.map(async (plan) => ({ plan, held: (await plan.store.read())?.held })));
  return kept.flatMap(({ plan, held }) => (held === undefined ? [] : [{ plan, held }]));
}

/** What a set-up was made for, and how. */
interface Circumstances {
  readonly prospect: Prospect;
  readonly orgUrl: string;
  /** Whether no administrator's token was used. */
  readonly isWithoutToken: boolean;
}

/** Checks each app, and says what is left to do. */
async function checkAndReport(
  result: SetupResult,
  { prospect, orgUrl, isWithoutToken }: Circumstances,
  command: (name: string) => string,
): Promise<void> {
  let isWorking = true;
  for (const { plan, held } of result.credentials) {
    if (held.clientId === null) continue;
    const { clientId, privateKey } = held;
    isWorking = (await check(plan, { clientId, privateKey }, orgUrl)) && isWorking;
    if (isWithoutToken && held.retiredKeyId !== undefined) {
      print(
        `note: Okta still knows the earlier key ${held.retiredKeyId} of the app "${plan.label}": ${command("setup")} with an administrator's token removes it`,
      );
    }
  }
  for (const name of variablesBeforeFile(process)) print(`note: ${name} is set, and comes before the file: unset it`);
  print(`note: ${hiddenRisk}`);
  const isWaiting =
    prospect.secretArn === null &&
    prospect.stack !== null &&
    result.credentials.some(({ plan }) => plan.label === functionsLabel(nameInOkta(prospect.stack)));
  if (isWaiting) {
    const file = credentialFileOf(orgUrl, process.env, "functions");
    print(`note: the functions' key waits in ${file}: until it is in the stack's secret, no function can ask Okta`);
  }
  const left = result.left.filter(({ ifRefused }) => !(ifRefused && isWorking));
  if (left.length > 0) {
    const clicks = left.map(({ text }, index) => `  ${index + 1}. ${text}`);
    print(["left to be clicked in the admin console:", ...clicks, "then run this again"].join("\n"));
    process.exitCode = 1;
    return;
  }
  if (!isWithoutToken) print("the administrator's token is needed no more: revoke it (Security > API > Tokens)");
  if (!isWorking) {
    print("a role that was assigned a moment ago may not count yet: look again with npx okta-proxy-watch hook doctor");
  } else if (isWaiting) {
    print(
      `next: npx okta-proxy-watch deploy, which moves the functions' key into the secret that it makes; if it says that it could not, ${command("setup")} once more does, without an administrator's token. Then: ${command("register")}`,
    );
  } else if (prospect.isDeployed) print(`next: ${command("register")}`);
  else print(`next: npx okta-proxy-watch deploy, and then ${command("register")}`);
}

/** Checks an app's rights by requests of the app itself. */
async function check({ label, scopes }: ServiceAppPlan, credential: OktaCredential, orgUrl: string): Promise<boolean> {
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
    const answered = scopes.filter((scope) => findings.some(({ what, ok }) => ok === true && what === mayUse(scope)));
    print(`checked: the app "${label}" is answered, by its own key, with ${answered.join(", ")}`);
    for (const { ok, what, remedy } of findings)
      if (ok === null) print(`note: not answered: ${what}, which setup gives no role for. Optional: ${remedy}`);
  } else {
    print(`checked: what the app "${label}" may do, by its own key`);
    printChecks(findings);
  }
  return isWorking;
}

async function plansOf(prospect: Prospect, orgUrl: string): Promise<readonly ServiceAppPlan[]> {
  const isAsked = asksOrg(prospect, orgUrl);
  const { stack, reconciles, streams, secretArn } = prospect;
  const ofFunctions = isAsked
    ? await functionsStore(credentialFileOf(orgUrl, process.env, "functions"), orgUrl, secretArn)
    : null;
  if (isAsked && ofFunctions === null) {
    print(
      `note: the secret ${secretArn} holds a credential of yours, which stays. For one of setup's: aws secretsmanager put-secret-value --secret-id ${secretArn} --secret-string '{}', and run it again`,
    );
  }
  return planServiceApps({
    name: nameInOkta(stack),
    bringsProfiles: isAsked,
    reconciles,
    streams,
    commandsStore: fileStore(credentialFileOf(orgUrl, process.env), orgUrl),
    functionsStore: ofFunctions,
  });
}
