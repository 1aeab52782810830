import { Logger } from "@aws-lambda-powertools/logger";
import { publishedTime } from "../../core/okta/log-event.ts";
import { personOf } from "../../core/okta/person.ts";
import type { Observation, Subject } from "../../core/pipeline/observation.ts";
import { toError } from "../../core/values/error.ts";
import type { Metrics } from "./metrics.ts";
import { observationChannel } from "./observation-channel.ts";
import { serviceName } from "./service-name.ts";

/** Structured logs: ids only, never a secret, a name or an address. */
export const logger = new Logger({ serviceName });

/** The ids in every line about an event, which link its delivery and its alert. */
function namesOf({ deliveryId, events, ruleIds }: Subject) {
  return {
    deliveryId,
    ...(events.length === 1 ? { eventUuid: events[0]?.uuid } : { eventUuids: events.map(({ uuid }) => uuid) }),
    ruleIds,
  };
}

/** Logs and counts the pipeline's observations. */
export function createObserver(metrics: Metrics): (observation: Observation) => void {
  return (observation) => {
    observationChannel.publish(observation);
    observe(observation, metrics);
  };
}

function observe(observation: Observation, metrics: Metrics): void {
  const names = { kind: observation.kind, ...namesOf(observation.subject) };
  const error = "error" in observation && observation.error !== null ? { error: toError(observation.error) } : {};
  const all = { ...names, ...("count" in observation && { count: observation.count }), ...error };
  const [event] = observation.subject.events;
  const userId = event === undefined ? undefined : personOf(event)?.id;
  const count = (name: string, value = 1) => {
    if (event?.isTest !== true) metrics.count(name, value);
  };
  switch (observation.kind) {
    case "matched":
      for (const id of names.ruleIds) count(`Matches_${id}`);
      return;
    case "alertPublished": {
      const { alertId, severity, detections, geo, okta, test, detectedAt, delayReason } = observation.alert;
      if (test) {
        logger.info("Published a test alert", { ...names, alertId });
        return;
      }
      count("AlertsPublished");
      const published = publishedTime(okta.published);
      // An event without a usable time has no latency; different clocks do not make it negative.
      if (!Number.isNaN(published)) {
        const latency = Math.max(0, Date.parse(detectedAt) - published);
        metrics.milliseconds("AlertLatency", latency);
      }
      if (geo.verdict === "unknown") count("UnknownLocations");
      if (delayReason !== null) count("AlertsDelayed");
      const correlationIds = detections.flatMap(({ id, correlation }) => (correlation ? [id] : []));
      logger.info("Published an alert", {
        ...names,
        ...(correlationIds.length > 0 && { correlationIds }),
        alertId,
        severity,
        userId,
        geoVerdict: geo.verdict,
      });
      return;
    }
    case "duplicate":
      count("Duplicates");
      logger.info("Skipped an event that was alerted on before", names);
      return;
    case "excepted": {
      const { by, whole } = observation;
      if (whole) count("Excepted");
      logger.info(whole ? "An exception covers an event" : "An exception covers some of an event's detections", {
        ...names,
        userId,
        exceptionIds: by.map(({ id }) => id),
      });
      return;
    }
    case "suppressed":
      count("Suppressed");
      logger.info("Suppressed a session start: an alert about its user and network went out before", {
        ...names,
        userId,
      });
      return;
    case "inStorm":
      count("InStorm");
      logger.info("Counted a failed attempt in the storm of its source", names);
      return;
    case "gathered":
      count("Gathered");
      logger.info("Gathered a sign-in of one of many persons from one source", names);
      return;
    case "stormReported": {
      const { alertId, severity, storm } = observation.alert;
      count("StormsReported");
      const { report, attempts, succeeded } = storm ?? {};
      logger.info("Published an alert about a storm", { ...names, alertId, severity, report, attempts, succeeded });
      return;
    }
    case "watcherLost":
      logger.warn("The message that reports a storm could not be parked; the attempt is alerted on singly", all);
      return;
    case "sourceUnavailable":
      count("HistoryUnavailable");
      logger.warn("The source of a session start could not be counted; the alert goes out", all);
      return;
    case "observed":
      // Nearly all events of some kinds end so: the count is with the line of their delivery.
      count("EventsObserved");
      return;
    case "withoutGroup":
      // Such events may be many: the count is with the line of their delivery.
      metrics.count("EventsWithoutGroup", observation.count);
      return;
    case "tooLateForGroup":
      metrics.count("EventsTooLateForGroup", observation.count);
      logger.warn("Events took no part in a correlation: they are older than what it keeps of their group", all);
      return;
    case "correlationsUndecided":
      count("CorrelationsUndecided");
      logger.warn("What came before an event could not be read or kept; its correlations are decided later", all);
      return;
    case "travelUnknown":
      count("HistoryUnavailable");
      logger.warn("The trail of a person could not be kept; rules that need the travel are decided later", all);
      return;
    case "sessionChangeUnknown":
      count("HistoryUnavailable");
      logger.warn("The start of a session could not be kept; rules that need what changed are decided later", all);
      return;
    case "suppressedReported":
      logger.info("Reported suppressed session starts at the end of their window", { ...all, userId });
      return;
    case "reportLost":
      logger.warn("A report on suppressed session starts could not be parked; the alert goes out", all);
      return;
    case "countsLost":
      logger.warn("The counts of the digest could not be written; it lacks these events", all);
      return;
    case "historyUnavailable":
      count("HistoryUnavailable");
      logger.warn("The user's state could not be read; the alert goes out", all);
      return;
    case "profilesUnavailable":
      count("ProfilesUnavailable");
      logger.error("The profile store did not answer; alerts go out without a location, which is decided later", all);
      return;
    case "refreshesLost":
      logger.warn("A refresh of profiles could not be requested; the next sync brings them", all);
      return;
    case "claimsUnavailable":
      count("ClaimsUnavailable");
      logger.warn("The state table did not answer; the alert goes out, and may be a duplicate", all);
      return;
    case "workParked": {
      count("WorkParked");
      const { followUp, reason } = observation;
      logger.warn("Parked an event on the retry queue", { ...all, followUp, reason });
      return;
    }
    case "workDropped": {
      count("WorkDropped");
      const { whole, reason } = observation;
      const text = whole
        ? "Parked work on the dead-letter queue: it is not tried again"
        : "Parked work names rules that this release does not have";
      logger.error(text, { ...names, reason });
      return;
    }
    case "workLost":
      count("EventsFailed");
      logger.error(
        "An event could be neither alerted on nor parked; the delivery fails, so that its source repeats it",
        { ...all, followUp: observation.followUp, reason: observation.reason },
      );
      return;
    case "malformedParked":
      count("EventsDeadLettered", observation.count);
      logger.warn("Parked malformed events on the dead-letter queue", all);
      return;
    case "malformedFailed":
      count("EventsFailed", observation.count);
      logger.error("Malformed events could not be parked; the delivery fails, so that its source repeats it", all);
      return;
  }
}
