import type { ExceptionScope } from "../../lambda/core/exceptions/exception.ts";
import type { Doubt } from "../../lambda/core/incidents/doubt.ts";
import type { NetworkKind } from "../../lambda/core/okta/network-service.ts";
import type { Level } from "../../lambda/core/sigma/rule.ts";
import type { Place } from "../world-map.ts";

/*
 * What a report says, without how it looks. A number that its source does not know is null. Tables are bounded: what exceeds them is
 * counted in a row of its own.
 */

/** Counts of alerts, by how the pipeline sends them. */
export interface Outcomes {
  /** Events that detections match: the sum of the next five. */
  readonly matched: number;
  /** Events with an alert of their own. */
  readonly alerted: number;
  readonly suppressed: number;
  readonly inStorm: number;
  readonly gathered: number;
  readonly excepted: number;
  /** Alerts about storms and gathered sign-ins. */
  readonly reports: number;
}

/** A report. */
export interface Report {
  readonly schemaVersion: "1.0";
  readonly kind: "report";
  /** What it is made of: the name of an export, of an org, or of a deployment. */
  readonly source: string;
  /** Whether persons, networks and what names them have pseudonyms. */
  readonly anonymized: boolean;
  /** The first and the last day (`2026-11-16`, UTC); null where there is no event. */
  readonly from: string | null;
  readonly to: string | null;
  /** The days from the first to the last. */
  readonly days: number;
  /** The detections' distance of a mismatch, in kilometers; null where no profile location is given. */
  readonly distanceKm: number | null;
  readonly signIns: SignIns;
  readonly outcomes: Outcomes;
  /** All alerts: `alerted` and `reports`. */
  readonly alerts: number;
  /** The severest first; those without an alert are left out. */
  readonly severities: readonly { readonly severity: Level; readonly alerts: number }[];
  readonly exits: Table<ExitRow>;
  readonly homes: readonly HomeRow[];
  /** Days in order, those without a sign-in or an alert among them. */
  readonly calendar: readonly CalendarDay[];
  /** One sign-in may have several kinds and operators; null stands for those that Okta does not name. */
  readonly kinds: readonly (Named & { readonly kind: NetworkKind | null })[];
  readonly operators: Table<Named & { readonly operator: string | null }>;
  readonly persons: Table<PersonRow>;
  readonly detections: readonly DetectionRow[];
  readonly exceptions: ProposedExceptions;
  /** Null without profile locations. */
  readonly thresholds: readonly ThresholdRow[] | null;
}

/** Session starts (`user.session.start`). */
export interface SignIns {
  /** Null where only those through anonymous networks are known. */
  readonly all: number | null;
  readonly failed: number | null;
  /** Through anonymous networks. */
  readonly anonymous: number;
  /** Those of them that failed. */
  readonly anonymousFailed: number;
  /** The persons of them; where alerts alone are known, those of alerts. */
  readonly persons: number;
}

/** A bounded table. */
export interface Table<Row> {
  readonly rows: readonly Row[];
  /** The number of things beyond the rows. */
  readonly more: number;
  /** The sign-ins of them, and of what exceeds the bound of what is distinguished. */
  readonly moreSignIns: number;
}

/** Sign-ins through anonymous networks, and their persons. */
export interface Named {
  readonly signIns: number;
  /** Null where they are not known. */
  readonly persons: number | null;
}

/** A place that sign-ins through anonymous networks came out at. */
export interface ExitRow {
  /** `Toronto, Ontario, Canada`. */
  readonly place: string;
  /** Null where Okta names no more than a country. */
  readonly at: Place | null;
  readonly signIns: number;
  /** Those farther than the threshold from every profile location of their person. */
  readonly far: number;
  readonly alerts: number;
  /** The highest of the alerts; null for none. */
  readonly severity: Level | null;
  /** The profile location that most of the far ones are measured from. */
  readonly home: Place | null;
}

/** A profile location of persons who signed in through anonymous networks. */
export interface HomeRow {
  readonly place: string;
  readonly at: Place;
  readonly persons: number;
}

/** A day (UTC). */
export interface CalendarDay {
  /** `2026-11-16`. */
  readonly day: string;
  /** Sign-ins through anonymous networks. */
  readonly signIns: number;
  /** Those by hour, 24 numbers; null where hours are not known. */
  readonly hours: readonly number[] | null;
  readonly alerts: number;
}

