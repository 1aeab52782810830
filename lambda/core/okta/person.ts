import type { LogEvent } from "./log-event.ts";
import { isRiskChange } from "./risk.ts";

/** The person whose account or session an event is about. */
export interface Person {
  /** The Okta user id (`00u...`); null where Okta knows no user of the login. */
  readonly id: string | null;
  /** The login in the event; the typed text where Okta does not know the person. */
  readonly login: string | null;
  readonly displayName: string | null;
  /** Whether Okta knows the person. */
  readonly isKnown: boolean;
}

/** An actor or a target of an event. */
export type Principal = NonNullable<LogEvent["fields"]["actor"]>;

/**
 * The person an event is about: the actor of a sign-in or of an act; the target of `user.risk.*`, and of an act by Okta
 * itself or an app. Null where the event names no person.
 */
export function personOf(event: LogEvent): Person | null {
  return event.once("person", readPerson);
}

function readPerson({ eventType, fields }: LogEvent): Person | null {
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

/** A target without a type is a user when its id is a user's. */
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

/**
 * A login in the form that comparisons use: Okta takes logins in any case, and Unicode has several forms of a letter.
 */
export function canonicalLogin(login: string): string {
  return login.toWellFormed().normalize("NFC").toLowerCase();
}

/** DynamoDB takes keys of at most 2,048 bytes; ids and logins are far shorter (a login: 100 characters). */
const maximumKeyLength = 500;

/** The keys that look a person up: the Okta id, and the canonical login. Empty for an event about no person. */
export function personKeys(event: LogEvent): readonly string[] {
  return event.once("person keys", readKeys);
}

function readKeys(event: LogEvent): readonly string[] {
  const person = personOf(event);
  const login = person?.login ?? null;
  // An unknown login that looks like a user's id is not that user.
  const isIdLike = person?.isKnown === false && /^00u[a-z0-9]{5,}$/i.test(login ?? "");
  const keys = new Set([person?.id ?? null, login === null || isIdLike ? null : canonicalLogin(login)]);
  return [...keys].filter((key): key is string => key !== null && key !== "" && key.length <= maximumKeyLength);
}
