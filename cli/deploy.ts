import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { loadSettings, rulesFolderOf, type Settings } from "../infra/settings.ts";
import { defaultSettingsFile, settingsFileContext, settingsFileVariable } from "../infra/settings-places.ts";
import { createCommand, InputError, print } from "./command.ts";
import {
  type Account,
  checkBootstrap,
  defaultQualifier,
  findAccount,
  openAccount,
  type Read,
} from "./deploy/account.ts";
import { makeAssemblyFolder } from "./deploy/assembly-folder.ts";
import { deploySynthesized, readQualifier, synthesize } from "./deploy/cdk.ts";
import { type DeployedStack, readDeployedStack } from "./deploy/deployed-stack.ts";
import { describeMissingReceivers, listSubscriptions, type Subscription } from "./deploy/receivers.ts";
import {
  deployedSettings,
  describeUnknownSettings,
  type NextSettings,
  type SettingChanges,
  settingChanges,
} from "./deploy/setting-changes.ts";
import {
  changesBetween,
  countByType,
  countResources,
  nameOf,
  subscriptionsOf,
  type Template,
  type TemplateChanges,
  type TemplateSubscription,
} from "./deploy/template-changes.ts";
import { handOverFunctionsKey } from "./event-hook/functions-key.ts";
import { withProgress } from "./progress.ts";
import { ask, isYes } from "./question.ts";
import { useRegion } from "./region.ts";

