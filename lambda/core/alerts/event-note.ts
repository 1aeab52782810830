import type { EventNote } from "../correlation/group-state.ts";
import { valueAt } from "../okta/lenient.ts";
import { type LogEvent, publishedTime, sessionStart } from "../okta/log-event.ts";
import { succeeded } from "../okta/outcome.ts";
import { isUnknown } from "../okta/person.ts";
import { isRiskChange } from "../okta/risk.ts";
import { findMask, maskEvent } from "../okta/stranger.ts";
import { shorten } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import { describeDeed } from "./deed.ts";
import { type AlertFacts, alertFacts } from "./facts.ts";
import { isByUser, isNamed, nameLoginsDoneTo, nameProxy, nameUser } from "./wording.ts";

/** The longest texts of a note, in UTF-16 code units: a group of a correlation keeps many notes. */
const maximumName = 60;
const maximumDeed = 120;

/**
 * Notes of an event what alerts of later events say of it: who did what, from where, through what. Texts that a stranger
 * typed are masked.
 *
 * @param isLogin whether a login is one of the org
 */
export function noteOf(event: LogEvent, isLogin: (login: string) => boolean): EventNote {
  const mask = findMask(event, isLogin);
  return noteOfMasked(mask === null ? event : maskEvent(event, mask));
}

/** The same of an event that is masked already. */
export function noteOfMasked(event: LogEvent): EventNote {
  const facts = alertFacts({
    event,
    delivery: { id: null, org: null, eventHookId: null, source: "hook" },
    judgement: { verdict: "unknown", reason: "", distanceKm: null, nearestProfileLocation: null },
    thresholdKm: 0,
    detectedAt: new Date(publishedTime(event.published)),
  });
  return {
    eventType: shorten(event.eventType, maximumDeed),
    person: brief(personOfNote(facts)),
    deed: isRejectedPush(event) ? "rejected an MFA push" : describeDone(facts, event.fields.displayMessage),
    succeeded: succeeded(facts.session.outcome),
    from: brief(origin(facts)),
    through: brief(nameProxy(facts) ?? system(facts)),
    client: brief([facts.client.browser, facts.client.os].filter(Boolean).join(" on ")),
    userId: brief(userToUndo(facts)),
  };
}

const brief = (text: string | null) => (text === null || text === "" ? null : shorten(text, maximumName));

/** Who did it: the person of the alert, or else the actor. */
function personOfNote(facts: AlertFacts): string | null {
  const { user, actor } = facts;
  if (!isNamed(user) && !isNamed(actor)) return null;
  if (isNamed(user) && (isByUser(facts) || !isNamed(actor))) return nameUser({ ...facts, storm: null });
  return [actor.displayName, actor.login, actor.id].find((each) => !isUnknown(each)) ?? null;
}

/**
 * What was done, in the past tense and in few words: `started an Okta session`, `created token deploy`.
 *
 * @param displayMessage Okta's name of the act, where our words have none
 */
export function describeDone(
  facts: Pick<Alert, "okta" | "session" | "change" | "targets" | "user" | "actor">,
  displayMessage: string | null,
): string {
  return shorten(done(facts, displayMessage), maximumDeed);
}

function done(facts: Parameters<typeof describeDone>[0], displayMessage: string | null): string {
  const { session, change, user, okta } = facts;
  const isDone = succeeded(session.outcome);
  if (okta.eventType === sessionStart) {
    return isDone
      ? "started an Okta session"
      : `tried to start an Okta session (${session.reason ?? session.outcome ?? "unknown"})`;
  }
  const step = isDone ? describeStep(facts) : null;
  if (step !== null) return step;
  const whom = nameLoginsDoneTo(facts);
  if (isRiskChange(okta.eventType)) return `reported ${change ?? "a change of risk"} of ${user.login ?? user.id}`;
  const deed = describeDeed(facts, whom);
  if (deed !== null) return deed;
  const of = [change, whom].filter((each) => each !== null).join(", of ");
  const failed = isDone ? "" : ` (${session.outcome})`;
  return `did "${displayMessage ?? okta.eventType}"${of === "" ? "" : `: ${of}`}${failed}`;
}

/** What Okta Verify answers where the user rejects a push, without a number to choose and with one. */
const answersToPush = ["pushOnlyResponseType", "pushWithNumberChallengeResponseType"] as const;

function isRejectedPush({ eventType, fields: { debugData } }: LogEvent): boolean {
  const isMfa = eventType.toLowerCase() === "user.authentication.auth_via_mfa";
  return isMfa && answersToPush.some((name) => /_DENY$/i.test(String(valueAt(debugData, name) ?? "")));
}

/** Steps of a sign-in and of a session that change nothing, by Okta's event type. */
const steps: ReadonlyMap<string, string> = new Map([
  ["user.authentication.auth_via_mfa", "passed MFA"],
  ["user.authentication.verify", "passed authentication"],
  ["user.mfa.okta_verify.deny_push", "rejected an MFA push"],
  ["user.session.access_admin_app", "opened the Admin Console"],
]);

function describeStep({ okta, targets }: Pick<Alert, "okta" | "targets">): string | null {
  const type = okta.eventType.toLowerCase();
  if (type !== "user.authentication.sso") return steps.get(type) ?? null;
  const apps = targets.filter((target) => target.type === "AppInstance");
  const names = apps.flatMap(({ displayName, login, id }) => displayName ?? login ?? id ?? []);
  return names.length === 0 ? "opened an app" : `opened app ${names.join(", ")}`;
}

/** `Toronto, Canada, 203.0.113.7`. */
function origin({ geo, network }: AlertFacts): string {
  const { city, country } = geo.exit;
  return [city, country, network.ip].filter((each) => each !== null).join(", ");
}

function system({ network: { asNumber, asOrg } }: AlertFacts): string | null {
  return asNumber === null ? asOrg : [`AS${asNumber}`, asOrg].filter(Boolean).join(" ");
}

/** The user that the act changed; of a session start, its person. */
function userToUndo({ okta, user, targets }: AlertFacts): string | null {
  const changed = targets.find(({ type }) => type?.toLowerCase() === "user");
  return okta.eventType === sessionStart ? user.id : (changed?.id ?? null);
}
