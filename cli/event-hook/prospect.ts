import { loadSettings } from "../../infra/settings.ts";
import { readOrgUrl } from "../../lambda/adapters/okta-api/credential.ts";
import { InputError } from "../command.ts";
import { type DeploymentOptions, findStackOutputs } from "../deployment.ts";

/** What is known of a deployment, which may be made later. */
export interface Prospect {
  /** The stack's name; null of the embedded run. */
  readonly stack: string | null;
  /** Whether the stack is there, and could be asked. */
  readonly isDeployed: boolean;
  /** The settings file; null where there is none, or it is of another stack. */
  readonly settingsPath: string | null;
  /** The org that the functions ask; null for none. */
  readonly oktaOrgUrl: string | null;
  readonly reconciles: boolean;
  /** Whether it receives the org's log stream. */
  readonly streams: boolean;
  /** The secret of the functions' credential; null until the stack has one. */
  readonly secretArn: string | null;
}

/** What a stack, or the embedded run, is called in Okta. */
export function nameInOkta(stack: string | null): string {
  return `okta-proxy-watch ${stack ?? "local"}`;
}

/** Whether the functions of a deployment ask this org. */
export function asksOrg({ oktaOrgUrl }: Prospect, orgUrl: string): boolean {
  return oktaOrgUrl !== null && readOrgUrl(oktaOrgUrl) === orgUrl;
}

/**
 * The stack as it is deployed, or as the settings say that it will be.
 *
 * @param onNoStack is handed why no stack can be asked
 * @throws InputError when the settings cannot be used
 */
export async function findProspect(
  { stack: named, local }: Pick<DeploymentOptions, "stack" | "local">,
  onNoStack: (why: string) => void,
): Promise<Prospect> {
  if (local) {
    return {
      stack: null,
      isDeployed: true,
      settingsPath: null,
      oktaOrgUrl: null,
      reconciles: false,
      streams: false,
      secretArn: null,
    };
  }
  const { settings, file } = await loadSettings({});
  const stack = named ?? settings.stackName;
  const ofStack = stack === settings.stackName ? settings : null;
  const outputs = await findOutputs(stack, onNoStack);
  return {
    stack,
    isDeployed: outputs !== null,
    settingsPath: ofStack === null ? null : (file?.path ?? null),
    oktaOrgUrl: outputs?.get("OktaOrgUrl") ?? ofStack?.oktaOrgUrl ?? null,
    reconciles: (ofStack?.reconcileMinutes ?? 1) > 0,
    streams: (outputs?.get("EventBusName") ?? ofStack?.eventBusName ?? null) !== null,
    secretArn: outputs?.get("OktaCredentialSecretArn") ?? null,
  };
}

async function findOutputs(
  stack: string,
  onNoStack: (why: string) => void,
): Promise<ReadonlyMap<string, string> | null> {
  try {
    return await findStackOutputs(stack);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    onNoStack(error.message);
    return null;
  }
}
