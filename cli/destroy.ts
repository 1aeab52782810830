import { setTimeout as delay } from "node:timers/promises";
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  type Output,
  paginateListStackResources,
  type StackResourceSummary,
} from "@aws-sdk/client-cloudformation";
import { plural } from "../lambda/core/text/shorten.ts";
import { closing } from "./aws-client.ts";
import { createCommand, InputError, lineWith, onTerminal, print } from "./command.ts";
import { defaultStack, describeStack, stackOption } from "./deployment.ts";
import { nameInOkta } from "./event-hook/prospect.ts";
import { functionsLabel } from "./event-hook/service-app-plan.ts";
import { createProgress } from "./progress.ts";
import { awsProxySettings } from "./proxy.ts";
import { ask } from "./question.ts";
import { useRegion } from "./region.ts";

interface Options {
  readonly stack?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** The interval between reads of the removal's progress, in milliseconds. */
const pollInterval = 2_000;

/** The reason why a resource stays, and the command that removes it, by the start of its logical id. */
const reasons: Readonly<Record<string, { readonly why: string; readonly remove: (name: string) => string }>> = {
  Profiles: {
    why: "users' profile locations, so that they need not be loaded again",
    remove: (name) => `aws dynamodb delete-table --table-name ${name}`,
  },
  State: {
    why: "the exceptions, which people made, and for seven days what was alerted on",
    remove: (name) => `aws dynamodb delete-table --table-name ${name}`,
  },
  Encryption: {
    why: "the key that encrypts what stays: without it, neither that nor its backups can be read",
    remove: (name) => `aws kms schedule-key-deletion --key-id ${name} --pending-window-in-days 30`,
  },
};

async function destroy({ stack: named, dryRun, yes }: Options): Promise<void> {
  const stack = named ?? (await defaultStack());
  await useRegion();
  using client = closing(new CloudFormationClient(awsProxySettings()));
  const { StackId: id = stack, Outputs = [] } = await describeStack(client, stack);
  const resources = await listResources(client, id);
  const retained = await listRetained(client, id);
  const staying = resources.filter(({ LogicalResourceId = "" }) => retained.has(LogicalResourceId));
  print(
    `${stack} has ${plural(resources.length, "resource")}; ${resources.length - staying.length} go, ${staying.length} stay.`,
  );
  print(
    "The secrets go with a week or more in which AWS can bring them back; parked events and dead letters go for good.",
  );
  tellStaying(staying);
  sayHowToCarryOver(staying);
  sayWhatStaysInOkta(stack, Outputs);
  if (dryRun) return;
  if (!yes && !(await confirm(stack))) return;
  await client.send(new DeleteStackCommand({ StackName: id }));
  if (!(await awaitRemoval(client, id))) {
    process.exitCode = 1;
    return;
  }
  print(`\nremoved: ${stack}. What stays is listed above, in AWS and in Okta.`);
}

async function listResources(client: CloudFormationClient, StackName: string): Promise<StackResourceSummary[]> {
  const resources: StackResourceSummary[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName })) {
    resources.push(...(page.StackResourceSummaries ?? []));
  }
  return resources.filter(({ ResourceStatus }) => ResourceStatus !== "DELETE_COMPLETE");
}

/** Logical ids of resources that CloudFormation keeps when the stack is deleted. */
async function listRetained(client: CloudFormationClient, StackName: string): Promise<ReadonlySet<string>> {
  const { TemplateBody = "{}" } = await client.send(new GetTemplateCommand({ StackName }));
  const { Resources = {} } = JSON.parse(TemplateBody) as {
    readonly Resources?: Readonly<Record<string, { readonly DeletionPolicy?: string }>>;
  };
  return new Set(Object.entries(Resources).flatMap(([id, each]) => (each.DeletionPolicy === "Retain" ? [id] : [])));
}

function tellStaying(staying: readonly StackResourceSummary[]): void {
  for (const { LogicalResourceId = "", PhysicalResourceId = "", ResourceType } of staying) {
    const [, reason] = Object.entries(reasons).find(([start]) => LogicalResourceId.startsWith(start)) ?? [];
    print(`\nstays: ${ResourceType} ${PhysicalResourceId}`);
    print(`  why: ${reason?.why ?? "its DeletionPolicy says so"}`);
    if (reason !== undefined) print(`  to remove it: ${reason.remove(PhysicalResourceId)}`);
  }
}

