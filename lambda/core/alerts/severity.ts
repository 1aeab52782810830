import type { LogEvent } from "../okta/log-event.ts";
import { findMask, looksLikeLogin, maskEvent } from "../okta/stranger.ts";
import { adjustSeverity } from "../severity/adjustment.ts";
import { bySeverity, type Level } from "../sigma/rule.ts";
import type { Alert } from "./alert-schema.ts";
import type { AlertSource } from "./alert-source.ts";

/** What is counted of an alert that is not written. */
export interface CountedAlert {
  readonly severity: Level;
  readonly geoVerdict: Alert["geo"]["verdict"];
}

/** The part of an alert's input that decides its severity. */
export type SeveritySource = Pick<AlertSource, "event" | "detections" | "severity" | "isLogin">;

/** The severity of the alert that `createAlert` would write. */
export function severityOf(source: SeveritySource): Level {
  const severest = severestLevel(source);
  const { adjustments = [], enrichment = {} } = source.severity ?? {};
  if (adjustments.length === 0) return severest;
  const { received } = withoutStrangers(source);
  return adjustSeverity(severest, adjustments, received, enrichment).at(-1)?.to ?? severest;
}

/**
 * The highest level among the detections.
 *
 * @throws RangeError for an alert without detections
 */
export function severestLevel({ event, detections }: Pick<AlertSource, "event" | "detections">): Level {
  const [first, ...others] = detections;
  if (first === undefined) throw new RangeError(`an alert about ${event.uuid} needs at least one detection`);
  return others.reduce<Level>(
    (level, { rule }) => (bySeverity(rule.level, level) < 0 ? rule.level : level),
    first.rule.level,
  );
}

/** The event with a stranger's texts masked: what an alert reads. */
export function withoutStrangers({ event, isLogin = isAddress }: Pick<AlertSource, "event" | "isLogin">): LogEvent {
  const mask = findMask(event, isLogin);
  return mask === null ? event : maskEvent(event, mask);
}

/** Whether a text is a login, where the org's domains are not known. */
export const isAddress = (login: string): boolean => looksLikeLogin(login, []);
