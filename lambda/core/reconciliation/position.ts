import * as z from "zod/mini";

/** Reconciliation reads up to events published this long ago, in milliseconds, so that the hook can deliver first. */
export const lag = 2 * 60_000;
/**
 * Reading starts no farther back than this, in milliseconds: claims are kept seven days, and older events would be
 * alerted on again.
 */
export const farthest = 6 * 86_400_000;
/** A link is used for this long, in milliseconds: a run that starts six days back has half a day to catch up. */
export const oldestLink = farthest + 43_200_000;
/** The wait before a refused filter is tried again, in milliseconds. */
export const retryFilterAfter = 86_400_000;

const time = z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), "expected a time"));

const savedPosition = z.object({
  /** The org of the position: it is not valid for another. */
  orgUrl: z.string(),
  /** All events that Okta persisted before this are alerted on, parked or dead-lettered. */
  checkpoint: time,
  /** The next page, and the rules' filter when its link was made; null when the link is lost. */
  link: z.nullable(z.object({ url: z.string(), filter: z.nullable(z.string()) })),
  /** When and why Okta refused the filter, so that the link asks for every event; null when it accepted it. */
  refusedFilter: z.nullable(z.object({ at: time, reason: z.string() })),
});

/** The position of reconciliation in an org's System Log. Times are ISO 8601, UTC. */
export type Position = Readonly<z.output<typeof savedPosition>>;

/**
 * The position of release 0.1, which read the log between two times of publishing. Its field `underWay` held the
 * current interval.
 */
const earlierPosition = z.object({ orgUrl: z.string(), checkpoint: time });

/** The reason why reading starts from a time instead of a link. */
export type RestartReason =
  /** There is no position of this org. */
  | "firstRun"
  /** Okta refuses the link, it leads to another host, or its page links back to itself. */
  | "linkLost"
  /** The rules' event types differ from those of the link. */
  | "filterChanged"
  /** Okta refused the filter a day ago: it is tried again. */
  | "filterRetried"
  /** The last read is so long ago that claims may have expired. */
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

/** Options of a start. */
export interface StartOptions {
  readonly log: {
    readonly orgUrl: string;
    readonly pollFrom: (poll: { readonly since: Date; readonly filter: string | null }) => string;
  };
  /** The filter of requests: see `logFilter`. */
  readonly filter: string | null;
  /** How far before the checkpoint reading starts, in milliseconds, when the link is lost. */
  readonly overlap: number;
  readonly now: () => Date;
}

/** The position where a run starts, and the reason of a new start. */
export interface Start {
  readonly position: Position;
  readonly restart: Restart | null;
  /** Events that Okta persisted before this can be missed for good, as the last read is too long ago; null for none. */
  readonly unseenBefore: string | null;
}

/** The saved form of a position. An earlier release reads its checkpoint, so that a rollback starts there. */
export function writePosition(position: Position): unknown {
  return { ...position, underWay: null };
}

/** Finds the start of a run: the link of the last run, or, where that cannot be used, a time. */
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
  // A link that leads elsewhere, or nowhere, would be refused by every run for ever.
  if (link === null || URL.parse(link.url)?.origin !== new URL(log.orgUrl).origin) return start(checkpoint, "linkLost");
  if (link.filter !== filter) return start(checkpoint, "filterChanged");
  const isRetried = refusedFilter !== null && Date.parse(refusedFilter.at) <= current - retryFilterAfter;
  if (isRetried) return start(checkpoint, "filterRetried");
  return { position: isOwn.data, restart: null, unseenBefore: null };
}

/** Starts from a checkpoint less the overlap, but not before {@link farthest}. */
export function startFrom(
  { orgUrl, checkpoint }: Pick<Position, "orgUrl" | "checkpoint">,
  reason: RestartReason,
  { log, filter, overlap, now }: StartOptions,
): Start {
  const current = now().getTime();
  // Polling from a time to come would tell of nothing until then.
  const before = Math.min(Date.parse(checkpoint), current);
  const since = new Date(Math.max(before - overlap, current - farthest));
  const isUnseen = since.getTime() > before;
  const position: Position = {
    orgUrl,
    checkpoint: new Date(isUnseen ? since : before).toISOString(),
    link: { url: log.pollFrom({ since, filter }), filter },
    refusedFilter: null,
  };
  const restart = { reason, since: since.toISOString() };
  return { position, restart, unseenBefore: isUnseen ? restart.since : null };
}