/** An anonymous network that a person came through, as far as Okta names it. */
export interface PersonNetwork {
  /** The gravest first. */
  readonly kinds: readonly NetworkKind[];
  readonly operators: readonly string[];
}

/** A person who signed in through an anonymous network, or whom an alert is about. */
export interface PersonRow {
  readonly person: string;
  /** Null where alerts alone are known, and so is `failed`. */
  readonly signIns: number | null;
  readonly failed: number | null;
  readonly alerts: number;
  /** Sign-ins beyond the threshold; null where no location of the person is known. */
  readonly far: number | null;
  /** Kilometers between the farthest exit and the nearest profile location; null where nothing could be measured. */
  readonly farthestKm: number | null;
  /** The first and the last of the sign-ins, or of the alerts where these alone are known (`2026-11-16`); null for none. */
  readonly first: string | null;
  readonly last: string | null;
  /** The networks, the gravest kind first, then the most frequent, at most three. */
  readonly networks: readonly PersonNetwork[];
  /** Whether the first sign-in lies in the last seven days of two weeks or more; null for a shorter report. */
  readonly isNew: boolean | null;
  /** Whether sign-ins through the same network and operator came on several days. */
  readonly isUsual: boolean;
}

/** A detection, or a correlation. */
export interface DetectionRow {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  /** Events, or firings of a correlation; null where they are not known. */
  readonly matches: number | null;
  /** Alerts that name it. */
  readonly alerts: number;
  /** Alerts in seven days: those of a report of fewer days are all in one week. */
  readonly alertsAWeek: number;
  readonly persons: number;
  /** What would halve its alerts; null for a quiet detection, and where nothing may be proposed. */
  readonly remedy: Remedy | null;
  /** What speaks against an exception that would halve them otherwise; null where nothing does. */
  readonly doubt: Doubt | null;
}

/** What would halve the alerts of a detection. */
export type Remedy =
  | (PersonsInDoubt & {
      readonly kind: "exception";
      readonly scope: ExceptionScope;
      readonly command: string;
      /** Alerts of the detection that it covers. */
      readonly covers: number;
      readonly of: number;
    })
  | {
      readonly kind: "filter";
      readonly field: string;
      readonly value: string;
      /** The Sigma filter. */
      readonly yaml: string;
      readonly covers: number;
      readonly of: number;
    };

/** A person who may be under attack, and whose alerts an exception for everyone would cover too. */
export interface PersonInDoubt {
  readonly person: string;
  /** The alerts of the person that it would cover. */
  readonly alerts: number;
}

/** The persons to judge first: {@link shownRefusals} at the most. */
export interface PersonsInDoubt {
  /** The one with the most alerts first; empty for an exception for one person. */
  readonly inDoubt: readonly PersonInDoubt[];
  /** The number of further ones. */
  readonly moreInDoubt: number;
}

/** An exception that would quieten most. */
export interface ExceptionRow extends PersonsInDoubt {
  readonly scope: ExceptionScope;
  readonly command: string;
  /** The alerts that are left with it alone; null where that is not measured. */
  readonly alerts: number | null;
  /** The alerts that it covers alone, whatever the others cover: measured by a replay, or else counted one by one. */
  readonly covers: number;
  /** The persons of these alerts, those in doubt too. */
  readonly persons: number;
  /** Those that it covers beyond the threshold. */
  readonly far: number;
}

/** The exceptions that would quieten most. */
export interface ProposedExceptions {
  readonly rows: readonly ExceptionRow[];
  /** The alerts that are left with all of them; null where that is not measured. */
  readonly together: number | null;
  /** True positives that no proposed exception covers; null where no verdicts are given. */
  readonly truePositives: number | null;
  /** Persons with alerts for whom none is proposed, the one with the most alerts first, {@link shownRefusals} at the most. */
  readonly refused: readonly RefusalRow[];
  /** The number of further ones. */
  readonly moreRefused: number;
}

/** The most persons for whom a report says why no exception is proposed. */
export const shownRefusals = 5;

/** A person for whom no exception is proposed. */
export interface RefusalRow {
  readonly doubt: Doubt;
  readonly alerts: number;
  /** The command that shows the incident; empty where there is none. */
  readonly command: string;
}

/** What another threshold would make of the same events. */
export interface ThresholdRow {
  readonly km: number;
  readonly isCurrent: boolean;
  /** Alerts about what is beyond it. */
  readonly far: number;
  /** All alerts. */
  readonly alerts: number;
}
