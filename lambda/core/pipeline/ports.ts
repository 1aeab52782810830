import type { Alert } from "../alerts/alert-schema.ts";
import type { AlertSource } from "../alerts/alert-source.ts";
import type { CountedAlert } from "../alerts/severity.ts";
import type { GroupStore, StoredGroup } from "../correlation/group-store.ts";
import type { DayCounts } from "../digest/day-counts.ts";
import type { Exception } from "../exceptions/exception.ts";
import type { UserState } from "../history/history.ts";
import type { UserKey } from "../history/user-key.ts";
import type { UserStates } from "../history/user-states.ts";
import type { Incident } from "../incidents/incident.ts";
import type { Incidents } from "../incidents/incidents.ts";
import type { Delivery, MalformedEvent } from "../okta/event-hook.ts";
import type { ProfileLocation } from "../profiles/profile-location.ts";
import type { Refresh } from "../profiles/refresh.ts";
import type { SessionStart } from "../session-start/session-start.ts";
import type { SessionStartStore } from "../session-start/session-start-store.ts";
import type { SeverityAdjustment } from "../severity/adjustment.ts";
import type { RuleSet } from "../sigma/rule-set.ts";
import type { Sources } from "../storms/sources.ts";
import type { Measure } from "../time/measure.ts";
import type { StoredTrail, TrailStore } from "../travel/trail-store.ts";
import type { Claims } from "./claims.ts";
import type { RunningCorrelations } from "./correlations.ts";
import type { Observe } from "./observation.ts";
import type { Work } from "./work.ts";

/** The ports of the pipeline. Every call takes a signal that ends it. */
export interface PipelinePorts extends PipelineSettings {
  readonly claims: Claims;
  readonly userStates: UserStates;
  readonly incidents: Incidents;
  readonly sources: Sources;
  readonly groups: GroupStore;
  readonly trails: TrailStore;
  readonly sessionStarts: SessionStartStore;
  /**
   * Looks users up, in one request.
   *
   * @throws when the store does not answer
   */
  lookUp(asked: Asked, signal: AbortSignal): Promise<Findings>;
  /**
   * Publishes one alert.
   *
   * @throws UnconfirmedPublishError when the topic may have taken it; another error when the topic has not
   */
  publish(alert: Alert, signal: AbortSignal): Promise<void>;
  /** Parks work to be tried again; rejects when any of it cannot be parked. */
  parkWork(work: readonly ParkedWork[], signal: AbortSignal): Promise<void>;
  /** Dead-letters work that is not tried again, with the reason; rejects when that fails. */
  deadLetterWork(work: Work, reason: string, signal: AbortSignal): Promise<void>;
  /** Dead-letters malformed events; rejects when that fails for any of them. */
  parkMalformed(events: readonly MalformedEvent[], delivery: Delivery, signal: AbortSignal): Promise<void>;
  /** Requests a refresh of profiles; rejects when it cannot. Null where profiles do not come from Okta. */
  readonly refreshProfiles: ((users: readonly Refresh[], signal: AbortSignal) => Promise<void>) | null;
  /** Adds to the counts of a day (`2026-11-24`, UTC) that the digest is made of; rejects when it cannot. Null where there is no digest. */
  readonly countDay: CountDay | null;
  /** Whether alerts are for readers: {@link AlertSource.withWords}. @default true */
  readonly writesWords?: boolean;
  /**
   * Counts an alert in the place of writing, publishing and recording it, for a replay whose alerts have no reader. What is alerted on
   * does not depend on it.
   *
   * @default null, alerts are written and published
   */
  readonly countAlert?: ((alert: CountedAlert) => void) | null;
  now(): Date;
  readonly observe: Observe;
  readonly measure: Measure;
}

/** The rules and settings of the pipeline. */
export interface PipelineSettings {
  readonly rules: RuleSet;
  /** The correlations that run over these rules; null for none. */
  readonly correlations: RunningCorrelations | null;
  /** The adjustments of alerts' severity, in this order. */
  readonly severityAdjustments: readonly SeverityAdjustment[];
  /** A mismatch is farther than this from every profile location, in kilometers. */
  readonly mismatchDistanceKm: number;
  /** The domains of the org's logins; empty where they are not named. */
  readonly loginDomains: readonly string[];
  /** Minutes in which further session starts of a user on one network are suppressed after an alert; 0 for none. */
  readonly suppressMinutes: number;
  /** Failed session starts from one source within ten minutes that are alerted on singly; 0 for no storms. */
  readonly stormAfter: number;
  /** Persons from one source in an hour whose sign-ins are alerted on singly; 0 for all. */
  readonly sourceAlertsPerHour: number;
}

/** Adds to the counts of a day, as {@link PipelinePorts.countDay} says. */
export type CountDay = (day: string, counts: DayCounts, signal: AbortSignal) => Promise<void>;

/** Looks users up, as {@link PipelinePorts.lookUp} says. */
export type LookUp = PipelinePorts["lookUp"];

/** The users that a look-up asks for. */
export interface Asked {
  /** The keys of profiles and exceptions: Okta user ids (`00u...`) and lower-case logins. */
  readonly keys: ReadonlySet<string>;
  /** The keys of users' remembered states. */
  readonly users: ReadonlySet<UserKey>;
  /** The ids of incidents. */
  readonly incidents: ReadonlySet<string>;
  /** The keys of correlations' groups: each is read as the last write left it. @default none */
  readonly groups?: ReadonlySet<string>;
  /** The keys of persons whose trails are read. @default none */
  readonly trails?: ReadonlySet<string>;
  /** The ids of sessions whose starts are read, as the last write left them. @default none */
  readonly sessions?: ReadonlySet<string>;
}

/** The result of a look-up. */
export interface Findings {
  readonly locations: ProfileLocations;
  /** The exceptions of these users, and those for every user; `except.ts` checks whether one covers an event. */
  readonly exceptions: readonly Exception[];
  /** The remembered state under each key; null when the states could not be read. */
  readonly states: ReadonlyMap<UserKey, UserState> | null;
  /** The incidents that have alerts already, by id; null when they could not be read. */
  readonly incidents: ReadonlyMap<string, Incident> | null;
  /** The groups that there are, by key; null when they could not be read. */
  readonly groups: ReadonlyMap<string, StoredGroup> | null;
  /** The trails that there are, by the key of the person; null when they could not be read. */
  readonly trails: ReadonlyMap<string, StoredTrail> | null;
  /** The starts of sessions that there are, by the id of the session; null when they could not be read. */
  readonly sessionStarts: ReadonlyMap<string, SessionStart> | null;
  /** Why the states could not be read; null where they could. */
  readonly statesError: unknown;
}

/** Profile locations by Okta user id and lower-case login. */
export type ProfileLocations = ReadonlyMap<string, readonly ProfileLocation[]>;

/** Work that waits, and its least delay in seconds. */
export interface ParkedWork {
  readonly work: Work;
  readonly delaySeconds: number;
}
