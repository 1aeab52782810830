import type { Session } from "../grouping/session.ts";
import type { SuppressionWindow } from "../history/suppression-window.ts";
import type { GeoJudgement } from "../profiles/judge-location.ts";
import type { MatchedSelection } from "../sigma/compile.ts";
import type { Enrichment } from "../sigma/field.ts";
import type { Rule } from "../sigma/rule.ts";
import type { Budget } from "../time/budget.ts";
import type { Claim } from "./claims.ts";
import type { Candidate } from "./match.ts";
import type { Subject } from "./observation.ts";
import type { EventsByUser } from "./person.ts";
import type { Findings, PipelinePorts } from "./ports.ts";
import type { Work } from "./work.ts";

/* What the stages of the pipeline pass on. */

/** What the stages work with: the ports, and the time that the request has. */
export interface Run {
  readonly ports: PipelinePorts;
  readonly budget: Budget;
}

/** An event that rules match, or may match, on its way. */
export interface MatchedEvent {
  readonly candidate: Candidate;
  readonly work: Work;
  /** The look-up of the delivery's users; null when the store could not be asked. */
  readonly lookUp: Promise<Findings | null>;
  /** The matching events of the same delivery. */
  readonly beside: EventsByUser;
}

/** An event whose rules are judged and whose work is claimed, or is not. */
export interface ClaimedEvent extends MatchedEvent {
  readonly findings: Findings | null;
  readonly decision: Decision;
  readonly started: Started;
  /** What its observations are about. */
  readonly subject: Subject;
}

/** What is decided about a candidate. */
export interface Decision {
  readonly judgement: GeoJudgement;
  /** What was added to the event for rules to ask for. */
  readonly enrichment: Enrichment;
  /** The rules that match, and by what. */
  readonly detections: readonly { readonly rule: Rule; readonly matched: readonly MatchedSelection[] }[];
  /** Ids of the rules that cannot be decided, as the profile store could not be asked. */
  readonly undecided: readonly string[];
}

/** Work that is claimed, or is not: what has to be completed or released, whatever comes of it. */
export interface Started {
  /** The key of the claim. */
  readonly key: string;
  /** Null when the store could not be asked: then the alert goes out, and may be a duplicate. */
  readonly claim: Claim | null;
  /** The session of the event's user; null for an event about no person. */
  readonly session: Session | null;
  /** The window that was opened beside; null when there is none, or another. */
  readonly window: SuppressionWindow | null;
}
