import { sessionStart } from "../okta/log-event.ts";
import { succeeded } from "../okta/outcome.ts";
import { isRiskChange } from "../okta/risk.ts";
import type { Alert } from "./alert-schema.ts";

/** What an act does, by the last part of Okta's event type. */
const verbs: ReadonlyMap<string, string> = new Map([
  ["activate", "activated"],
  ["add", "added"],
  ["create", "created"],
  ["deactivate", "deactivated"],
  ["deactivated", "deactivated"],
  ["delete", "deleted"],
  ["deleted", "deleted"],
  ["enroll", "enrolled"],
  ["grant", "granted"],
  ["initiate", "started"],
  ["lock", "locked"],
  ["overwrite", "overwrote"],
  ["promote", "promoted"],
  ["read_client_secret", "read the client secret of"],
  ["register", "registered"],
  ["remove", "removed"],
  ["remove_blacklist", "removed from the blocklist:"],
  ["reset_all", "reset"],
  ["reset_password", "reset"],
  ["reveal", "revealed"],
  ["revoke", "revoked"],
  ["rollback", "rolled back"],
  ["show_password", "revealed the password of"],
  ["suspend", "suspended"],
  ["unlock", "unlocked"],
  ["unsuspend", "unsuspended"],
  ["update", "changed"],
]);

/** What an act is done to where its event names no thing, by the start of Okta's event type. */
const objects: readonly (readonly [start: string, object: string])[] = [
  ["user.mfa.factor.reset_all", "all MFA factors"],
  ["user.mfa.factor.", "an MFA factor"],
  ["user.account.reset_password", "the password"],
  ["user.account.privilege.", "an admin privilege"],
  ["group.privilege.", "an admin privilege"],
  ["user.account.", "the account"],
  ["user.lifecycle.", "the account"],
  ["system.api_token.", "an API token"],
  ["system.idp.", "an identity provider"],
  ["event_hook.", "an event hook"],
  ["group.user_membership.", "a group member"],
  ["policy.", "a policy"],
  ["zone.", "a network zone"],
];

/**
 * Says what an act did, in the past tense: `created identity provider Contoso SSO`, `reset all MFA factors of Bea (bea@example.com)`,
 * `added Bea (bea@example.com) to group Okta Administrators`, `granted Super administrator to their own account`. Null for a session start, for a change of risk, and for an act whose
 * event type ends in no verb that is known here.
 *
 * @param whom the persons that it was done to, except the actor; null for none
 */
export function describeDeed(
  alert: Pick<Alert, "okta" | "session" | "change" | "targets" | "actor">,
  whom: string | null,
): string | null {
  const { okta, session, change, targets, actor } = alert;
  const type = okta.eventType.toLowerCase();
  if (type === sessionStart || isRiskChange(okta.eventType)) return null;
  const verb = verbs.get(type.slice(type.lastIndexOf(".") + 1));
  const object = change === null ? objects.find(([start]) => type.startsWith(start))?.[1] : nameThings(alert, change);
  if (verb === undefined || object === undefined) return null;
  const failed = succeeded(session.outcome) ? "" : `, without success (${session.outcome})`;
  const isToSelf = whom === null && toOthers.has(verb) && targets.some((target) => isActor(target, actor));
  return `${join(verb, object, isToSelf ? "their own account" : whom)}${failed}`;
}

/** What is done to another account unless its sentence says otherwise. */
const toOthers: ReadonlySet<string> = new Set(["granted", "added"]);

/** Whether a target of an act is the user who did it. */
export function isActor({ type, id, login }: Alert["targets"][number], actor: Alert["actor"]): boolean {
  if (type?.toLowerCase() !== "user") return false;
  return id === null ? login !== null && login === actor.login : id === actor.id;
}

function join(verb: string, object: string, whom: string | null): string {
  // The privilege that was granted or revoked comes with its verb.
  const done = object.startsWith(`${verb} `) ? object : `${verb} ${object}`;
  if (whom === null) return done;
  if (verb === "added") return `added ${whom} to ${object}`;
  if (verb === "removed") return `removed ${whom} from ${object}`;
  const preposition = verb === "granted" ? "to" : verb === "revoked" ? "from" : "of";
  return `${done} ${preposition} ${whom}`;
}

/** The things that an act changed, with the types of Okta in words: `IdentityProvider` as `identity provider`. */
function nameThings({ targets }: Pick<Alert, "targets">, change: string): string {
  const types = targets.flatMap(({ type }) => type ?? []);
  const parts = change.split("; ").map((part) => {
    const type = types.find((each) => part.startsWith(`${each} `));
    return type === undefined ? part : `${wordsOf(type)}${part.slice(type.length)}`;
  });
  return parts.join("; ");
}

const typeNames: ReadonlyMap<string, string> = new Map([
  ["UserGroup", "group"],
  ["AppInstance", "app"],
  ["AppUser", "app account"],
  ["Token", "token"],
]);

function wordsOf(type: string): string {
  const named = typeNames.get(type);
  if (named !== undefined) return named;
  if (/^[A-Z]{4,}$/.test(type)) return type.toLowerCase();
  const spaced = type.replace(/(?<=[a-z])(?=[A-Z])/g, " ");
  return spaced.replace(/[A-Z](?=[a-z])/g, (letter) => letter.toLowerCase());
}
