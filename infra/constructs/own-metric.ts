import { Metric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import type { RetryQueue } from "./retry-queue.ts";

/** What is watched. */
export interface WatchedResources {
  readonly receiver: LambdaFunction;
  /** Every function, by the name that alarms call it by. */
  readonly functions: Readonly<Record<string, LambdaFunction>>;
  readonly retryQueue: RetryQueue;
  readonly deadLetterQueue: DeadLetterQueue;
  /** The function that syncs profile locations; null where none does. */
  readonly sync: LambdaFunction | null;
  /** The function that makes a test delivery every day; null where none does. */
  readonly canary: LambdaFunction | null;
}

/** A metric that the functions write themselves: see `lambda/telemetry.ts`. */
export function ownMetric(metricName: string, options: MetricOptions): Metric {
  return new Metric({
    namespace: "OktaProxyWatch",
    metricName,
    dimensionsMap: { service: "okta-proxy-watch" },
    ...options,
  });
}
