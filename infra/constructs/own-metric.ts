import { Metric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import type { RetryQueue } from "./retry-queue.ts";

/** What is watched. */
export interface WatchedResources {
  readonly receiver: IFunction;
  /** Every function, by the name that alarms call it by. */
  readonly functions: Readonly<Record<string, IFunction>>;
  readonly retryQueue: RetryQueue;
  readonly deadLetterQueue: DeadLetterQueue;
  /** The function that syncs profile locations; null where none does. */
  readonly sync: IFunction | null;
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
