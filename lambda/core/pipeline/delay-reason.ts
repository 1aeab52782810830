/**
 * The reasons why work waits. Alerts carry these sentences to every subscriber, so that they quote no error: errors of
 * AWS name accounts, roles and resources. The log holds the error.
 */
export const delayReasons = {
  timeRanOut: "the time ran out",
  storeDown: "the profile store could not be asked where the user is expected",
  notPublished: "the alert could not be published",
  unconfirmed: "the alert was published, but no answer came, so that it may arrive more than once",
  inProgress: "another request is at this event, or was stopped at it",
  correlationUndecided: "the events before it could not be read or kept, by which its correlations are decided",
  groupBusy: "events of one group came faster than a correlation could take them",
  undecidedBefore: "it could not be decided when the event was alerted on",
  windowOpen: "its window is open: it reports what the window suppresses",
  sourceBusy: "failed sign-ins from its source came faster than they could be counted",
  gathering: "sign-ins of many persons from one source are gathered for five minutes",
  stormWatched: "its storm goes on: it reports how that grows, and its end",
  sessionInProgress: "an alert about the same user and network is in progress, which may suppress this one",
  deadLettered: "it lay on the dead-letter queue",
  other: "it could not be finished when the event came",
} as const;

/** A sentence of {@link delayReasons}. */
export type DelayReason = (typeof delayReasons)[keyof typeof delayReasons];

const known: ReadonlySet<string> = new Set(Object.values(delayReasons));

/** Reads a reason: an unknown sentence, of another release or of an operator, becomes `other`. */
export function readDelayReason(text: string): DelayReason {
  return known.has(text) ? (text as DelayReason) : delayReasons.other;
}
