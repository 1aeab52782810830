import { Stack } from "aws-cdk-lib";
import type { Stage } from "aws-cdk-lib/aws-apigateway";
import { CfnIPSet, CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import { Construct } from "constructs";

interface FirewallProps {
  /** The stage of the REST API whose requests it inspects. */
  readonly stage: Stage;
  /** The limit of one address's requests in five minutes, over which it is blocked; at least 10. */
  readonly limit: number;
  /** The networks whose requests are accepted, none of them /0; empty for all. */
  readonly allowedCidrs: readonly string[];
}

/** The window of an address's rate, in seconds: AWS WAF accepts 60, 120, 300 or 600. */
const rateWindow = 300;

/**
 * A web ACL of AWS WAF. It blocks an address that sends too many requests, and, where networks are named, every address
 * outside of them. Blocked requests reach neither the API nor the function.
 *
 * WAF evaluates rules in the order of their priority, up to the first that blocks or allows:
 * https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-rule-actions.html
 */
export class Firewall extends Construct {
  constructor(scope: Construct, id: string, { stage, limit, allowedCidrs }: FirewallProps) {
    super(scope, id);
    // An IP set holds addresses of one version, 10,000 networks at most: the setting's length allows for fewer.
    const sets = (["IPV4", "IPV6"] as const).flatMap((version) => {
      const addresses = allowedCidrs.filter((cidr) => cidr.includes(":") === (version === "IPV6"));
      if (addresses.length === 0) return [];
      const name = version === "IPV4" ? "AllowedIpv4" : "AllowedIpv6";
      return [new CfnIPSet(this, name, { scope: "REGIONAL", ipAddressVersion: version, addresses: [...addresses] })];
    });
    const known = sets.map(({ attrArn }) => ({ ipSetReferenceStatement: { arn: attrArn } }));
    const [first] = known;
    const rules: CfnWebACL.RuleProperty[] = [
      {
        name: "RequestRate",
        priority: 0,
        statement: { rateBasedStatement: { aggregateKeyType: "IP", limit, evaluationWindowSec: rateWindow } },
        // Not WAF's own 403: if Okta exceeds the limit, it retries a 5xx once, and a 4xx never.
        action: { block: { customResponse: { responseCode: 503 } } },
        visibilityConfig: measuredAs("RequestRate"),
      },
    ];
    if (first !== undefined) {
      rules.push({
        name: "AllowedNetworks",
        priority: 1,
        statement: known.length === 1 ? first : { orStatement: { statements: known } },
        action: { allow: {} },
        visibilityConfig: measuredAs("AllowedNetworks"),
      });
    }
    const acl = new CfnWebACL(this, "WebAcl", {
      scope: "REGIONAL",
      description: "In front of the receiver of Okta event hooks",
      defaultAction: first === undefined ? { allow: {} } : { block: {} },
      rules,
      visibilityConfig: measuredAs(Stack.of(this).stackName),
    });
    new CfnWebACLAssociation(this, "Association", { webAclArn: acl.attrArn, resourceArn: stage.stageArn });
  }
}

/** Metrics are AWS's own, `AWS/WAFV2`. Samples of requests are off: they show headers, the hook's secret among them. */
function measuredAs(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false };
}
