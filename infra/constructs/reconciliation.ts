import { Duration } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { OktaFunctionProps } from "./okta-function.ts";
import { PipelineFunction, type PipelineResources } from "./pipeline-function.ts";
import { ScheduledInvocation } from "./scheduled-invocation.ts";

interface ReconciliationProps extends PipelineResources, Pick<OktaFunctionProps, "orgUrl" | "credential" | "code"> {
  /** Minutes between two runs. */
  readonly minutes: number;
}

/** The function that finds events in Okta's System Log that the event hook did not deliver, on a schedule. */
export class Reconciliation extends Construct {
  readonly function: LambdaFunction;
  constructor(scope: Construct, id: string, props: ReconciliationProps) {
    super(scope, id);
    const { settings, orgUrl, credential, minutes, deadLetterQueue, stateTable } = props;
    const reconcile = new PipelineFunction(this, "Reconcile", {
      ...props,
      description: "Finds in Okta's System Log what the event hook did not deliver",
      // Ends before the next run: two runs at once would read the same pages.
      timeout: Duration.minutes(4),
      retryAttempts: 0,
      environment: {
        OKTA_ORG_URL: orgUrl,
        OKTA_CREDENTIAL_SECRET_ARN: credential.secret.secretArn,
        RECONCILE_OVERLAP_MINUTES: String(settings.reconcileOverlapMinutes),
      },
    });
    this.function = reconcile.function;
    credential.grantRead(reconcile.role);
    deadLetterQueue.grantSend(reconcile.role);
    stateTable.grantSaveProgress(reconcile.role);
    new ScheduledInvocation(this, "Schedule", {
      function: reconcile.function,
      description: "Reconciles with Okta's System Log",
      interval: Duration.minutes(minutes),
    });
  }
}
