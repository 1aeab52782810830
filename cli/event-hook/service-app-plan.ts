import type { Scope } from "../../lambda/adapters/okta-api/credential.ts";
import type { HeldCredential } from "../okta-credential-file.ts";

/** Where a service app's credential is kept. */
export interface CredentialStore {
  /** What is named in messages. */
  readonly where: string;
  /** Whether whatever asks with the credential reads it here, so that a key that it replaced is needed no more. */
  readonly isReadByItsUser: boolean;
  /** Null when there is none yet. One that is not in its place was written before the place was there. */
  readonly read: () => Promise<{ readonly held: HeldCredential; readonly isInPlace: boolean } | null>;
  readonly write: (held: HeldCredential) => Promise<void>;
}

/** A resource that a custom role reaches. */
export interface PlannedResource {
  /** Its URL, by which a resource set takes it. */
  readonly path: string;
  /** What the admin console calls it. */
  readonly name: string;
  /** Whether a name (ORN) is that of this resource. */
  readonly isNamedBy: (orn: string) => boolean;
}

/** What a service app shall be, and may. */
export interface ServiceAppPlan {
  /** What the app, its custom role and its resource set are called. */
  readonly label: string;
  /** Who asks with it, in words. */
  readonly user: string;
  readonly scopes: readonly Scope[];
  /** Of the custom role, which is the app's own. */
  readonly permissions: readonly string[];
  readonly resources: readonly PlannedResource[];
  /** A standard role for what no custom role permits; null for none. */
  readonly standardRole: typeof reportAdministrator | null;
  readonly store: CredentialStore;
}

/**
 * The least of the standard roles that shows the System Log, which no permission of a custom role does.
 * Sources: help.okta.com, "Report administrators" and "Standard administrator roles and permissions".
 */
export const reportAdministrator = {
  type: "REPORT_ADMIN",
  name: "Report Administrator",
  /** Roles that show it as well. */
  orAnyOf: ["READ_ONLY_ADMIN", "ORG_ADMIN", "SUPER_ADMIN"],
} as const;

/** The role that shows all of the System Log, and may do everything. */
export const superAdministrator = "SUPER_ADMIN";

/**
 * Okta's documents name the permission (developer.okta.com/docs/guides/hooks-best-practices, "Hook admin roles"), not the
 * resource that it is of. Others are known by the URL of their list: what this one is shows when Okta takes it or not.
 */
const eventHooks: PlannedResource = {
  path: "/api/v1/eventHooks",
  name: "Event hooks",
  isNamedBy: (orn) => /event-?_?hooks?\b/i.test(orn),
};
const users: PlannedResource = {
  path: "/api/v1/users",
  name: "Users > All users",
  isNamedBy: (orn) => /^orn:[^:]+:directory:[^:]+:users$/.test(orn),
};

/** What a deployment needs of an org. */
export interface DeploymentNeeds {
  /** What the deployment is called in Okta. */
  readonly name: string;
  /** Whether functions bring profile locations from this org. */
  readonly bringsProfiles: boolean;
  /** Whether a function reads the System Log of this org. */
  readonly reconciles: boolean;
  /** Whether a function receives the org's log stream, whose state the commands read. */
  readonly streams: boolean;
  readonly commandsStore: CredentialStore;
  /** Null where no function asks the org, or another credential is kept. */
  readonly functionsStore: CredentialStore | null;
}

/** What the app of a deployment's functions is called. */
export function functionsLabel(name: string): string {
  return `${name} functions`;
}

/** What the commands ask an org for. */
export function commandsScopes({
  bringsProfiles,
  streams,
}: Pick<DeploymentNeeds, "bringsProfiles" | "streams">): readonly Scope[] {
  return [
    "okta.eventHooks.read",
    "okta.eventHooks.manage",
    "okta.logs.read",
    ...(streams ? (["okta.logStreams.read"] as const) : []),
    ...(bringsProfiles ? (["okta.users.read"] as const) : []),
  ];
}

/**
 * The service apps of a deployment. The commands and the functions have one each: no function may manage event hooks, and
 * the key that may is never in AWS.
 */
export function planServiceApps(needs: DeploymentNeeds): readonly ServiceAppPlan[] {
  const { name, bringsProfiles, reconciles, streams, commandsStore, functionsStore } = needs;
  const reading = { scopes: ["okta.users.read"], permissions: ["okta.users.read"], resources: [users] } as const;
  const ofUsers = bringsProfiles ? reading : { scopes: [], permissions: [], resources: [] };
  const commands: ServiceAppPlan = {
    label: name,
    user: "the commands",
    scopes: commandsScopes({ bringsProfiles, streams }),
    permissions: ["okta.eventhooks.manage", ...ofUsers.permissions],
    resources: [eventHooks, ...ofUsers.resources],
    standardRole: reportAdministrator,
    store: commandsStore,
  };
  if (functionsStore === null) return [commands];
  const functions: ServiceAppPlan = {
    label: functionsLabel(name),
    user: "the functions",
    scopes: [...ofUsers.scopes, ...(reconciles ? (["okta.logs.read"] as const) : [])],
    permissions: ofUsers.permissions,
    resources: ofUsers.resources,
    standardRole: reconciles ? reportAdministrator : null,
    store: functionsStore,
  };
  return [commands, functions];
}
