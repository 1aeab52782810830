import { judgedUntil, type Verdict } from "../history/verdict.ts";
import { commonScope, type ExceptionAdvice, type ScopedDetection, withDetection } from "./common-scope.ts";
import { createDoubtTest, type Doubt, type DoubtTest } from "./doubt.ts";
import type { Incident, IncidentAlert } from "./incident.ts";

/** What became of the alerts of one detection, by the verdicts of their incidents. */
export interface RuleScore {
  /** The rule's id and title, as its last alert names them. */
  readonly id: string;
  readonly title: string;
  readonly alerts: number;
  readonly truePositives: number;
  readonly benign: number;
  readonly expected: number;
  /** Alerts of incidents that wait for a verdict. */
  readonly open: number;
  readonly advice: Advice;
}

/** What to do about a detection. */
export type Advice =
  /** Nothing: it finds what it should, or too few of its alerts are judged. */
  | { readonly kind: "keep" | "judge" }
  /** Most of its harmless alerts are of one person or of one network: an exception would cover them. */
  | { readonly kind: "except"; readonly scope: ExceptionAdvice; readonly covers: number }
  /** Nothing for now: an exception would cover most of its harmless alerts, and something speaks against it. */
  | { readonly kind: "doubt"; readonly doubt: Doubt }
  /** Its alerts are harmless, and have nothing in common. */
  | { readonly kind: "switchOff" };

/** The least number of judged alerts that advice is given by. */
export const leastJudged = 3;
/** The share of the harmless alerts that an exception has to cover to be proposed. */
const leastShare = 0.5;

/**
 * A table of the detections of these incidents, the one with the most harmless alerts first.
 *
 * @param known all incidents, by whose verdicts it is known what an attacker did. @default these
 * @param isExcepted whether an exception in force covers an alert: it takes no further advice. @default none does
 */
export function scoreRules(
  incidents: readonly Incident[],
  known: readonly Incident[] = incidents,
  isExcepted: (each: ScopedDetection) => boolean = () => false,
): readonly RuleScore[] {
  const judged = incidents.flatMap((incident) =>
    incident.alerts.map((alert) => ({ alert, user: incident.user, verdict: verdictOn(alert, incident) })),
  );
  const doubtOf = createDoubtTest(known);
  const byRule = Map.groupBy(
    judged.flatMap((each) => each.alert.detections.map((detection) => ({ ...each, detection }))),
    ({ detection }) => detection.id,
  );
  const scores = [...byRule].map(([id, alerts]): RuleScore => {
    const count = (verdict: Verdict["verdict"]) => alerts.filter((each) => each.verdict === verdict).length;
    const last = alerts.reduce((a, b) => (b.alert.detectedAt > a.alert.detectedAt ? b : a));
    const counts = {
      truePositives: count("true-positive"),
      benign: count("benign"),
      expected: count("expected"),
      open: alerts.filter(({ verdict }) => verdict === null).length,
    };
    const harmless = alerts.filter(({ verdict }) => verdict === "benign" || verdict === "expected");
    const advice = adviceOn({ id, ...counts }, harmless, doubtOf, isExcepted);
    return { id, title: last.detection.title, alerts: alerts.length, ...counts, advice };
  });
  const noise = ({ benign, expected, truePositives }: RuleScore) => benign + expected - truePositives;
  return scores.sort((a, b) => noise(b) - noise(a) || b.alerts - a.alerts || a.title.localeCompare(b.title));
}

/** What became of alerts, each counted once, however many detections it names. */
export function scoreAlerts(
  incidents: readonly Incident[],
): Pick<RuleScore, "alerts" | "truePositives" | "benign" | "expected" | "open"> {
  const verdicts = incidents.flatMap((incident) => incident.alerts.map((alert) => verdictOn(alert, incident)));
  const count = (wanted: Verdict["verdict"] | null) => verdicts.filter((verdict) => verdict === wanted).length;
  return {
    alerts: verdicts.length,
    truePositives: count("true-positive"),
    benign: count("benign"),
    expected: count("expected"),
    open: count(null),
  };
}

/** The verdict on an alert; null where it came after the verdict on its incident, or there is none. */
function verdictOn({ detectedAt }: IncidentAlert, { verdict }: Incident): Verdict["verdict"] | null {
  return verdict === null || detectedAt > judgedUntil(verdict) ? null : verdict.verdict;
}

function adviceOn(
  { id, truePositives, open }: Pick<RuleScore, "id" | "truePositives" | "open">,
  harmless: readonly ScopedDetection[],
  doubtOf: DoubtTest,
  isExcepted: (each: ScopedDetection) => boolean,
): Advice {
  if (truePositives > 0) return { kind: "keep" };
  if (harmless.length < leastJudged) return { kind: open > 0 ? "judge" : "keep" };
  const left = harmless.filter((each) => !isExcepted(each));
  if (left.length < leastJudged) return { kind: "keep" };
  const { scope, covers, isSetApart, doubted } = commonScope(left, doubtOf);
  if (scope !== null && covers >= leastShare * left.length) {
    return { kind: "except", scope: withDetection(scope, id, left), covers };
  }
  if (doubted !== null && doubted.covers >= leastShare * left.length) return { kind: "doubt", doubt: doubted.doubt };
  // An exception is made for a part of the alerts: they have that in common.
  return { kind: isSetApart || left.length < harmless.length ? "keep" : "switchOff" };
}
