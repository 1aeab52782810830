import * as z from "zod/mini";

/** The log is read up to events published this long ago, in milliseconds: the hook is given the time to deliver first. */
export const lag = 2 * 60_000;
/**
 * Reading starts no farther back than this, in milliseconds: claims are kept seven days, and what was alerted on before them
 * would be alerted on again.
 */
export const farthest = 6 * 86_400_000;
/** A link serves for this long, in milliseconds: what starts six days back has half a day to come nearer. */
export const oldestLink = farthest + 43_200_000;
/** A filter that Okta refused is tried again after this long, in milliseconds. */
export const retryFilterAfter = 86_400_000;

const time = z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), "expected a time"));

const savedPosition = z.object({
  orgUrl: z.string(),
  checkpoint: time,
  link: z.nullable(z.object({ url: z.string(), filter: z.nullable(z.string()) })),
  refusedFilter: z.nullable(z.object({ at: time, reason: z.string() })),
});

/**
 * What the release 0.1 kept: it read the log between two times, and knew how far by the time of publishing. `underWay` is what
 * it read then.
 */
const earlierPosition = z.object({ orgUrl: z.string(), checkpoint: time });

/** How far reconciliation is in an org's System Log. Times are ISO 8601, UTC. */
export interface Position {
  /** The org it is of: of another one nothing is known. */
  readonly orgUrl: string;
  /** All events that Okta persisted before this are alerted on, parked or dead-lettered. */
  readonly checkpoint: string;
  /** The page that is read next, and the filter that the rules asked for when its link was made; null when the link is lost. */
  readonly link: { readonly url: string; readonly filter: string | null } | null;
  /** When Okta refused the filter of the link, which asks for every event instead, and why; null when it took it. */
  readonly refusedFilter: { readonly at: string; readonly reason: string } | null;
}

/** Why reading starts from a time instead of a link. */
export type RestartReason =
  /** Nothing is known of this org. */
  | "firstRun"
  /** Okta does not take the link any more, or its page links back to itself. */
  | "linkLost"
  /** The rules ask for other event types than those that the link was made for. */
  | "filterChanged"
  /** Okta refused the filter a day ago, which is tried again. */
  | "filterRetried"
  /** The log was not read for so long that claims may have expired. */
  | "tooOld"
  /** The position is of a release that read the log between two times. */
  | "earlierRelease"
  /** The position cannot be read. */
  | "unreadablePosition";

/** A start from a time. */
export interface Restart {
  readonly reason: RestartReason;
  /** Events that Okta persisted from then on are read. ISO 8601, UTC. */
  readonly since: string;
}

/** What a start depends on. */
export interface StartOptions {
  readonly log: {
    readonly orgUrl: string;
    readonly pollFrom: (poll: { readonly since: Date; readonly filter: string | null }) => string;
  };
  /** What Okta is asked for: see `logFilter`. */
  readonly filter: string | null;
  /** How far before the checkpoint reading starts, in milliseconds, when the link is lost. */
  readonly overlap: number;
  readonly now: () => Date;
}

/** A position to go on from, and whether it is a new start. */
export interface Start {
  readonly position: Position;
  readonly restart: Restart | null;
  /** Events that Okta persisted before this can be missed for good, as the log was not read for too long; null for none. */
  readonly unseenBefore: string | null;
}

/**
 * A position as it is saved. An earlier release reads its checkpoint, so that going back to that release starts there.
 */
export function writePosition(position: Position): unknown {
  return { ...position, underWay: null };
}

/** Where to go on: at the link of the last run, or, when that does not serve, from a time. */
export function findStart(saved: unknown, options: StartOptions): Start {
  const { log, filter, overlap, now } = options;
  const current = now().getTime();
  const isOwn = savedPosition.safeParse(saved);
  const known = isOwn.success ? isOwn : earlierPosition.safeParse(saved);
  const start = (checkpoint: number, reason: RestartReason, back = overlap) =>
    startFrom({ orgUrl: log.orgUrl, checkpoint: new Date(checkpoint).toISOString() }, reason, {
      ...options,
      overlap: back,
    });
  if (saved !== null && !known.success) return start(current - farthest, "unreadablePosition", 0);
  if (known.data?.orgUrl !== log.orgUrl) return start(current - lag - overlap, "firstRun", 0);
  const checkpoint = Date.parse(known.data.checkpoint);
  if (!isOwn.success) return start(checkpoint, "earlierRelease");
  const { link, refusedFilter } = isOwn.data;
  if (checkpoint < current - oldestLink) return start(checkpoint, "tooOld");
  if (link === null) return start(checkpoint, "linkLost");
  if (link.filter !== filter) return start(checkpoint, "filterChanged");
  const isRetried = refusedFilter !== null && Date.parse(refusedFilter.at) <= current - retryFilterAfter;
  if (isRetried) return start(checkpoint, "filterRetried");
  return { position: isOwn.data, restart: null, unseenBefore: null };
}

/** Starts from a checkpoint less the overlap, but from no time that is too long ago. */
export function startFrom(
  { orgUrl, checkpoint }: Pick<Position, "orgUrl" | "checkpoint">,
  reason: RestartReason,
  { log, filter, overlap, now }: StartOptions,
): Start {
  const before = Date.parse(checkpoint);
  const since = new Date(Math.max(before - overlap, now().getTime() - farthest));
  const isUnseen = since.getTime() > before;
  const position: Position = {
    orgUrl,
    checkpoint: isUnseen ? since.toISOString() : checkpoint,
    link: { url: log.pollFrom({ since, filter }), filter },
    refusedFilter: null,
  };
  const restart = { reason, since: since.toISOString() };
  return { position, restart, unseenBefore: isUnseen ? restart.since : null };
}
