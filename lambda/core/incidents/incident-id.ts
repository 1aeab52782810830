import { parse, v5 as uuidV5 } from "uuid";
import { sessionOf } from "../history/history.ts";
import { rememberedUser } from "../history/user-key.ts";
import { type LogEvent, publishedTime } from "../okta/log-event.ts";
import { personOf } from "../okta/person.ts";
import { looksLikeLogin } from "../okta/stranger.ts";

/** The namespace of incidents' ids: a random UUID, fixed for ever. */
const incidentNamespace = parse("e0b0a7c6-57f5-4d0c-9a3d-9c6f2d3b8a41");

/** What an alert is about: an event, or a storm by its id. */
export type IncidentSubject =
  | {
      readonly event: LogEvent;
      /** The domains of the org's logins; empty for any. */
      readonly loginDomains: readonly string[];
    }
  | { readonly storm: string };

/**
 * The id of the incident that an alert belongs to: a UUIDv5, the same for every alert of the incident.
 *
 * - of a storm: by the storm's id
 * - of an event with a session: by the person and the root session; where Okta gives none, by the external session
 * - of an event without: by the person and the day (UTC) of the event
 *
 * A login that Okta does not know may be a password: it counts as a person only where alerts do not mask it. Of others the
 * source address stands in the person's place. An event without person and address, and a test, is an incident of its own.
 */
export function incidentOf(subject: IncidentSubject): string {
  if ("storm" in subject) return idOf(["storm", subject.storm]);
  const { event, loginDomains } = subject;
  return event.once(`incident ${loginDomains.join("\n")}`, () => idOf(partsOf(event, loginDomains)));
}

function idOf(parts: readonly string[]): string {
  // Of bytes it takes a third of the time that it takes of texts. What is not well-formed becomes U+FFFD.
  return uuidV5(Buffer.from(parts.join("\n")), incidentNamespace);
}

function partsOf(event: LogEvent, loginDomains: readonly string[]): readonly string[] {
  if (event.isTest) return ["event", event.uuid];
  const who = whoOf(event, loginDomains);
  const session = sessionOf(event);
  if (session !== null) return ["session", who ?? "", session];
  const time = publishedTime(event.published);
  const day = Number.isNaN(time) ? "" : new Date(time).toISOString().slice(0, 10);
  return who === null ? ["event", event.uuid] : ["day", who, day];
}

function whoOf(event: LogEvent, loginDomains: readonly string[]): string | null {
  const person = personOf(event);
  const isNameable = person !== null && (person.isKnown || looksLikeLogin(person.login ?? "", loginDomains));
  if (isNameable) return rememberedUser(person)?.key ?? null;
  const address = event.fields.client?.ipAddress ?? null;
  return address && `address#${address}`;
}
