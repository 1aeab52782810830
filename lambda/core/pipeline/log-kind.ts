import type { Observation } from "./observation.ts";

/** Failures of the receiver itself, each behind a 503. */
export type EndpointFailure = "secretUnavailable" | "deliveryFailed" | "refusedDeliveryLost";

/** What a log line is about, as the field `kind` says: what reads logs asks for the kind, since sentences change. */
export type LogKind = Observation["kind"] | EndpointFailure | "deliveryRefused" | "workFailed" | "delayNotSet";
