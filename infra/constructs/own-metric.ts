import { Stack } from "aws-cdk-lib";
import { Metric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import type { RestApiFront } from "./rest-api-front.ts";
import type { RetryQueue } from "./retry-queue.ts";

/** The resources that alarms and the dashboard watch. */
export interface WatchedResources {
  readonly receiver: LambdaFunction;
  /** The REST API in front of the receiver; null where it has a Function URL. */
  readonly restApi: RestApiFront | null;
  /** Every function, by its name in alarms. */
  readonly functions: Readonly<Record<string, LambdaFunction>>;
  readonly retryQueue: RetryQueue;
  readonly deadLetterQueue: DeadLetterQueue;
  /** The function that syncs profile locations; null for none. */
  readonly sync: LambdaFunction | null;
  /** Whether reconciliation reads Okta's System Log. */
  readonly reconciles: boolean;
  /** Whether the org's log stream is received. */
  readonly streams: boolean;
  /** The function that makes a test delivery every day; null for none. */
  readonly canary: LambdaFunction | null;
}

/**
 * A metric that the functions of this stack write themselves, see `lambda/adapters/telemetry/metrics.ts`: each stack
 * has its own, so that a stack whose heartbeat is missed is not hidden by another that receives deliveries.
 */
export function ownMetric(scope: Construct, metricName: string, options: MetricOptions): Metric {
  return new Metric({
    namespace: "OktaProxyWatch",
    metricName,
    dimensionsMap: { service: serviceName(scope) },
    ...options,
  });
}

/** The service name of a stack's functions in metrics and logs: the stack's name. */
export function serviceName(scope: Construct): string {
  return Stack.of(scope).stackName;
}
