import * as v from "valibot";
import { finiteNumber } from "../values/stored.ts";

const text = v.nullable(v.string());

/** A session that a user started, or tried to, through a proxy: what is remembered of it, in the form of the state table. */
export const rememberedSession = v.object({
  eventUuid: v.string(),
  /** ISO 8601, UTC. */
  at: v.string(),
  /** Whether the user got in: only then does the network count as known. */
  gotIn: v.boolean(),
  /**
   * Okta's id of the session that all of its later acts have as well; null where the event has none, and in items of
   * earlier releases.
   */
  rootSessionId: v.fallback(text, null),
  asNumber: v.nullable(finiteNumber()),
  asOrg: text,
  /** ISO 3166-1 alpha-2. */
  countryCode: text,
  type: text,
  operator: text,
});

/** A session that a user started, or tried to, through a proxy. */
export type RememberedSession = Readonly<v.InferOutput<typeof rememberedSession>>;

/** A network that a user got in from: the last session, by when it was published, and the last one of another session. */
export const knownNetwork = v.object({
  ...rememberedSession.entries,
  before: v.fallback(v.nullable(rememberedSession), null),
});

/** A network that a user got in from. */
export type KnownNetwork = Readonly<v.InferOutput<typeof knownNetwork>>;

/** The sessions that are remembered of a network, the last first. */
export function sessionsOf({ before, ...last }: KnownNetwork): readonly RememberedSession[] {
  return before === null ? [last] : [last, before];
}
