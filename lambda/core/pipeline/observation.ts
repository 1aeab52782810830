import type { Alert } from "../alerts/alert-schema.ts";
import type { Exception } from "../exceptions/exception.ts";
import type { Delivery } from "../okta/event-hook.ts";
import type { LogEvent } from "../okta/log-event.ts";
import type { Work } from "./work.ts";

/** The subject of an observation: it links an event's delivery, log lines and alert. */
export interface Subject {
  readonly deliveryId: string | null;
  readonly events: readonly LogEvent[];
  /** Ids of the rules that match, or that are still undecided. */
  readonly ruleIds: readonly string[];
}

/** An event of the pipeline that has a log line or a metric. */
export type Observation = { readonly subject: Subject } & (
  | { readonly kind: "matched" | "observed" | "duplicate" | "suppressed" | "inStorm" | "gathered" }
  | { readonly kind: "alertPublished"; readonly alert: Alert }
  | { readonly kind: "excepted"; readonly by: readonly Exception[]; readonly whole: boolean }
  | { readonly kind: "sourceUnavailable" | "watcherLost"; readonly error: unknown }
  | { readonly kind: "stormReported"; readonly alert: Alert }
  | { readonly kind: "profilesUnavailable" | "claimsUnavailable" | "historyUnavailable"; readonly error: unknown }
  | { readonly kind: "withoutGroup" | "tooLateForGroup"; readonly count: number }
  | { readonly kind: "correlationsUndecided" | "travelUnknown" | "sessionChangeUnknown"; readonly error: unknown }
  | { readonly kind: "suppressedReported"; readonly count: number }
  | { readonly kind: "reportLost" | "countsLost"; readonly error: unknown }
  | { readonly kind: "refreshesLost"; readonly count: number; readonly error: unknown }
  | {
      readonly kind: "workParked";
      readonly followUp: boolean;
      readonly reason: string | null;
      /** The error that stopped the work; null where nothing failed. */
      readonly error: unknown;
    }
  /** Work that is not tried again: all of it, which is then on the dead-letter queue, or the named rules. */
  | { readonly kind: "workDropped"; readonly whole: boolean; readonly reason: string }
  | { readonly kind: "workLost"; readonly followUp: boolean; readonly reason: string | null; readonly error: unknown }
  | { readonly kind: "malformedParked"; readonly count: number }
  | { readonly kind: "malformedFailed"; readonly count: number; readonly error: unknown }
);

/** Writes an observation to the log and the metrics. */
export type Observe = (observation: Observation) => void;

/** The subject of a piece of work. */
export function subjectOf({ event, delivery, rules }: Work): Subject {
  return { deliveryId: delivery.id, events: [event], ruleIds: rules ?? [] };
}

/** The subject of a delivery, and of no event of it in particular. */
export function subjectOfWhole({ id }: Delivery): Subject {
  return { deliveryId: id, events: [], ruleIds: [] };
}
