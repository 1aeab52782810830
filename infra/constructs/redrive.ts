import { EventSourceMapping, type Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { PipelineFunction, type PipelineResources } from "./pipeline-function.ts";
import { redriveTimeout } from "./retry-queue.ts";

/** The properties of the redrive function. */
export interface RedriveProps extends PipelineResources {
  /** Folder of the built function. */
  readonly code: string;
}

/** The function that tries parked work of the retry queue again. */
export class Redrive extends Construct {
  readonly function: LambdaFunction;
  constructor(scope: Construct, id: string, props: RedriveProps) {
    super(scope, id);
    const redrive = new PipelineFunction(this, "Redrive", {
      ...props,
      description: "Tries parked events again",
      timeout: redriveTimeout,
    });
    this.function = redrive.function;
    props.retryQueue.grantConsume(redrive.role);
    props.deadLetterQueue.grantSend(redrive.role);
    // Not SqsEventSource, which would grant more than is used.
    const mapping = new EventSourceMapping(this, "Mapping", {
      target: redrive.function,
      eventSourceArn: props.retryQueue.queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      // After an outage all work returns at once: the limit leaves the receiver its share of concurrency.
      maxConcurrency: 5,
    });
    // AWS refuses the mapping before the role may read the queue.
    mapping.node.addDependency(redrive.role);
  }
}
