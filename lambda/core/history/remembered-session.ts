import * as stored from "../values/stored.ts";

const text = stored.nullable(stored.string());

/** A session that a user started, or tried to, through a proxy: what is remembered of it, in the form of the state table. */
export const rememberedSession = stored.object({
  eventUuid: stored.string(),
  /** ISO 8601, UTC. */
  at: stored.string(),
  /** Whether the user got in: only then does the network count as known. */
  gotIn: stored.boolean(),
  /**
   * Okta's id of the session that all of its later acts have as well; null where the event has none, and in items of
   * earlier releases.
   */
  rootSessionId: stored.orElse(text, null),
  asNumber: stored.nullable(stored.number()),
  asOrg: text,
  /** ISO 3166-1 alpha-2. */
  countryCode: text,
  type: text,
  operator: text,
});

/** A session that a user started, or tried to, through a proxy. */
export type RememberedSession = Readonly<stored.Output<typeof rememberedSession>>;

/** A network that a user got in from: the last session, by when it was published, and the last one of another session. */
export const knownNetwork = stored.extend(rememberedSession, {
  before: stored.orElse(stored.nullable(rememberedSession), null),
});

/** A network that a user got in from. */
export type KnownNetwork = Readonly<stored.Output<typeof knownNetwork>>;

/** The sessions that are remembered of a network, the last first. */
export function sessionsOf({ before, ...last }: KnownNetwork): readonly RememberedSession[] {
  return before === null ? [last] : [last, before];
}
