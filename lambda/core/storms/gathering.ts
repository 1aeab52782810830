import type { Level } from "../sigma/rule.ts";
import type { SourceKey } from "./source.ts";
import { stormIdOf } from "./storm.ts";

/*
 * Sign-ins of many persons from one source: a gateway that Okta begins to call a proxy, or a mass takeover. Those of the first persons
 * of an hour come singly; those of further ones are gathered for five minutes, and reported together.
 */

/** The most and the default number of persons from one source in an hour whose sign-ins are alerted on singly. */
export const maximumSourceAlerts = 200;
export const defaultSourceAlerts = 20;

/** The hour in which the first persons are counted, in milliseconds. */
export const hourMilliseconds = 3_600_000;

/** The time over which sign-ins are gathered, in milliseconds. */
export const gatheringMilliseconds = 300_000;

/** Persons that one gathering names. */
export const maximumGathered = 300;

/** Milliseconds after its end in which a gathering waits for those who write to it. */
const gracePeriod = 5_000;

/** The sign-ins of one source in five minutes. */
export interface GatheringKey {
  readonly source: SourceKey;
  /** When it starts, in milliseconds since 1970: a multiple of {@link gatheringMilliseconds}. */
  readonly start: number;
}

/** The gathering of a source at this time. */
export function gatheringAt(source: SourceKey, now: Date): GatheringKey {
  return { source, start: Math.floor(now.getTime() / gatheringMilliseconds) * gatheringMilliseconds };
}

/** The gathering after one that is closed. */
export function gatheringAfter({ source, start }: GatheringKey): GatheringKey {
  return { source, start: start + gatheringMilliseconds };
}

/** Seconds until a gathering is due; 0 where it is. */
export function secondsUntilDue({ start }: GatheringKey, now: Date): number {
  return Math.max(0, Math.ceil((start + gatheringMilliseconds + gracePeriod - now.getTime()) / 1_000));
}

/** The id of a gathering's incident: that of its source and day (UTC), so that a busy gateway is one incident a day. */
export function gatheringIdOf({ source, start }: GatheringKey): string {
  return stormIdOf(`gathered ${source}`, Math.floor(start / 86_400_000) * 86_400_000);
}

/** A sign-in that is gathered. */
export interface GatheredSignIn {
  /** The keys of the event and of the person: see `SourceEvent`. */
  readonly key: string;
  readonly person: string;
  /** As alerts name the person. */
  readonly login: string;
  /** The severity that its own alert would have. */
  readonly severity: Level;
  /** What speaks for a gateway of the company: null where it is not known. */
  readonly signs: Signs;
}

/** What speaks for a gateway. */
export interface Signs {
  /** Okta knows the device, or it is registered or managed. */
  readonly knownDevice: boolean | null;
  /** The person has signed in through an anonymous network at this time of the day before. */
  readonly usualHour: boolean | null;
  /** The place is one where the person is expected. */
  readonly usualPlace: boolean | null;
  readonly asNumber: number | null;
}

/** A person of a gathering. */
export interface GatheredPerson extends Omit<GatheredSignIn, "key" | "person"> {
  /** Sign-ins. */
  readonly count: number;
}

/** The sign-ins that were gathered. */
export interface Gathering {
  readonly persons: readonly GatheredPerson[];
  /** Sign-ins of persons beyond {@link maximumGathered}. */
  readonly more: number;
  /** Whether the message that reports them waits on the retry queue. */
  readonly parked: boolean;
}

/**
 * Whether a time of the day (UTC) is within an hour of one of these times; null where there are none.
 *
 * @param times ISO 8601, UTC
 * @param at milliseconds since 1970
 */
export function isUsualHour(times: readonly string[], at: number): boolean | null {
  const day = 86_400_000;
  const known = times.map((time) => Date.parse(time)).filter((time) => !Number.isNaN(time));
  if (known.length === 0 || Number.isNaN(at)) return null;
  return known.some((time) => {
    const apart = (((at - time) % day) + day) % day;
    return Math.min(apart, day - apart) <= hourMilliseconds;
  });
}
