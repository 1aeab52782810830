import { Stack } from "aws-cdk-lib";
import {
  type CfnRestApi,
  EndpointType,
  LambdaIntegration,
  ResponseType,
  RestApi,
  type Stage,
} from "aws-cdk-lib/aws-apigateway";
import { AnyPrincipal, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { Settings } from "../settings.ts";
import { Firewall } from "./firewall.ts";

/** What the REST API works with. */
export interface RestApiFrontProps {
  readonly settings: Settings;
  /** The function that answers every request. */
  readonly function: LambdaFunction;
}

/**
 * Requests a second that API Gateway takes, and how many at once beyond that: they bound the bill of a flood. Okta delivers at
 * most 400,000 events of an org in a day: 5 a second, if each comes in a delivery of its own.
 */
const throttling = { rate: 200, burst: 400 } as const;

/**
 * A REST API in front of the receiver, for accounts where no Function URL may be public, and for AWS WAF in front of it.
 *
 * It is a REST API, and neither an HTTP API nor CloudFront, because AWS WAF cannot be attached to an HTTP API
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html), and because CloudFront's origin access
 * control for a Function URL signs requests in the Authorization header, where Okta's secret is, and wants the hash of a
 * POST's body from the client
 * (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-lambda.html).
 */
export class RestApiFront extends Construct {
  /** The URL to register as event hook; it ends in a slash. */
  readonly url: string;
  /** The only stage, whose metrics are `AWS/ApiGateway` with the dimensions `ApiName` and `Stage`. */
  readonly stage: Stage;

  constructor(scope: Construct, id: string, { settings, function: receiver }: RestApiFrontProps) {
    super(scope, id);
    const { allowedCidrs } = settings;
    const api = new RestApi(this, "Api", {
      // Metrics of a REST API go by its name, which need not be unique: the stack's keeps those of several stacks apart.
      restApiName: Stack.of(this).stackName,
      description: "Takes Okta's event hook",
      endpointTypes: [EndpointType.REGIONAL],
      // The role is the account's, shared by every API in the region; without logs none is needed.
      cloudWatchRole: false,
      deployOptions: {
        stageName: "hook",
        throttlingRateLimit: throttling.rate,
        throttlingBurstLimit: throttling.burst,
      },
      policy: allowInvocation(allowedCidrs),
    });
    // An output of its own, beside HookUrl, which is the same.
    api.node.tryRemoveChild("Endpoint");
    // The default of a regional API takes TLS 1.0.
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html
    const cfnApi = api.node.defaultChild as CfnRestApi;
    cfnApi.securityPolicy = "SecurityPolicy_TLS13_1_2_2021_06";
    cfnApi.endpointAccessMode = "STRICT";
    // The function answers within 2.5 seconds, of the 29 that an integration may take; it checks the secret itself.
    api.root.addMethod("ANY", new LambdaIntegration(receiver, { allowTestInvoke: false }));
    // By default API Gateway answers 429, and Okta never sends again what was answered by a 4xx.
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    api.addGatewayResponse("Throttled", { type: ResponseType.THROTTLED, statusCode: "503" });
    this.stage = api.deploymentStage;
    this.url = api.url;
    if (settings.firewall) {
      new Firewall(this, "Firewall", { stage: this.stage, limit: settings.firewallLimit, allowedCidrs });
    }
  }
}

/**
 * Who may call the API: every address, or those of these networks. API Gateway answers the others 403 itself, so that they
 * invoke no function. There is a policy in either case, since CloudFormation does not take one away that a template lacks
 * (https://github.com/aws/aws-cdk/issues/21840).
 */
function allowInvocation(cidrs: readonly string[]): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: ["execute-api:Invoke"],
        resources: ["execute-api:/*"],
        ...(cidrs.length > 0 && { conditions: { IpAddress: { "aws:SourceIp": cidrs } } }),
      }),
    ],
  });
}
