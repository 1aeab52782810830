import type { Alert } from "../alerts/alert-schema.ts";
import type { DayCounts } from "../digest/day-counts.ts";
import type { Exception } from "../exceptions/exception.ts";
import type { SuppressionWindow } from "../history/suppression-window.ts";
import type { ParkedWork } from "./ports.ts";
import type { Match } from "./work.ts";

/** Work that is left, and the error that stopped it: null where nothing failed. */
export interface LeftWork extends ParkedWork {
  readonly error: unknown;
}

/** The results of the pipeline. The stages return it; `record.ts` acts on it. */
export type Result =
  /** No rule matches the event. */
  | { readonly kind: "unmatched" }
  /** The event is a part of correlations, and no more. */
  | { readonly kind: "observed" }
  /** The event is done already; rules that its alert left undecided, and correlations that fire since, may be left. */
  | { readonly kind: "duplicate"; readonly left: readonly LeftWork[] }
  /** Exceptions cover every detection. */
  | { readonly kind: "excepted"; readonly by: readonly Exception[] }
  /** The window of an earlier alert counts the event, and suppresses its alert. */
  | {
      readonly kind: "grouped";
      readonly by: readonly Exception[];
      /** The window, with this event counted. */
      readonly window: SuppressionWindow;
      /** The detections that no exception covers. */
      readonly matched: readonly Match[];
    }
  /** A failed attempt of a storm, or what ThreatInsight says of one: the alerts about the storm report it. */
  | { readonly kind: "inStorm"; readonly by: readonly Exception[] }
  /** A sign-in of one of many persons from one source: a later alert reports them together. */
  | {
      readonly kind: "gathered";
      readonly by: readonly Exception[];
      /** The window that its own alert would have opened; null for none. */
      readonly window: SuppressionWindow | null;
    }
  /** The alert is published, or counted. */
  | {
      readonly kind: "published";
      /** Null where it was counted, and not written. */
      readonly alert: Alert | null;
      readonly by: readonly Exception[];
      /** The window that the alert opened; null for none. */
      readonly window: SuppressionWindow | null;
    }
  /** The event waits: for its claim, its window or its user's locations. */
  | { readonly kind: "parked"; readonly left: LeftWork }
  /** The alert could not be published. */
  | {
      readonly kind: "failed";
      readonly error: unknown;
      /** The window that the alert opened; null for none. */
      readonly window: SuppressionWindow | null;
      /** Where the publish had no answer: the alert's matches, and the number of such publishes. Else null. */
      readonly unconfirmed: { readonly count: number; readonly sent: readonly Match[] } | null;
    };

/** The result of an event, or `deadLettered` where its work is on the dead-letter queue; and the work that is left. */
export interface Handled {
  readonly kind: Result["kind"] | "deadLettered";
  readonly left: readonly LeftWork[];
  /** What the digest counts of the event. @default nothing */
  readonly counts?: DayCounts;
}
