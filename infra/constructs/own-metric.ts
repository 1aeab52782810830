import { Stack } from "aws-cdk-lib";
import { Metric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import type { RestApiFront } from "./rest-api-front.ts";
import type { RetryQueue } from "./retry-queue.ts";

/** What is watched. */
export interface WatchedResources {
  readonly receiver: LambdaFunction;
  /** The REST API in front of the receiver; null where it has a Function URL. */
  readonly restApi: RestApiFront | null;
  /** Every function, by the name that alarms call it by. */
  readonly functions: Readonly<Record<string, LambdaFunction>>;
  readonly retryQueue: RetryQueue;
  readonly deadLetterQueue: DeadLetterQueue;
  /** The function that syncs profile locations; null where none does. */
  readonly sync: LambdaFunction | null;
  /** Whether Okta's System Log is read for what the hook missed. */
  readonly reconciles: boolean;
  /** Whether the org's log stream is received. */
  readonly streams: boolean;
  /** The function that makes a test delivery every day; null where none does. */
  readonly canary: LambdaFunction | null;
}

/**
 * A metric that the functions of this stack write themselves, see `lambda/adapters/telemetry/metrics.ts`: each stack has its own, as several may
 * be side by side, and one that is deaf must not be hidden by another that hears.
 */
export function ownMetric(scope: Construct, metricName: string, options: MetricOptions): Metric {
  return new Metric({
    namespace: "OktaProxyWatch",
    metricName,
    dimensionsMap: { service: serviceName(scope) },
    ...options,
  });
}

/** What the functions of a stack call themselves in metrics and logs: the stack's name. */
export function serviceName(scope: Construct): string {
  return Stack.of(scope).stackName;
}