interface Options {
  readonly settings?: string;
  readonly context?: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Options of `cdk deploy` that would change what was compared, each with its replacement. */
const ours: Readonly<Record<string, string>> = {
  "--context": "give -c NAME=VALUE before the --",
  "-c": "give -c NAME=VALUE before the --",
  "--profile": "set AWS_PROFILE, which every command reads",
  "--app": "the app is this one",
  "-a": "the app is this one",
  "--build": "the build is this one's",
};

/** The settings of each topic's addresses, and the outputs that name it. */
const purposes = [
  {
    what: "alerts",
    topic: "Alerts",
    setting: "alertEmail",
    isOutput: (name: string) => name.endsWith("TopicArn") && name !== "OperationsTopicArn",
  },
  {
    what: "alarms",
    topic: "Operations",
    setting: "operationsEmail",
    isOutput: (name: string) => name === "OperationsTopicArn",
  },
] as const;

async function deploy(options: Options, cdkOptions: readonly string[]): Promise<void> {
  const context = readContext(options);
  refuseOurs(cdkOptions);
  const loaded = await readSettingsOf(context);
  const { settings, settingsPath, rulesFolder } = loaded;
  const { stackName: stack } = settings;
  const region = await useRegion();
  const account = await findAccount(region);
  const qualifier = context["@aws-cdk/core:bootstrapQualifier"] ?? (await readQualifier()) ?? defaultQualifier;
  const { read, close } = openAccount(account, qualifier);
  const assembly = await makeAssemblyFolder();
  let isSecretNew = false;
  try {
    print(`The stack ${stack} in account ${account.id}, ${region}, as ${account.caller}.`);
    print(`Settings: ${settingsPath ?? `all defaults, as there is no ${defaultSettingsFile}`}.`);
    const doubt = await checkBootstrap(account, qualifier, read);
    if (doubt !== null) print(doubt);
    const deployed = await readDeployedStack(stack, read);
    isSecretNew = deployed?.outputs.has("OktaCredentialSecretArn") !== true;
    const next = await withProgress("building and synthesizing", () =>
      synthesize(stack, context, assembly, rulesFolder),
    );
    if (next === null) {
      process.exitCode = 1;
      return;
    }
    if (!(await goesAhead(deployed, next, loaded, { account, read }, options))) return;
  } finally {
    close();
  }
  const hasApproval = cdkOptions.some((option) => option.startsWith("--require-approval"));
  const approval = options.yes && !hasApproval ? ["--require-approval", "never"] : [];
  if (!(await deploySynthesized(stack, assembly, [...approval, ...cdkOptions]))) {
    process.exitCode = 1;
    return;
  }
  const { oktaOrgUrl } = settings;
  const about = oktaOrgUrl === undefined ? null : await handOverFunctionsKey({ stack, oktaOrgUrl, isSecretNew });
  if (about !== null) print(about);
}

/** `-c name=value` and `--settings` as CDK's context. */
function readContext({ context = [], settings }: Options): Record<string, string> {
  const given = context.map((text): [string, string] => {
    const at = text.indexOf("=");
    if (at < 1) throw new InputError(`"${text}" is no setting: -c NAME=VALUE`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
  return {
    ...Object.fromEntries(given),
    ...(settings === undefined ? {} : { [settingsFileContext]: resolve(settings) }),
  };
}

function refuseOurs(cdkOptions: readonly string[]): void {
  const [first] = cdkOptions;
  if (first !== undefined && !first.startsWith("-")) {
    throw new InputError(`"${first}" is no option: options of cdk deploy come after --, all others before it`);
  }
  for (const option of cdkOptions) {
    const [name = ""] = option.split("=");
    if (Object.hasOwn(ours, name)) throw new InputError(`${name} is not handed to cdk deploy: ${ours[name]}`);
  }
}

/** The settings, the path of their file (null for none), the names of those that it or the command line gives, and the folder of rules. */
async function readSettingsOf(context: Readonly<Record<string, string>>) {
  const loaded = await loadSettings(context);
  const { settings, file, given } = loaded;
  return { settings, settingsPath: file?.path ?? null, given, rulesFolder: rulesFolderOf(loaded) };
}

/** Prints the changes of the deployment, and asks for consent where it would remove something. */
async function goesAhead(
  deployed: DeployedStack | null,
  next: Template,
  { settings, settingsPath, given }: Awaited<ReturnType<typeof readSettingsOf>>,
  { account, read }: { readonly account: Account; readonly read: Read },
  options: Options,
): Promise<boolean> {
  print("");
  const changes = deployed === null ? null : changesBetween(deployed.template, next, reasonBy(settings, settingsPath));
  if (changes === null) sayWhatIsMade(next, account);
  else sayWhatChanges(changes);
  const whyUnset =
    settingsPath === null ? `there is no ${defaultSettingsFile} that sets it` : `${settingsPath} does not set it`;
  const differing =
    deployed === null ? null : sayWhichSettingsChange(deployed.template, { values: settings, given, whyUnset });
  await sayWhoIsMissed(settings.stackName, deployed, next, changes?.unsubscribed ?? [], read);
  if (options.dryRun) return false;
  if (options.yes) {
    print("--yes: CDK deploys without asking for the approval of IAM changes (--require-approval never).\n");
    return true;
  }
  // CloudFormation does nothing where no resource changes, even if settings differ.
  const needsConsent =
    changes !== null && (changes.losses.length > 0 || (differing?.needsConsent === true && !changesNothing(changes)));
  if (!process.stdin.isTTY) return goesAheadUnasked(changes === null, needsConsent);
  return needsConsent ? confirm() : true;
}

const changesNothing = ({ losses, further, added, changed }: TemplateChanges) =>
  losses.length === 0 && further === null && added.size === 0 && changed === 0;

function sayWhichSettingsChange(deployed: Template, next: NextSettings): SettingChanges {
  const before = deployedSettings(deployed);
  const changes = settingChanges(before, next);
  if (changes.differences.length > 0) {
    print("Settings that differ from those deployed:");
    for (const difference of changes.differences) print(`- ${difference}`);
  }
  const unknown = describeUnknownSettings(before);
  if (unknown !== null) print(unknown);
  return changes;
}

/** Without a terminal, a deployment that needs an answer is refused. */
function goesAheadUnasked(isFirst: boolean, needsConsent: boolean): boolean {
  if (isFirst) {
    throw new InputError(
      "a first deployment needs the approval of its IAM changes, and there is no terminal to ask at: say --yes, which approves them, or --dry-run to look only",
    );
  }
  if (needsConsent) {
    throw new InputError(
      "the deployment would remove, replace or unset the above, and there is no terminal to ask at: say --yes, or --dry-run to look only",
    );
  }
  print("There is no terminal: if rights are broadened, CDK refuses; --yes approves them.\n");
  return true;
}

async function confirm(): Promise<boolean> {
  const answer = await ask("\nDeploy all the same? (y/N) ");
  if (isYes(answer)) return true;
  print("Nothing was deployed.");
  process.exitCode = 1;
  return false;
}

/** The setting that removes the subscription of an address; null for another cause. */
function reasonBy(settings: Settings, path: string | null): (topic: string, endpoint: string | null) => string | null {
  return (topic, endpoint) => {
    const setting = purposes.find((each) => each.topic === topic)?.setting;
    if (setting === undefined || endpoint === null) return null;
    const address = settings[setting];
    if (address === endpoint) return null;
    if (address !== undefined) return `${setting} is now ${address}`;
    return path === null
      ? `there is no ${defaultSettingsFile} that sets ${setting}`
      : `${setting} is not set in ${path}`;
  };
}

function sayWhatIsMade(next: Template, { id, region }: Account): void {
  print(`This is the first deployment: there is no such stack in account ${id}, ${region}.`);
  print(`It makes ${countByType(countResources(next))}.`);
  print(
    "CDK shows the IAM changes and asks for their approval: a role for each function and schedule, policies that name single resources, and that the hook's URL takes requests from everywhere, where the secret decides.",
  );
}

function sayWhatChanges(changes: TemplateChanges): void {
  const { losses, further, added, changed } = changes;
  const more = added.size === 0 ? "" : `adds ${countByType(added)}`;
  const others = changed === 0 ? "" : `changes ${changed} in place`;
  const rest = [more, others].filter((each) => each !== "").join(" and ");
  if (changesNothing(changes)) {
    print("This deployment changes nothing.");
  } else if (losses.length === 0) {
    print(`This deployment ${rest === "" ? "" : `${rest}; it `}removes and replaces nothing of weight.`);
  } else {
    print("This deployment would take something away:");
    for (const loss of losses) print(`- ${loss}`);
    if (rest !== "") print(`It ${rest}.`);
  }
  if (further !== null) print(`Beside that, it removes or replaces ${further}.`);
}

/** Warns when no address would receive alerts or alarms. */
async function sayWhoIsMissed(
  stack: string,
  deployed: DeployedStack | null,
  next: Template,
  removed: readonly TemplateSubscription[],
  read: Read,
): Promise<void> {
  for (const { what, topic, setting, isOutput } of purposes) {
    const isOf = (template: Template) => (each: TemplateSubscription) => {
      const name = nameOf(template, each.topic);
      return topic === "Operations" ? name === topic : name !== "Operations";
    };
    const arns = [...(deployed?.outputs ?? [])].filter(([name]) => isOutput(name)).map(([, arn]) => arn);
    const missing = describeMissingReceivers({
      what,
      setting,
      live: await liveSubscriptions(arns, stack, read),
      removed: removed.filter(isOf(deployed?.template ?? next)),
      templated: subscriptionsOf(next).filter(isOf(next)),
    });
    if (missing !== null) print(missing);
  }
}

/** The subscriptions of topics, without those of the stack's functions; null where they cannot be read. */
async function liveSubscriptions(
  arns: readonly string[],
  stack: string,
  read: Read,
): Promise<readonly Subscription[] | null> {
  try {
    const all = await Promise.all(arns.map((arn) => read(({ sns }) => listSubscriptions(sns, arn))));
    return all.flat().filter(({ endpoint }) => !endpoint.includes(`:function:${stack}-`));
  } catch {
    return null;
  }
}

const once = (value: string, earlier?: string) => {
  if (earlier === undefined) return value;
  throw new InvalidArgumentError("one deployment goes by one file; deploy each stack by its own.");
};
const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value];

export const command = createCommand(
  "deploy",
  "Builds, says what a deployment would remove or replace and which settings it changes, asks where something would be lost, and deploys by CDK.",
)
  .option(
    "--settings <file>",
    `the settings of the stack (default: $${settingsFileVariable}, else ${defaultSettingsFile} where it is there)`,
    once,
  )
  .option(
    "-c, --context <name=value>",
    "a setting for this deployment alone, or context of CDK's; several times",
    collect,
  )
  .option("--dry-run", "only say what would be done")
  .option("--yes", "do not ask, CDK neither: approves IAM changes (--require-approval never)")
  .addHelpText(
    "after",
    `
What comes after -- goes to cdk deploy: npx okta-proxy-watch deploy --yes -- --rollback false

Exit code: 0 when it is done; 1 when it failed, or the answer was no; 2 for wrong use: options or settings that cannot be
used, no credentials, no region, an account that is not bootstrapped, or a question with no terminal to ask it at.`,
  )
  .argument("[options-of-cdk...]", "after --: options of cdk deploy")
  .action((cdkOptions: readonly string[], options: Options) => deploy(options, cdkOptions));
