import type { GatheredSignIn, Gathering, GatheringKey } from "./gathering.ts";
import type { SourceEvent, SourceKey } from "./source.ts";
import type { Storm } from "./storm.ts";

/** The settings that a source counts by. */
export interface SourceLimits {
  /** Failed attempts from one source within ten minutes that come singly; 0 for no storms. */
  readonly stormAfter: number;
  /** Persons from one source in an hour whose sign-ins are alerted on singly; 0 for all. */
  readonly sourceAlertsPerHour: number;
}

/** The answer of a source that counted a session start. */
export interface Counted {
  /** Whether this call counted it: only then may it be taken back. */
  readonly isNew: boolean;
  /** The number of the failed attempt in its storm, from 1; 0 for a session that started. */
  readonly number: number;
  /** Whether a session that started is of a person beyond those of the hour that come singly. */
  readonly isSurplus: boolean;
  /** The failed attempts from the source, with this one, of no storm that has ended then; null for none. */
  readonly storm: Storm | null;
}

/** The source of a session start, with its answer. */
export interface CountedSource {
  readonly key: SourceKey;
  readonly event: SourceEvent;
  readonly answer: Counted;
}

/** The watcher of a storm: a message on the retry queue. */
export interface Watch {
  readonly id: string;
  /** When it is overdue, in milliseconds since 1970. */
  readonly by: number;
  /** Attempts that it has reported. @default those that were reported before */
  readonly reported?: number;
}

/** The store takes no more writes of a source for now: the flood is faster than one item takes. */
export class BusySourceError extends Error {
  override readonly name = "BusySourceError";
}

/** The store of what comes from each source. Every method rejects when it cannot be reached. */
export interface Sources {
  /**
   * Counts a session start, once by its key.
   *
   * @throws BusySourceError where it has to be counted later; another error where the store does not answer
   */
  count(source: SourceKey, event: SourceEvent, limits: SourceLimits, now: Date, signal: AbortSignal): Promise<Counted>;
  /** Takes back a failed attempt that turned out to be no news, or a session start that is excepted. */
  takeBack(source: SourceKey, event: SourceEvent, since: number, signal: AbortSignal): Promise<void>;
  /** Names a session that started in a storm. */
  addSuccess(source: SourceKey, event: SourceEvent, since: number, signal: AbortSignal): Promise<void>;
  /** Counts in a storm what ThreatInsight says of a request, once by the event's key, as far as there is room for it. */
  addReasons(
    source: SourceKey,
    event: Pick<SourceEvent, "key" | "reasons">,
    since: number,
    signal: AbortSignal,
  ): Promise<void>;
  read(source: SourceKey, signal: AbortSignal): Promise<Storm | null>;
  /**
   * Makes a message the watcher of a storm.
   *
   * @returns false where another one is, and is not overdue; or where the storm is over
   */
  watch(source: SourceKey, since: number, watch: Watch, now: Date, signal: AbortSignal): Promise<boolean>;
  /** Gathers a sign-in, once by its event; null where the gathering is closed. */
  gather(
    gathering: GatheringKey,
    signIn: GatheredSignIn,
    signal: AbortSignal,
  ): Promise<Pick<Gathering, "parked"> | null>;
  /** Says that the message that reports a gathering waits on the retry queue. */
  setParked(gathering: GatheringKey, signal: AbortSignal): Promise<void>;
  /** Closes a gathering: it no longer changes. Null for one without a sign-in. */
  close(gathering: GatheringKey, signal: AbortSignal): Promise<Gathering | null>;
  /** Ends a storm; false where another attempt has come. */
  end(source: SourceKey, storm: Pick<Storm, "since" | "attempts">, signal: AbortSignal): Promise<boolean>;
}
