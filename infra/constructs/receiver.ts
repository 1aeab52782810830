import { Duration } from "aws-cdk-lib";
import { FunctionUrlAuthType, type Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { OwnFunctionProps } from "./own-function.ts";
import type { OwnSecret } from "./own-secret.ts";
import { PipelineFunction, type PipelineResources } from "./pipeline-function.ts";
import type { ProfileRefresh } from "./profile-refresh.ts";
import { RestApiFront } from "./rest-api-front.ts";

interface ReceiverProps extends PipelineResources, Pick<OwnFunctionProps, "code"> {
  readonly hookSecret: OwnSecret;
  /** Refreshes users whose profiles have changed; null where profiles do not come from Okta. */
  readonly profileRefresh: ProfileRefresh | null;
}

/** The function that Okta delivers to, behind the stack's only public endpoint: its Function URL, or a REST API. */
export class Receiver extends Construct {
  /** The URL to register as event hook. */
  readonly url: string;
  readonly function: LambdaFunction;
  /** The REST API in front of the function; null where it has a Function URL. */
  readonly restApi: RestApiFront | null;

  constructor(scope: Construct, id: string, { hookSecret, profileRefresh, ...props }: ReceiverProps) {
    super(scope, id);
    const { allowedCidrs } = props.settings;
    const receiver = new PipelineFunction(this, "Receiver", {
      ...props,
      description: "Receives Okta's event hook and publishes alerts",
      // It answers within 2.5 seconds of its start; the start itself takes time as well.
      timeout: Duration.seconds(10),
      reservedConcurrency: props.settings.reservedConcurrency,
      environment: {
        HOOK_SECRET_ARN: hookSecret.secret.secretArn,
        ...(allowedCidrs.length === 0 ? {} : { ALLOWED_CIDRS: allowedCidrs.join(" ") }),
        ...(profileRefresh === null ? {} : { REFRESH_QUEUE_URL: profileRefresh.refreshes.queue.queueUrl }),
      },
    });
    this.function = receiver.function;
    hookSecret.grantRead(receiver.role);
    profileRefresh?.refreshes.grantSend(receiver.role);
    // It sends malformed events and refused deliveries there.
    props.deadLetterQueue.grantSend(receiver.role);
    // Okta signs nothing that IAM knows: the function checks the shared secret itself.
    this.restApi =
      props.settings.front === "restApi"
        ? new RestApiFront(this, "RestApi", { settings: props.settings, function: receiver.function })
        : null;
    this.url = this.restApi?.url ?? receiver.function.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url;
  }
}
