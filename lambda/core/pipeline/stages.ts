import type { DetectionSource } from "../alerts/alert-source.ts";
import type { Firing } from "../correlation/correlate.ts";
import type { Session } from "../grouping/session.ts";
import type { SuppressionWindow } from "../history/suppression-window.ts";
import type { GeoJudgement } from "../profiles/judge-location.ts";
import type { SessionPart } from "../session-start/session-change.ts";
import type { Enrichment } from "../sigma/field.ts";
import type { SourceKey } from "../storms/source.ts";
import type { CountedSource } from "../storms/sources.ts";
import type { Budget } from "../time/budget.ts";
import type { ChosenTravel } from "../travel/travel.ts";
import type { Claim } from "./claims.ts";
import type { Comparisons } from "./compared.ts";
import type { DelayReason } from "./delay-reason.ts";
import type { Candidate } from "./match.ts";
import type { Subject } from "./observation.ts";
import type { EventsByUser } from "./person.ts";
import type { Findings, PipelinePorts } from "./ports.ts";
import type { Work } from "./work.ts";

/*
 * The values that the stages of the pipeline pass on.
 */

/** The ports, and the time of the request. */
export interface Run {
  readonly ports: PipelinePorts;
  readonly budget: Budget;
  /** Watchers of storms that are being parked, by source. */
  readonly watchers: Map<SourceKey, Promise<void>>;
}

/** Starts a run. */
export function startRun(ports: PipelinePorts, budget: Budget): Run {
  return { ports, budget, watchers: new Map() };
}

/** An event that rules match, or may match, and the work on it. */
export interface MatchedWork {
  readonly candidate: Candidate;
  readonly work: Work;
}

/** What the correlations say of an event. */
export interface CorrelatedEvent {
  /** Those of correlations that yield detections. */
  readonly firings: readonly Firing[];
  /** Ids of the correlations that yield detections, and could not be decided. */
  readonly undecided: readonly string[];
  /** Why some could not. */
  readonly reason: DelayReason;
}

/** What the correlations say of events, by their uuids: of those that take part in some. */
export type CorrelatedEvents = ReadonlyMap<string, CorrelatedEvent>;

/** An event with what is read for its delivery. */
export interface MatchedEvent extends MatchedWork {
  /** The look-up of the delivery's users; null when the store does not answer. */
  readonly lookUp: Promise<Findings | null>;
  /** What the correlations say of the delivery's events. */
  readonly correlated: Promise<CorrelatedEvents>;
  /** What the delivery's events are compared with. */
  readonly compared: Promise<Comparisons>;
  /** The matching events of the same delivery that may be alerted on. */
  readonly beside: EventsByUser;
}

/** A judged event, with the answer to its claim. */
export interface ClaimedEvent extends MatchedEvent {
  readonly findings: Findings | null;
  readonly decision: Decision;
  readonly started: Started;
  /** The subject of its observations. */
  readonly subject: Subject;
}

/** The decision about a candidate. */
export interface Decision {
  readonly judgement: GeoJudgement;
  /** The travel of the person; null where no rule asks for it, where it is not known, and where there is no other place. */
  readonly travel: ChosenTravel | null;
  /** What differs from the session's start; null where no rule asks for it, and where it is not known. */
  readonly sessionChanged: readonly SessionPart[] | null;
  /** The fields that the pipeline added to the event. */
  readonly enrichment: Enrichment;
  /** The rules that match, with the values that matched, and the correlations that fire. */
  readonly detections: readonly DetectionSource[];
  /** Ids of the rules and correlations that cannot be decided, as a store did not answer. */
  readonly undecided: readonly string[];
  /** Why some cannot be decided. */
  readonly undecidedReason: DelayReason;
}

/** A claim, with the window and the source beside it: the stage `record` completes or releases both. */
export interface Started {
  /** The key of the claim. */
  readonly key: string;
  /** Null when the store does not answer: the alert goes out, and may be a duplicate. */
  readonly claim: Claim | null;
  /** The session of the event's user; null for an event about no person. */
  readonly session: Session | null;
  /** The window that was opened with the claim; null for none. */
  readonly window: SuppressionWindow | null;
  /** The source that counts it; null where none does. */
  readonly source: CountedSource | null;
  /** Whether it is a failed attempt that its source could not count for now: it waits. */
  readonly isSourceBusy: boolean;
}
