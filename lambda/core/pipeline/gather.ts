import { type EventFacts, eventFacts } from "../alerts/facts.ts";
import { severityOf, withoutStrangers } from "../alerts/severity.ts";
import type { UserState } from "../history/history.ts";
import { publishedTime } from "../okta/log-event.ts";
import { canonicalLogin } from "../okta/person.ts";
import { risk, suspectsThreat } from "../okta/risk.ts";
import {
  type GatheredSignIn,
  type GatheringKey,
  gatheringAfter,
  gatheringAt,
  isUsualHour,
  type Signs,
  secondsUntilDue,
} from "../storms/gathering.ts";
import { maximumLogin } from "../storms/source.ts";
import { within } from "../time/budget.ts";
import { bestEffort } from "./close-window.ts";
import { firedOf } from "./correlations.ts";
import { stormAround } from "./count-source.ts";
import { delayReasons } from "./delay-reason.ts";
import type { Alertable } from "./except.ts";
import type { Grouped } from "./group.ts";
import { recallUser } from "./person.ts";
import { severitySourceOf } from "./publish.ts";
import type { Result } from "./result.ts";
import type { ClaimedEvent, Run } from "./stages.ts";
import { matchesOf } from "./work.ts";

/**
 * Gathers a sign-in of a person beyond those of the hour that come singly; null for any other event, which is alerted on. A sign-in that
 * finds no message to report its gathering parks one. Where it cannot be gathered, or that message cannot be parked, it is alerted on.
 */
export async function gatherSignIn(
  event: ClaimedEvent,
  alertable: Alertable,
  grouped: Grouped,
  run: Run,
): Promise<Extract<Result, { readonly kind: "gathered" }> | null> {
  const { source } = event.started;
  const { ports, budget } = run;
  if (source === null || !source.answer.isSurplus || standsOut(event, ports)) return null;
  // No alert about many persons tells what else it completes, or how many of the same news were suppressed before it.
  if (firedOf(alertable.left).length > 0 || (grouped.suppressed?.count ?? 0) > 0) return null;
  const read = severitySourceOf(event, alertable.left, ports);
  const facts = eventFacts(withoutStrangers(read));
  const known = recallUser(event.started.session, event.findings);
  const signIn: GatheredSignIn = {
    key: source.event.key,
    person: source.event.person,
    login: nameOf(facts) ?? source.event.login,
    severity: severityOf(read),
    signs: signsOf(facts, event, known?.whole ?? null),
  };
  const gather = async (key: GatheringKey) => {
    const gathering = await within(budget.work, ports.sources.gather(key, signIn, budget.work));
    if (gathering !== null && !gathering.parked) await parkOnce(key, event, alertable, run);
    return gathering !== null;
  };
  try {
    const key = gatheringAt(source.key, ports.now());
    if (!(await gather(key)) && !(await gather(gatheringAfter(key)))) throw new Error("the gathering is closed");
  } catch (error) {
    budget.work.throwIfAborted();
    ports.observe({ kind: "sourceUnavailable", subject: event.subject, error });
    return null;
  }
  return { kind: "gathered", by: alertable.by, window: grouped.window };
}

/** Whether a sign-in is more than one of many: it stands in a storm, or Okta rates its risk as high or suspects a threat. */
function standsOut(event: ClaimedEvent, ports: Run["ports"]): boolean {
  const { event: signIn } = event.work;
  return stormAround(event, ports) !== null || risk(signIn).level?.toUpperCase() === "HIGH" || suspectsThreat(signIn);
}

function nameOf({ user }: EventFacts): string | null {
  const name = user.login ?? user.id;
  return name === null ? null : canonicalLogin(name).slice(0, maximumLogin).toWellFormed();
}

/** What speaks for a gateway of the company, as Okta and the history know it. */
function signsOf(
  { device, behaviors, network }: EventFacts,
  { work, decision: { judgement } }: ClaimedEvent,
  state: UserState | null,
): Signs {
  const behavior = behaviors.find(({ name }) => name.toLowerCase() === "new device")?.result?.toUpperCase();
  const isNew = behavior === "POSITIVE" ? true : behavior === "NEGATIVE" ? false : null;
  const times = [...(state?.networks.values() ?? [])].flatMap(({ at, before }) => (before ? [at, before.at] : [at]));
  return {
    knownDevice: device.managed === true || device.registered === true ? true : isNew === null ? null : !isNew,
    usualHour: isUsualHour(times, publishedTime(work.event.published)),
    usualPlace: judgement.verdict === "unknown" ? null : judgement.verdict === "match",
    asNumber: network.asNumber,
  };
}

/** Parks the message that reports a gathering: sign-ins of one delivery park one. */
async function parkOnce(key: GatheringKey, event: ClaimedEvent, alertable: Alertable, run: Run): Promise<void> {
  const name = `gathered ${key.start} ${key.source}`;
  const parking = run.watchers.get(name) ?? parkReport(key, event, alertable, run);
  run.watchers.set(name, parking);
  await parking;
}

async function parkReport(
  gathering: GatheringKey,
  { work }: ClaimedEvent,
  { left }: Alertable,
  { ports, budget }: Run,
): Promise<void> {
  const now = ports.now();
  const matched = matchesOf(left);
  const rules = matched.map(({ ruleId }) => ruleId);
  const waiting = { reason: delayReasons.gathering, since: now };
  const report = { ...work, rules, matched, waiting, unconfirmed: 0, gathering };
  const parked = { work: report, delaySeconds: secondsUntilDue(gathering, now) };
  await within(budget.work, ports.parkWork([parked], budget.work));
  // Where that fails, the next sign-in parks another message: each report is published once.
  await bestEffort(within(budget.work, ports.sources.setParked(gathering, budget.work)));
}