/**
 * Prints how to carry over the tables' content while the commands still work on the stack: a new stack does not reuse
 * tables that stay.
 */
function sayHowToCarryOver(staying: readonly StackResourceSummary[]): void {
  if (!staying.some(({ ResourceType }) => ResourceType === "AWS::DynamoDB::Table")) return;
  print(
    "\nA later deployment makes new tables, and does not use those that stay. To carry over what is in them, run first:",
  );
  print(
    "  npx okta-proxy-watch profiles export > profiles.csv   then, in the new stack: npx okta-proxy-watch profiles import profiles.csv",
  );
  print(
    "  npx okta-proxy-watch exceptions list                     then, in the new stack: npx okta-proxy-watch exceptions add ...",
  );
}

/** What `hook -- setup`, `register` and an administrator made outside the stack, which no deletion of it reaches. */
function sayWhatStaysInOkta(stack: string, outputs: readonly Output[]): void {
  const outputOf = (name: string) => outputs.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
  const name = nameInOkta(stack);
  const names = `"${name}"${outputOf("OktaCredentialSecretArn") === undefined ? "" : ` and "${functionsLabel(name)}"`}`;
  const bus = outputOf("EventBusName");
  print(
    [
      "\nstays in Okta, to be deactivated and deleted in the admin console:",
      `  Workflow > Event Hooks: the event hook "${name}"`,
      `  Applications > Applications: the service apps ${names}`,
      `  Security > Administrators > Roles, and Resources: the custom roles and resource sets ${names}`,
      ...(bus === undefined
        ? []
        : [
            `  Reports > Log Streaming: the log stream, where it feeds this stack alone; then, in EventBridge, the event bus ${bus} and its partner event source`,
          ]),
      "stays on the machine where npx okta-proxy-watch hook setup ran: okta-credential.*.json beside package.json, or what OKTA_CREDENTIAL_FILE names",
    ].join("\n"),
  );
}

async function confirm(stack: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new InputError(
      `there is no terminal to ask at, and nothing was removed: say --dry-run to look only. To go on without being asked:\n  ${lineWith("--yes")}`,
    );
  const answer = await ask(`\nType the stack's name, ${stack}, to remove it: `);
  if (answer === null) {
    print("Nothing was removed.");
    process.exitCode = 1;
    return false;
  }
  if (answer !== stack) throw new InputError("that is not the stack's name: nothing was removed");
  return true;
}

/** Whether the removal finished; if not, it prints the reason. */
async function awaitRemoval(client: CloudFormationClient, id: string): Promise<boolean> {
  const progress = createProgress(process.stderr);
  const started = Date.now();
  for (;;) {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: id }));
    const { StackStatus, StackStatusReason } = Stacks[0] ?? {};
    if (StackStatus === "DELETE_COMPLETE") break;
    if (StackStatus !== "DELETE_IN_PROGRESS") {
      progress.done();
      const stuck = (await listResources(client, id)).filter(
        ({ ResourceStatus }) => ResourceStatus === "DELETE_FAILED",
      );
      const named = stuck.map((each) => `\n- ${each.LogicalResourceId}: ${each.ResourceStatusReason}`).join("");
      process.stderr.write(
        onTerminal(`the removal stopped, ${StackStatus}: ${StackStatusReason ?? "no reason given"}${named}\n`),
      );
      return false;
    }
    const left = (await listResources(client, id)).length;
    progress.update(
      () => `removing: ${plural(left, "resource")} left, ${Math.round((Date.now() - started) / 1_000)} s`,
    );
    await delay(pollInterval);
  }
  progress.done();
  return true;
}

export const command = createCommand(
  "destroy",
  "Removes the deployed stack, and says what stays, why, and how to remove it.",
)
  .option(...stackOption)
  .option("--dry-run", "only say what would go and what would stay")
  .option("--yes", "do not ask")
  .addHelpText(
    "after",
    "\nExit code: 0; 1 when the removal stopped, or the question was left; 2 for a stack that is not there, or an answer that is not its name.",
  )
  .action(destroy);
