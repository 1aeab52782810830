import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Observation } from "./pipeline.ts";

/** Structured logs: ids only, never a secret, a name or an address. */
export const logger = new Logger({ serviceName: "okta-proxy-watch" });
/** CloudWatch metrics in the embedded metric format. */
export const metrics = new Metrics({ namespace: "OktaProxyWatch", serviceName: "okta-proxy-watch" });

/** Writes what the pipeline observed as a log line, and counts it. */
export function observe(observation: Observation): void {
  switch (observation.kind) {
    case "alertPublished": {
      const { alertId, severity, user, geo, okta, detections } = observation.alert;
      metrics.addMetric("AlertsPublished", MetricUnit.Count, 1);
      if (geo.verdict === "unknown") metrics.addMetric("UnknownLocations", MetricUnit.Count, 1);
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
    case "profilesUnavailable":
      logger.error("The profile store could not be asked; alerts go out without a location", {
        error: observation.error as Error,
      });
      return;
    case "eventFailed":
      metrics.addMetric("EventsFailed", MetricUnit.Count, 1);
      logger.error("An event could not be alerted on; Okta is asked to deliver it again", {
        eventUuid: observation.event.uuid,
        error: observation.error as Error,
      });
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
