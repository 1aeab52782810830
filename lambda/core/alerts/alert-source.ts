import type { Firing } from "../correlation/correlate.ts";
import type { UserState } from "../history/history.ts";
import type { Suppressed } from "../history/suppression-window.ts";
import type { Delivery } from "../okta/event-hook.ts";
import type { LogEvent } from "../okta/log-event.ts";
import type { GeoJudgement } from "../profiles/judge-location.ts";
import type { SessionPart } from "../session-start/session-change.ts";
import type { SeverityAdjustment } from "../severity/adjustment.ts";
import type { MatchedSelection } from "../sigma/compile.ts";
import type { Enrichment } from "../sigma/field.ts";
import type { Rule } from "../sigma/rule.ts";
import type { Travel } from "../travel/travel.ts";
import type { IncidentSource } from "./incident.ts";
import type { AlertStorm } from "./storm.ts";

/** A rule that an alert's event matches, or a correlation that it completes. */
export interface DetectionSource {
  readonly rule: Pick<
    Rule,
    "id" | "title" | "level" | "description" | "tags" | "references" | "falsePositives" | "triage"
  >;
  /** The values that matched; empty for a correlation. */
  readonly matched: readonly MatchedSelection[];
  /** The firing of the correlation. @default null, it is a rule */
  readonly firing?: Firing | null;
}

/** The input of an alert. */
export interface AlertSource {
  readonly event: LogEvent;
  readonly delivery: Pick<Delivery, "id" | "org" | "eventHookId" | "source">;
  /** The rules that matched and the correlations that fired, at least one. */
  readonly detections: readonly DetectionSource[];
  readonly judgement: GeoJudgement;
  readonly thresholdKm: number;
  /** The travel of the person. @default null, it is not known */
  readonly travel?: Travel | null;
  /** What differs from the session's start. @default null, it is not known */
  readonly sessionChanged?: readonly SessionPart[] | null;
  readonly detectedAt: Date;
  /** @default false */
  readonly followUp?: boolean;
  /** Why and since when the event waited. @default null, it did not */
  readonly delay?: { readonly reason: string; readonly since: Date } | null;
  /** Names of fields that the event lost while it waited. @default null, it is whole */
  readonly eventCut?: readonly string[] | null;
  /** The user's remembered state. @default null, it is not known */
  readonly state?: UserState | null;
  /** Sessions that were suppressed before this. @default null, that is not known */
  readonly suppressed?: Suppressed | null;
  /** The incident that it belongs to. @default that of its event, of which nothing is known */
  readonly incident?: IncidentSource;
  /** Whether it reports what was suppressed after an alert, and no session start of its own. @default false */
  readonly reportsSuppressed?: boolean;
  /** The storm that the session start stands in. @default null, none */
  readonly storm?: AlertStorm | null;
  /**
   * Whether a login is one of the org; other logins of users whom Okta does not know are masked. @default any e-mail
   * address is
   */
  readonly isLogin?: (login: string) => boolean;
  /**
   * Whether the summary, the steps and the history are written: they take most of an alert's time. Without them they are
   * empty, and null.
   *
   * @default true
   */
  readonly withWords?: boolean;
  /** The adjustments of the severity, and the fields that they read. @default none */
  readonly severity?: { readonly adjustments: readonly SeverityAdjustment[]; readonly enrichment: Enrichment };
}
