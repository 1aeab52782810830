import {
  type CommonScope,
  commonScope,
  type ExceptionAdvice,
  type ScopedDetection,
  withDetection,
} from "./common-scope.ts";
import { createDoubtTest, type Doubt, type DoubtTest } from "./doubt.ts";
import type { Incident } from "./incident.ts";

/** The noise of one detection, whatever was judged. */
export interface RuleNoise {
  /** The rule's id and title, as its last alert names them. */
  readonly id: string;
  readonly title: string;
  /** The alerts that incidents keep, those of true positives left out. */
  readonly alerts: number;
  /** The persons of them, as far as alerts name one: those about a storm name none. */
  readonly persons: number;
  /** The exception that would halve them; null where none may be proposed. */
  readonly except: ({ readonly scope: ExceptionAdvice } & Pick<CommonScope, "covers" | "inDoubt">) | null;
  /** What speaks against an exception that would halve them otherwise; null where nothing does. */
  readonly doubt: Doubt | null;
}

/**
 * The noise of each detection since a time, the loudest first. An exception covers neither a true positive nor, as long as it waits for a
 * verdict, an alert of severity critical or in a storm.
 *
 * @param incidents all that are known, by whose verdicts it is known what an attacker did
 * @param since ISO 8601, UTC
 */
export function noiseOf(incidents: readonly Incident[], since: string): readonly RuleNoise[] {
  const doubtOf = createDoubtTest(incidents);
  const current = incidents
    .filter(({ verdict }) => verdict?.verdict !== "true-positive")
    .flatMap(({ alerts, user }) =>
      alerts.flatMap((alert) =>
        alert.detectedAt >= since ? alert.detections.map((detection) => ({ detection, alert, user })) : [],
      ),
    );
  const byRule = Map.groupBy(current, ({ detection }) => detection.id);
  return [...byRule]
    .map(([id, alerts]): RuleNoise => {
      const last = alerts.reduce((a, b) => (b.alert.detectedAt > a.alert.detectedAt ? b : a));
      const persons = new Set(alerts.flatMap(({ user }) => (user === null ? [] : (user.login ?? user.id ?? ""))));
      return {
        id,
        title: last.detection.title,
        alerts: alerts.length,
        persons: persons.size,
        ...halvingException(id, alerts, doubtOf),
      };
    })
    .sort((a, b) => b.alerts - a.alerts || a.title.localeCompare(b.title));
}

/** The alerts of all true positives. */
export function countTruePositives(incidents: readonly Incident[]): number {
  return incidents
    .filter(({ verdict }) => verdict?.verdict === "true-positive")
    .reduce((sum, { alerts }) => sum + alerts.length, 0);
}

function halvingException(
  id: string,
  alerts: readonly ScopedDetection[],
  doubtOf: DoubtTest,
): Pick<RuleNoise, "except" | "doubt"> {
  const { scope, covers, inDoubt, doubted } = commonScope(alerts, doubtOf, { mayCoverAll: false });
  const isHalf = (count: number) => count * 2 >= alerts.length;
  if (scope !== null && isHalf(covers)) {
    return { except: { scope: withDetection(scope, id, alerts), covers, inDoubt }, doubt: null };
  }
  return { except: null, doubt: doubted !== null && isHalf(doubted.covers) ? doubted.doubt : null };
}
