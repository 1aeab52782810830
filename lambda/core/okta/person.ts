import type { LogEvent } from "./log-event.ts";
import { isRiskChange } from "./risk.ts";

/** The person whose account or session an event is about. */
export interface Person {
  /** The Okta user id (`00u...`); null where Okta knows no user of the login. */
  readonly id: string | null;
  /** As the event has it; where Okta does not know the person, what was typed. */
  readonly login: string | null;
  readonly displayName: string | null;
  /** Whether Okta knows the person. */
  readonly isKnown: boolean;
}

/** An actor or a target of an event. */
export type Principal = NonNullable<LogEvent["fields"]["actor"]>;

/**
 * The person an event is about: the actor of a sign-in or of an act; the target of `user.risk.*`, and wherever the actor is no
 * person, but Okta itself or an app. Null where no person is named.
 */
export function personOf({ eventType, fields }: LogEvent): Person | null {
  const { actor, target } = fields;
  const targetUser =
    target.find((each) => each?.type?.toLowerCase() === "user") ?? target.find(isUserWithoutType) ?? null;
  const actingPerson = actor !== null && isPerson(actor) ? actor : null;
  const principal = isRiskChange(eventType) ? (targetUser ?? actingPerson) : (actingPerson ?? targetUser);
  if (principal === null) return null;
  const id = isUnknown(principal.id) ? null : principal.id;
  const login = isUnknown(principal.alternateId) ? null : principal.alternateId;
  const displayName = isUnknown(principal.displayName) ? null : principal.displayName;
  if (id === null && login === null && displayName === null) return null;
  return { id, login, displayName, isKnown: id !== null };
}

/** A target without a type is a user by its id. */
function isUserWithoutType(target: Principal | null): boolean {
  return target?.type === null && /^00u/.test(target.id ?? "");
}

/** Whether an actor is a person: Okta's own actors are `SystemPrincipal`, with the login `system@okta.com`; apps have types of their own. */
function isPerson({ id, type, alternateId }: Principal): boolean {
  if (/^okta\./i.test(id ?? "") || alternateId?.toLowerCase() === "system@okta.com") return false;
  return type === null || type.toLowerCase() === "user";
}

/** Okta writes `unknown` where it knows no user. */
export function isUnknown(text: string | null): boolean {
  return text === null || text.toLowerCase() === "unknown";
}

/** A login as it is compared: Okta takes logins in any case, and Unicode writes the same letter in several ways. */
export function canonicalLogin(login: string): string {
  return login.toWellFormed().normalize("NFC").toLowerCase();
}

/** DynamoDB takes keys of at most 2,048 bytes; ids and logins are far shorter (a login: 100 characters). */
const maximumKeyLength = 500;

/** What a person is looked up by: the Okta id, and the canonical login. Empty for an event about no person. */
export function personKeys(event: LogEvent): string[] {
  const person = personOf(event);
  const login = person?.login ?? null;
  // A stranger who types a user's id is not that user.
  const isIdLike = person?.isKnown === false && /^00u[a-z0-9]{5,}$/i.test(login ?? "");
  const keys = new Set([person?.id ?? null, login === null || isIdLike ? null : canonicalLogin(login)]);
  return [...keys].filter((key): key is string => key !== null && key !== "" && key.length <= maximumKeyLength);
}
