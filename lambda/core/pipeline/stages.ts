import type { Session } from "../grouping/session.ts";
import type { SuppressionWindow } from "../history/suppression-window.ts";
import type { GeoJudgement } from "../profiles/judge-location.ts";
import type { MatchedSelection } from "../sigma/compile.ts";
import type { Enrichment } from "../sigma/field.ts";
import type { Rule } from "../sigma/rule.ts";
import type { SourceKey } from "../storms/source.ts";
import type { CountedSource } from "../storms/sources.ts";
import type { Budget } from "../time/budget.ts";
import type { Claim } from "./claims.ts";
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

/** An event that rules match, or may match. */
export interface MatchedEvent {
  readonly candidate: Candidate;
  readonly work: Work;
  /** The look-up of the delivery's users; null when the store does not answer. */
  readonly lookUp: Promise<Findings | null>;
  /** The matching events of the same delivery. */
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
  /** The fields that the pipeline added to the event. */
  readonly enrichment: Enrichment;
  /** The rules that match, with the values that matched. */
  readonly detections: readonly { readonly rule: Rule; readonly matched: readonly MatchedSelection[] }[];
  /** Ids of the rules that cannot be decided, as the profile store did not answer. */
  readonly undecided: readonly string[];
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
