import {
  DescribeStacksCommand,
  GetTemplateCommand,
  type Output,
  type Stack,
  TemplateStage,
} from "@aws-sdk/client-cloudformation";
import { toError } from "../../lambda/core/values/error.ts";
import { InputError } from "../command.ts";
import { isRefusal, type Read } from "./account.ts";
import type { Template } from "./template-changes.ts";

/** The deployed stack. */
export interface DeployedStack {
  readonly template: Template;
  readonly outputs: ReadonlyMap<string, string>;
}

/**
 * States of a stack that was never created, or is deleted: CDK reuses its name, or deletes it first. After
 * ROLLBACK_FAILED some resources may be left, which CDK deletes.
 */
const neverMade: ReadonlySet<string> = new Set([
  "REVIEW_IN_PROGRESS",
  "ROLLBACK_COMPLETE",
  "ROLLBACK_FAILED",
  "DELETE_COMPLETE",
]);

/**
 * Reads a deployed stack.
 *
 * @returns null when it does not exist
 * @throws InputError when an operation of CloudFormation is in progress on it, or it cannot be read
 */
export async function readDeployedStack(name: string, read: Read): Promise<DeployedStack | null> {
  try {
    return await look(name, read);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { name: fault, message } = toError(error);
    const rights = isRefusal(error) ? " Which rights a deployment needs: docs/security.md, Who may deploy." : "";
    throw new InputError(`what is deployed as ${name} cannot be read (${fault}: ${message}).${rights}`);
  }
}

async function look(name: string, read: Read): Promise<DeployedStack | null> {
  const stack = await describe(name, read);
  const status = stack?.StackStatus ?? "";
  if (stack === null || neverMade.has(status)) return null;
  if (status.endsWith("_IN_PROGRESS")) {
    throw new InputError(
      `CloudFormation is at work on the stack ${name} (${status}): deploy again when it has finished`,
    );
  }
  const { TemplateBody = "{}" } = await read(({ cloudFormation }) =>
    cloudFormation.send(new GetTemplateCommand({ StackName: name, TemplateStage: TemplateStage.Original })),
  );
  const outputs = (stack.Outputs ?? []).map(
    ({ OutputKey = "", OutputValue = "" }: Output) => [OutputKey, OutputValue] as const,
  );
  return { template: JSON.parse(TemplateBody) as Template, outputs: new Map(outputs) };
}

async function describe(name: string, read: Read): Promise<Stack | null> {
  try {
    const { Stacks = [] } = await read(({ cloudFormation }) =>
      cloudFormation.send(new DescribeStacksCommand({ StackName: name })),
    );
    return Stacks[0] ?? null;
  } catch (error) {
    // CloudFormation has no specific error for a missing stack.
    if (toError(error).name === "ValidationError" && /does not exist/.test(toError(error).message)) return null;
    throw error;
  }
}
