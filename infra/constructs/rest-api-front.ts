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

interface RestApiFrontProps {
  readonly settings: Settings;
  /** The function that answers every request. */
  readonly function: LambdaFunction;
}

/**
 * API Gateway's limits of requests a second, and of a burst: they bound the bill of a flood. Okta delivers at most
 * 400,000 events of an org in a day: 5 a second, if each comes in a delivery of its own.
 */
const throttling = { rate: 200, burst: 400 } as const;

/**
 * A REST API in front of the receiver, for accounts where no Function URL may be public, and for AWS WAF in front of
 * it.
 *
 * It is neither an HTTP API nor CloudFront, because AWS WAF cannot be attached to an HTTP API
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html), and because CloudFront's origin
 * access control for a Function URL signs requests in the Authorization header, where Okta's secret is, and wants the
 * hash of a POST's body from the client
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
      // A REST API's metrics are by its name, which need not be unique: the stack's name separates the metrics of
      // several stacks.
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
    // CDK's own output would repeat HookUrl.
    api.node.tryRemoveChild("Endpoint");
    // By default a regional API accepts TLS 1.0.
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html
    const cfnApi = api.node.defaultChild as CfnRestApi;
    cfnApi.securityPolicy = "SecurityPolicy_TLS13_1_2_2021_06";
    cfnApi.endpointAccessMode = "STRICT";
    // The function answers within 2.5 seconds, of the 29 that an integration may take; it checks the secret itself.
    api.root.addMethod("ANY", new LambdaIntegration(receiver, { allowTestInvoke: false }));
    // By default API Gateway answers 429, and Okta never retries a 4xx.
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
 * The policy of who may call the API: every address, or those of these networks. API Gateway itself answers 403 to the
 * others, so that they invoke no function. The template always has a policy, since CloudFormation does not remove one
 * that a template lacks (https://github.com/aws/aws-cdk/issues/21840).
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
