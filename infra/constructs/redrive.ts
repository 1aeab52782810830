import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { OwnFunctionProps } from "./own-function.ts";
import { PipelineFunction, type PipelineResources } from "./pipeline-function.ts";
import { redriveTimeout } from "./retry-queue.ts";

type RedriveProps = PipelineResources & Pick<OwnFunctionProps, "code">;

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
    // After an outage all work returns at once: the limit leaves the receiver its share of concurrency.
    props.retryQueue.invoke(this, redrive, 5);
    props.deadLetterQueue.grantSend(redrive.role);
  }
}
