import type { EndpointFailure } from "../../core/hook-endpoint/endpoint.ts";
import type { Observation } from "../../core/pipeline/observation.ts";

/** What a log line is about, as the field `kind` says: what reads logs asks for the kind, since sentences change. */
export type LogKind = Observation["kind"] | EndpointFailure | "deliveryRefused" | "workFailed" | "delayNotSet";
