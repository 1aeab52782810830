import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { publishedTime } from "./okta/log-event.ts";
import type { Observation, Outcome } from "./pipeline.ts";

/** Structured logs: ids only, never a secret, a name or an address. */
export const logger = new Logger({ serviceName: "okta-proxy-watch" });
/** CloudWatch metrics in the embedded metric format. */
export const metrics = new Metrics({ namespace: "OktaProxyWatch", serviceName: "okta-proxy-watch" });

/** Counts an authenticated delivery, and what it held. */
export function observeDelivery({ received }: Pick<Outcome, "received">): void {
  metrics.addMetric("Deliveries", MetricUnit.Count, 1);
  metrics.addMetric("EventsReceived", MetricUnit.Count, received);
}

/** Answers that throw a request away for good: Okta never retries a 4xx. */
const refusals: ReadonlySet<number> = new Set([400, 401, 405, 413, 415]);

/** Counts an answer that refused a request. */
export function observeAnswer(status: number): void {
  if (refusals.has(status)) metrics.addMetric("RefusedRequests", MetricUnit.Count, 1);
}

/** Writes what the pipeline observed as a log line, and counts it. */
export function observe(observation: Observation): void {
  switch (observation.kind) {
    case "alertPublished": {
      const { alertId, severity, user, geo, okta, detections } = observation.alert;
      if (observation.alert.test) {
        logger.info("Published a test alert", { alertId, eventUuid: okta.eventUuid });
        return;
      }
      metrics.addMetric("AlertsPublished", MetricUnit.Count, 1);
      const published = publishedTime(okta.published);
      // An event without a usable time has no latency; clocks that differ make none below zero.
      if (!Number.isNaN(published)) {
        const latency = Math.max(0, Date.parse(observation.alert.detectedAt) - published);
        metrics.addMetric("AlertLatency", MetricUnit.Milliseconds, latency);
      }
      if (geo.verdict === "unknown") metrics.addMetric("UnknownLocations", MetricUnit.Count, 1);
      if (observation.alert.delayReason !== null) metrics.addMetric("AlertsDelayed", MetricUnit.Count, 1);
      logger.info("Published an alert", {
        alertId,
        severity,
        userId: user.id,
        geoVerdict: geo.verdict,
        eventUuid: okta.eventUuid,
        deliveryId: okta.deliveryId,
        ruleIds: detections.map(({ id }) => id),
      });
      return;
    }
    case "duplicate":
      metrics.addMetric("Duplicates", MetricUnit.Count, 1);
      logger.info("Left out an event that was alerted on before", { eventUuid: observation.event.uuid });
      return;
    case "excepted": {
      const { event, by, whole } = observation;
      if (whole) metrics.addMetric("Excepted", MetricUnit.Count, 1);
      logger.info(whole ? "An exception covers an event" : "An exception covers some of an event's detections", {
        eventUuid: event.uuid,
        userId: event.fields.actor?.id,
        exceptionIds: by.map(({ id }) => id),
      });
      return;
    }
    case "suppressed":
      metrics.addMetric("Suppressed", MetricUnit.Count, 1);
      logger.info("Held back a session start, as its user was alerted on a moment before", {
        eventUuid: observation.event.uuid,
        userId: observation.event.fields.actor?.id,
      });
      return;
    case "historyUnavailable":
      metrics.addMetric("HistoryUnavailable", MetricUnit.Count, 1);
      logger.warn("What is remembered of a user could not be asked; the alert goes out", {
        eventUuid: observation.event.uuid,
        error: observation.error as Error,
      });
      return;
    case "profilesUnavailable":
      metrics.addMetric("ProfilesUnavailable", MetricUnit.Count, 1);
      logger.error("The profile store could not be asked; alerts go out without a location, which is decided later", {
        error: observation.error as Error,
      });
      return;
    case "refreshesLost":
      logger.warn("Profiles could not be asked to be refreshed; the next sync brings them", {
        count: observation.count,
        error: observation.error as Error,
      });
      return;
    case "claimsUnavailable":
      metrics.addMetric("ClaimsUnavailable", MetricUnit.Count, 1);
      logger.warn("The state table could not be asked; the alert goes out, and could be a duplicate", {
        eventUuid: observation.event.uuid,
        error: observation.error as Error,
      });
      return;
    case "workParked":
      metrics.addMetric("WorkParked", MetricUnit.Count, observation.work.length);
      for (const { event, followUp, waiting } of observation.work) {
        logger.warn("Parked an event on the retry queue", {
          eventUuid: event.uuid,
          followUp,
          reason: waiting?.reason,
        });
      }
      return;
    case "workLost":
      metrics.addMetric("EventsFailed", MetricUnit.Count, observation.work.length);
      for (const { event, waiting } of observation.work) {
        logger.error("An event could be neither alerted on nor parked; whoever delivered it is asked to again", {
          eventUuid: event.uuid,
          reason: waiting?.reason,
          error: observation.error as Error,
        });
      }
      return;
    case "malformedParked":
      metrics.addMetric("EventsDeadLettered", MetricUnit.Count, observation.count);
      logger.warn("Parked malformed events on the dead-letter queue", { count: observation.count });
      return;
    case "malformedFailed":
      logger.error("Malformed events could not be parked; Okta is asked to deliver them again", {
        count: observation.count,
        error: observation.error as Error,
      });
      return;
  }
}
