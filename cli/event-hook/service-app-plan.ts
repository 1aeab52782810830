import type { Scope } from "../../lambda/adapters/okta-api/credential.ts";
import type { HeldCredential } from "../okta-credential-file.ts";

/** The store of a service app's credential. */
export interface CredentialStore {
  /** Its name in messages. */
  readonly where: string;
  /** Whether the credential's user reads it here, so that a replaced key is no longer needed. */
  readonly isReadByItsUser: boolean;
  /** Null when there is none yet. A credential outside of its place was written before the place existed. */
  readonly read: () => Promise<{ readonly held: HeldCredential; readonly isInPlace: boolean } | null>;
  readonly write: (held: HeldCredential) => Promise<void>;
}

/** A resource of a custom role. */
export interface PlannedResource {
  /** Its URL in a resource set. */
  readonly path: string;
  /** Its name in the admin console. */
  readonly name: string;
  /** Whether a name (ORN) is that of this resource. */
  readonly isNamedBy: (orn: string) => boolean;
}

/** The settings and rights that a service app shall have. */
export interface ServiceAppPlan {
  /** The name of the app, its custom role and its resource set. */
  readonly label: string;
  /** The user of its credential, in words. */
  readonly user: string;
  readonly scopes: readonly Scope[];
  /** The permissions of the app's custom role. */
  readonly permissions: readonly string[];
  readonly resources: readonly PlannedResource[];
  /** A standard role for rights that no custom role has; null for none. */
  readonly standardRole: typeof reportAdministrator | null;
  readonly store: CredentialStore;
}

/**
 * The least standard role that shows the System Log; no permission of a custom role does. Sources: help.okta.com,
 * "Report administrators" and "Standard administrator roles and permissions".
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
 * Okta's documents name the permission (developer.okta.com/docs/guides/hooks-best-practices, "Hook admin roles"), not
 * its resource. Other resources are known by the URL of their list: Okta's answer shows whether this one is as well.
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

/** The needs of a deployment from an org. */
export interface DeploymentNeeds {
  /** The deployment's name in Okta. */
  readonly name: string;
  /** Whether functions read profile locations from this org. */
  readonly bringsProfiles: boolean;
  /** Whether a function reads the System Log of this org. */
  readonly reconciles: boolean;
  /** Whether a function receives the org's log stream, whose state the commands read. */
  readonly streams: boolean;
  readonly commandsStore: CredentialStore;
  /** Null where no function reads from the org, or another credential is kept. */
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
