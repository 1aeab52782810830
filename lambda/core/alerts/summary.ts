import { type LogEvent, sessionStart } from "../okta/log-event.ts";
import { succeeded } from "../okta/outcome.ts";
import { isRiskChange } from "../okta/risk.ts";
import { plural } from "../text/shorten.ts";
import { clockOf } from "./clock.ts";
import type { AlertFacts } from "./facts.ts";
import { explainSessionChange } from "./session-change.ts";
import { isChain, isOfOneOrigin, type Story, summarizeActs } from "./story.ts";
import { explainTravel } from "./travel.ts";
import {
  describeActor,
  describeAge,
  describeDistance,
  describeExit,
  describePersonsDoneTo,
  describeProxy,
  describeUser,
  hasOrigin,
  isByUser,
  isNamed,
} from "./wording.ts";

/** An act other than a session start, in the words of the alert. */
export interface Action {
  /** Okta's name of the act: `Grant user privilege`. */
  readonly name: string;
  /** Whether it is a change of a user's risk level, which Okta makes. */
  readonly isRisk: boolean;
  /** Whether a person did it: the user of the alert. */
  readonly isByUser: boolean;
  /** The persons that it was done to, except the actor: `Ada Marques (ada@example.com)`; null for none. */
  readonly whom: string | null;
}

/** The longest name of an action, in UTF-16 code units. */
const maximumName = 200;

/** Names an act other than a session start. Null for a session start. */
export function describeAction(event: LogEvent, facts: AlertFacts): Action | null {
  if (event.eventType === sessionStart) return null;
  return {
    name: (event.fields.displayMessage ?? event.eventType).slice(0, maximumName).toWellFormed(),
    isRisk: isRiskChange(event.eventType),
    isByUser: isByUser(facts),
    whom: describePersonsDoneTo(facts),
  };
}

/**
 * One sentence that a person can act on; one more about an impossible travel, a changed session, and for an event that is not recent.
 *
 * @param story what came together with the event; null for nothing
 */
export function summarize(facts: AlertFacts, action: Action | null, story: Story | null): string {
  const age = describeAge(facts);
  const sentence = story === null ? summarizeAct(facts, action) : summarizeStory(facts, action, story);
  const compared = [explainTravel(facts), explainSessionChange(facts)].filter((each) => each !== null);
  return `${[sentence, ...compared].join(" ")}${age === null ? "" : ` Okta published it at ${clockOf(facts.okta.published)}, ${age}.`}`;
}

function summarizeStory(facts: AlertFacts, action: Action | null, story: Story): string {
  const acts = summarizeActs(story, describeUser(facts));
  if (!isChain(story)) return `${acts}. The last: ${summarizeAct(facts, action)}`;
  if (!hasOrigin(facts)) return `${acts}.`;
  return `${acts},${isOfOneOrigin(story) ? "" : " the last"}${place(facts)}.`;
}

function summarizeAct(facts: AlertFacts, action: Action | null): string {
  const { session, change } = facts;
  const outcome = succeeded(session.outcome) ? "" : ` (${session.outcome})`;
  if (action === null) {
    const verb = succeeded(session.outcome) ? "started an Okta session" : `tried to start an Okta session${outcome}`;
    return `${describeUser(facts)} ${verb}${place(facts)}.`;
  }
  if (action.isRisk) return `${describeRisk(facts, action)}${hasOrigin(facts) ? place(facts) : ""}.`;
  const to = action.whom === null ? "" : ` to ${action.whom}`;
  const done = change === null ? `"${action.name}"${to}` : `"${action.name}": ${change}${to === "" ? "" : `,${to}`}`;
  return `${action.isByUser ? describeUser(facts) : describeActor(facts)} did ${done}${outcome}${hasOrigin(facts) ? place(facts) : ""}.`;
}

/** What an alert says that reports suppressed session starts. */
export function summarizeSuppressed(facts: AlertFacts): string {
  const { count, since } = facts.heldBack ?? { count: 0, since: null };
  const verb = succeeded(facts.session.outcome) ? "started" : "tried to start";
  return `${describeUser(facts)} ${verb} ${plural(count, "more Okta session")}${place(facts)}, like the one that was alerted on at ${since ?? "an unknown time"}. They were suppressed, and no alert has reported them since.`;
}

const levels = ["LOW", "MEDIUM", "HIGH"];

/** `Okta raised the risk of Ada (ada@example.com) from LOW to HIGH, by "Session Influenced User Risk": …`. */
function describeRisk(facts: AlertFacts, action: Action): string {
  const { level, previousLevel, reasons, detectionName } = facts.risk;
  const isOkta = facts.actor.type?.toLowerCase() === "systemprincipal" || facts.actor.id === null;
  const who = isOkta || action.isByUser ? "Okta" : describeActor(facts);
  const before = levels.indexOf(previousLevel ?? "");
  const after = levels.indexOf(level ?? "");
  const verb = before < 0 || after < 0 ? "set" : after > before ? "raised" : after < before ? "lowered" : "kept";
  const from = previousLevel === null || verb === "kept" ? "" : ` from ${previousLevel}`;
  const to = level === null ? "" : ` ${verb === "kept" ? "at" : "to"} ${level}`;
  const by = detectionName === null ? "" : `, by "${detectionName}"`;
  const why = reasons.length === 0 ? "" : `: ${reasons.join(", ")}`;
  const whose = isNamed(facts.user) ? describeUser(facts) : "a user whom the event does not name";
  return `${who} ${verb} the risk of ${whose}${from}${to}${by}${why}`;
}

/** ` through Tor in Toronto, Canada, 5,740 km from Lisbon, PT (home), from 203.0.113.7`. */
function place(facts: AlertFacts): string {
  const proxy = describeProxy(facts);
  const { ip } = facts.network;
  const exit = [describeExit(facts), describeDistance(facts)].filter(Boolean).join(", ");
  return `${proxy === null ? "" : ` through ${proxy}`} in ${exit}, from ${ip ?? "an unknown address"}`;
}
