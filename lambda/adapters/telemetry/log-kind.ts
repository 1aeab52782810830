import type { EndpointFailure } from "../../core/hook-endpoint/endpoint.ts";
import type { Observation } from "../../core/pipeline/observation.ts";

/** The field `kind` of a log line. Queries use it, since the texts of log lines change. */
export type LogKind =
  | Observation["kind"]
  | EndpointFailure
  | "deliveryRefused"
  | "workFailed"
  | "workUnreadable"
  | "delayNotSet";
