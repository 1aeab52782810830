import * as v from "valibot";
import { countryCode } from "../geo/country.ts";
import { anonymousNetwork } from "../okta/anonymous-network.ts";
import { type LogEvent, publishedTime } from "../okta/log-event.ts";
import { succeeded } from "../okta/outcome.ts";
import { canonicalLogin, personOf } from "../okta/person.ts";
import { coordinatesOfExit } from "../profiles/judge-location.ts";
import { finiteNumber } from "../values/stored.ts";

const text = v.nullable(v.string());

/** Where and when a person succeeded in an act, in the form of the state table. */
export const stopSchema = v.object({
  /** The uuid of the event. */
  event: v.string(),
  /** When Okta published it, in milliseconds since 1970. */
  at: finiteNumber(),
  /** Degrees, -90 to 90. */
  latitude: finiteNumber(),
  /** Degrees, -180 to 180. */
  longitude: finiteNumber(),
  city: text,
  state: text,
  /** ISO 3166-1 alpha-2; null where the country is not known. */
  country: text,
  /** The autonomous system; null where Okta does not know it. */
  asNumber: v.nullable(finiteNumber()),
  /** The operators of anonymous services that it came through, as Okta writes them. */
  operators: v.array(v.string()),
  /** Whether any signal of Okta's says that the network hides its users. */
  isAnonymous: v.boolean(),
});

/** Where and when a person succeeded in an act. */
export type Stop = Readonly<v.InferOutput<typeof stopSchema>>;

const maximumName = 100;
const maximumOperators = 3;
/** A time so far ahead of the clock, in milliseconds, is a wrong one: it would make every other event too late. */
const maximumAhead = 86_400_000;

/**
 * The place of an event's person, by the address of the request. Null for an act that failed, a test, an act of another than the
 * person, and where Okta names no place: a country alone comes with coordinates of its middle, which are those of no place.
 */
export function stopOf(event: LogEvent, now: Date): Stop | null {
  const { client, outcome, securityContext } = event.fields;
  const exit = client?.geographicalContext ?? null;
  const at = publishedTime(event.published);
  if (event.isTest || exit === null || travellerOf(event) === null || !succeeded(outcome?.result ?? null)) return null;
  if (Number.isNaN(at) || at > now.getTime() + maximumAhead) return null;
  const coordinates = coordinatesOfExit(exit);
  if (coordinates === null) return null;
  const { verdict, operators } = anonymousNetwork(event);
  const name = (of: string | null) => of?.trim().slice(0, maximumName).toWellFormed() || null;
  return {
    event: event.uuid,
    at,
    ...coordinates,
    city: name(exit.city),
    state: name(exit.state),
    country: countryCode(exit.country),
    asNumber: securityContext?.asNumber || null,
    operators: operators.slice(0, maximumOperators).map((each) => each.slice(0, maximumName).toWellFormed()),
    isAnonymous: verdict === true,
  };
}

/**
 * The key of the person whose places are compared: the Okta id, else the login. Null where the event names none, or another than
 * its actor: the address is the actor's.
 */
export function travellerOf(event: LogEvent): string | null {
  const person = personOf(event);
  if (person === null || (person.id !== null && person.id !== event.fields.actor?.id)) return null;
  if (person.id !== null) return `id#${person.id}`;
  return person.login === null ? null : `login#${canonicalLogin(person.login)}`;
}
