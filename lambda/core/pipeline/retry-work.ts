import { asksForSessionChange, asksForTravel } from "../detections/enriched-fields.ts";
import type { CompiledRule } from "../sigma/compile.ts";
import { type Budget, within } from "../time/budget.ts";
import { compareEvents } from "./compare.ts";
import { correlateEvents } from "./correlate.ts";
import { findCorrelation, rulesBelow } from "./correlations.ts";
import { handleEvent } from "./handle-event.ts";
import { lookUpUsers } from "./look-up.ts";
import { type Candidate, findCandidate, idsOf } from "./match.ts";
import { subjectOf } from "./observation.ts";
import { parkLeft } from "./park.ts";
import type { PipelinePorts } from "./ports.ts";
import { reportGathered } from "./report-gathered.ts";
import { reportSuppressed } from "./report-suppressed.ts";
import { startRun } from "./stages.ts";
import { countHandled } from "./tally.ts";
import { watchStorm } from "./watch-storm.ts";
import type { Work } from "./work.ts";

const nothingMatches = "no rule of this release matches the event any more, as far as it was kept";
const cannotBeJudged = "the event was cut to fit a message, and its rules cannot be judged without what it lost";

/**
 * Tries a piece of work again. Work whose publish has no answer is parked again, with one more publish counted. Work
 * that no rule matches any more, or that may have been published too often, goes to the dead-letter queue.
 *
 * @throws when the work has to be tried once more, with the reason
 */
export async function retryWork(work: Work, ports: PipelinePorts, budget: Budget): Promise<void> {
  const run = startRun(ports, budget);
  if (work.gathering) return await reportGathered(work, work.gathering, run);
  if (work.storm) return await watchStorm(work, work.storm, run);
  if (work.report) return await reportSuppressed(work, work.report, run);
  const { candidate, gone } = findAgain(work, ports);
  const drop = async (reason: string) => {
    await within(budget.parking, ports.deadLetterWork(work, reason, budget.parking));
    ports.observe({ kind: "workDropped", subject: subjectOf(work), whole: true, reason });
  };
  if (candidate === null) return await drop(nothingMatches);
  const lookUp = lookUpUsers([{ candidate, work }], run);
  const compared = compareEvents([{ candidate, work }], lookUp, run);
  const correlated = correlateEvents([{ candidate, work }], lookUp, compared, run);
  const handled = await handleEvent({ candidate, work, lookUp, correlated, compared, beside: new Map() }, run);
  const { kind, left } = handled;
  if (kind === "unmatched" && isBlind(work, candidate)) return await drop(cannotBeJudged);
  const isDone = kind !== "parked" && kind !== "failed";
  if (isDone && gone.length > 0) {
    const subject = { ...subjectOf(work), ruleIds: gone };
    ports.observe({ kind: "workDropped", subject, whole: false, reason: nothingMatches });
  }
  // Work whose publish has no answer is parked with its new count, in the place of this message.
  const [same] = isDone ? [] : left;
  if (same !== undefined && same.work.unconfirmed === work.unconfirmed) {
    throw new Error(same.work.waiting?.reason ?? "the work is not done", { cause: same.error });
  }
  await countHandled([handled], subjectOf(work), run);
  if (!(await parkLeft(left, run, true))) throw new Error("what is left of it could not be parked");
}

/** The fields that tell a session, and what changed in it. */
const sessionFields = ["authenticationContext", "device", "outcome", "securityContext", "target"];

/** Whether an event lost a field that its rules or the judgement of locations need. */
function isBlind({ eventCut = null }: Work, { rules }: Candidate): boolean {
  if (eventCut === null) return false;
  const items = rules.flatMap(({ rule }) => Object.values(rule.selections).flat(2));
  const ofTravel = rules.some(({ rule }) => asksForTravel(rule)) ? ["outcome", "securityContext"] : [];
  const ofSession = rules.some(({ rule }) => asksForSessionChange(rule)) ? sessionFields : [];
  const asked = new Set([
    "actor",
    "client",
    ...ofTravel,
    ...ofSession,
    ...items.map(({ field }) => field?.split(".")[0]),
  ]);
  // A keyword, which names no field, needs all of them.
  return asked.has(undefined) || eventCut.some((name) => asked.has(name));
}

/**
 * Finds the rules of parked work that still exist, and those that its correlations need. Rules that matched stay matched,
 * though the event was cut; the others are judged by the cut event.
 */
function findAgain(
  { event, rules: wanted, matched = [] }: Work,
  ports: PipelinePorts,
): { readonly candidate: Candidate | null; readonly gone: readonly string[] } {
  const { rules: ruleSet } = ports;
  const found = findCandidate(event, ruleSet);
  const isRule = (id: string) => findCorrelation(id, ports) === undefined;
  const firings = matched.filter(({ ruleId, firing }) => firing && !isRule(ruleId));
  const matchedIds = new Set(matched.map(({ ruleId }) => ruleId));
  const certain = ruleSet.rules.filter(({ rule }) => matchedIds.has(rule.id));
  const asked = wanted && rulesBelow(wanted, ports);
  const isOther = ({ rule }: CompiledRule) => !matchedIds.has(rule.id) && (asked === null || asked.has(rule.id));
  const others = (found?.rules ?? []).filter(isOther);
  const rules = [...certain, ...others];
  const ids = new Set(idsOf(rules));
  const gone = [...new Set([...matchedIds, ...(wanted ?? [])])].filter((id) => !ids.has(id) && isRule(id));
  if (rules.length === 0 && firings.length === 0) return { candidate: null, gone };
  const alsoCertain = (found?.certain ?? []).filter(isOther);
  return { candidate: { event, rules, certain: [...certain, ...alsoCertain] }, gone };
}
