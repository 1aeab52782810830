import type { UserState } from "../history/history.ts";
import type { Suppressed } from "../history/suppression-window.ts";
import type { Delivery } from "../okta/event-hook.ts";
import type { LogEvent } from "../okta/log-event.ts";
import type { GeoJudgement } from "../profiles/judge-location.ts";
import type { SeverityAdjustment } from "../severity/adjustment.ts";
import type { MatchedSelection } from "../sigma/compile.ts";
import type { Enrichment } from "../sigma/field.ts";
import type { Rule } from "../sigma/rule.ts";

/** What an alert is made of. */
export interface AlertSource {
  readonly event: LogEvent;
  readonly delivery: Pick<Delivery, "id" | "org" | "eventHookId" | "source">;
  /** The rules that matched, and by what: at least one. */
  readonly detections: readonly { readonly rule: Rule; readonly matched: readonly MatchedSelection[] }[];
  readonly judgement: GeoJudgement;
  readonly thresholdKm: number;
  readonly detectedAt: Date;
  /** @default false */
  readonly followUp?: boolean;
  /** Why and since when the event waited. @default null, it did not */
  readonly delay?: { readonly reason: string; readonly since: Date } | null;
  /** Names of fields that the event lost while it waited. @default null, it is whole */
  readonly eventCut?: readonly string[] | null;
  /** What is remembered of the user. @default null, that is not known */
  readonly state?: UserState | null;
  /** Sessions that were suppressed before this. @default null, that is not known */
  readonly suppressed?: Suppressed | null;
  /** Whether it reports what was suppressed after an alert, and no session start of its own. @default false */
  readonly reportsSuppressed?: boolean;
  /** Whether a login is one of the org: that of a user whom Okta does not know is masked else. @default any e-mail address is */
  readonly isLogin?: (login: string) => boolean;
  /** What is asked for the severity. @default none */
  readonly severity?: { readonly adjustments: readonly SeverityAdjustment[]; readonly enrichment: Enrichment };
}
