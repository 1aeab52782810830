import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { SettingsError } from "../../infra/settings-file.ts";
import { everything, ofType } from "../../infra/synthesize.ts";
import { synthesize } from "../fixtures/synthesized.ts";

const throughUrl = synthesize(everything);
const throughApi = synthesize({ ...everything, front: "restApi" });
const networks = { canary: false, allowedCidrs: "192.0.2.0/24, 2001:db8::/32" };

describe("by default", () => {
  test("the receiver has a Function URL, and no API or firewall is made", () => {
    throughUrl.template.resourceCountIs("AWS::Lambda::Url", 1);
    const types = new Set([...throughUrl.resources.values()].map(({ Type }) => Type));
    expect([...types].filter((type) => /ApiGateway|WAF/.test(type))).toEqual([]);
  });
});

describe("with the front restApi", () => {
  const { template, readable } = throughApi;

  test("there is no Function URL, and only this API may invoke the receiver", () => {
    template.resourceCountIs("AWS::Lambda::Url", 0);
    const permissions = ofType(throughApi, "AWS::Lambda::Permission")
      .map(([, { Properties }]) => readable(Properties) as Record<string, unknown>)
      .filter(({ FunctionName }) => FunctionName === "<Receiver/Receiver/Function>.Arn");
    expect(permissions).toEqual([
      {
        Action: "lambda:InvokeFunction",
        FunctionName: "<Receiver/Receiver/Function>.Arn",
        Principal: "apigateway.amazonaws.com",
        SourceArn:
          "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Receiver/RestApi/Api>/<Receiver/RestApi/Api/DeploymentStage.hook>/*/",
      },
    ]);
  });

  test("its URL is what is registered, and what the canary delivers to", () => {
    const url =
      "https://<Receiver/RestApi/Api>.execute-api.<AWS::Region>.<AWS::URLSuffix>/<Receiver/RestApi/Api/DeploymentStage.hook>/";
    const outputs = template.findOutputs("*");
    expect(readable(outputs.HookUrl?.Value)).toBe(url);
    expect(Object.keys(outputs)).toEqual(Object.keys(throughUrl.template.findOutputs("*")));
    const canary = throughApi.resources.get("Canary/Canary/Function");
    expect(readable(canary?.Properties.Environment.Variables.HOOK_URL)).toBe(url);
  });

  test("it is a regional API that takes TLS 1.2 or later", () => {
    template.hasResourceProperties("AWS::ApiGateway::RestApi", {
      EndpointConfiguration: { Types: ["REGIONAL"] },
      SecurityPolicy: "SecurityPolicy_TLS13_1_2_2021_06",
      EndpointAccessMode: "STRICT",
    });
  });

  test("every method of the root goes to the receiver as it is, and no other path goes anywhere", () => {
    template.resourceCountIs("AWS::ApiGateway::Resource", 0);
    template.resourceCountIs("AWS::ApiGateway::Method", 1);
    template.hasResourceProperties("AWS::ApiGateway::Method", {
      HttpMethod: "ANY",
      AuthorizationType: "NONE",
      Integration: { Type: "AWS_PROXY" },
    });
  });

  test("requests are limited to 200 a second, which bounds the bill of a flood", () => {
    template.hasResourceProperties("AWS::ApiGateway::Stage", {
      MethodSettings: [
        {
          HttpMethod: "*",
          ResourcePath: "/*",
          ThrottlingRateLimit: 200,
          ThrottlingBurstLimit: 400,
          DataTraceEnabled: false,
        },
      ],
      AccessLogSetting: Match.absent(),
    });
  });

  test("what is throttled is answered by a 503, which Okta sends again once, and not by a 429, which it never does", () => {
    template.hasResourceProperties("AWS::ApiGateway::GatewayResponse", {
      ResponseType: "THROTTLED",
      StatusCode: "503",
    });
  });

  test("nothing is changed that the account's other APIs share", () => {
    template.resourceCountIs("AWS::ApiGateway::Account", 0);
  });

  test("its metrics, which go by its name, are those of this stack alone", () => {
    template.hasResourceProperties("AWS::ApiGateway::RestApi", { Name: "Test" });
  });

  test("all else is as with the Function URL", () => {
    const others = (synthesized: typeof throughUrl) =>
      [...synthesized.resources.keys()].filter((path) => !/^Receiver\/(RestApi\/|Receiver\/Function\/)/.test(path));
    expect(others(throughApi)).toEqual(others(throughUrl));
    expect(throughApi.resources.get("Receiver/Receiver/Function")?.Properties.Environment).toEqual(
      throughUrl.resources.get("Receiver/Receiver/Function")?.Properties.Environment,
    );
  });
});

describe("with the front restApi, allowedCidrs", () => {
  const limited = synthesize({ ...everything, ...networks, front: "restApi" });

  test("keep other networks from invoking the receiver, which checks them all the same", () => {
    limited.template.hasResourceProperties("AWS::ApiGateway::RestApi", {
      Policy: {
        Statement: [
          {
            Effect: "Allow",
            Principal: { AWS: "*" },
            Action: "execute-api:Invoke",
            Resource: "execute-api:/*",
            Condition: { IpAddress: { "aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"] } },
          },
        ],
      },
    });
    expect(limited.resources.get("Receiver/Receiver/Function")?.Properties.Environment.Variables).toMatchObject({
      ALLOWED_CIDRS: "192.0.2.0/24 2001:db8::/32",
    });
  });

  test("left out again open the API to every address: a policy that a template lacks would stay", () => {
    throughApi.template.hasResourceProperties("AWS::ApiGateway::RestApi", {
      Policy: {
        Statement: [
          { Effect: "Allow", Principal: { AWS: "*" }, Resource: "execute-api:/*", Condition: Match.absent() },
        ],
      },
    });
  });

  test("take effect by a new deployment of the API, as a policy does not without", () => {
    const deployments = [throughApi, limited].map(({ template }) =>
      Object.keys(template.findResources("AWS::ApiGateway::Deployment")),
    );
    expect(deployments[0]).not.toEqual(deployments[1]);
  });

  test("fit into a policy of the 8,192 characters that API Gateway takes, however many the setting allows", () => {
    // The setting takes 2,500 characters: the shortest networks are the most, and each takes a pair of quotes in the policy.
    const most = Array.from({ length: 416 }, () => "1::/8");
    const { template } = synthesize({ ...networks, allowedCidrs: most.join(" "), front: "restApi" });
    const [api] = Object.values(template.findResources("AWS::ApiGateway::RestApi"));
    const policy = JSON.stringify(api?.Properties.Policy);
    expect(policy.length).toBeGreaterThan(2_500);
    expect(policy.length).toBeLessThan(8_192);
  });
});

describe("the firewall", () => {
  const { template, readable } = synthesize({ ...everything, front: "restApi", firewall: true });
  const guarded = synthesize({ ...everything, ...networks, front: "restApi", firewall: "true", firewallLimit: "500" });
  const aclOf = (of: typeof template) => Object.values(of.findResources("AWS::WAFv2::WebACL"))[0]?.Properties;

  test("inspects the requests of the API's only stage", () => {
    const [association] = Object.values(template.findResources("AWS::WAFv2::WebACLAssociation"));
    expect(readable(association?.Properties)).toEqual({
      ResourceArn:
        "arn:<AWS::Partition>:apigateway:<AWS::Region>::/restapis/<Receiver/RestApi/Api>/stages/<Receiver/RestApi/Api/DeploymentStage.hook>",
      WebACLArn: "<Receiver/RestApi/Firewall/WebAcl>.Arn",
    });
  });

  test("blocks an address with more than 10,000 requests in five minutes, and lets the others through", () => {
    expect(aclOf(template)).toMatchObject({
      Scope: "REGIONAL",
      DefaultAction: { Allow: {} },
      Rules: [
        {
          Name: "RequestRate",
          Priority: 0,
          Action: { Block: { CustomResponse: { ResponseCode: 503 } } },
          Statement: { RateBasedStatement: { AggregateKeyType: "IP", EvaluationWindowSec: 300, Limit: 10_000 } },
        },
      ],
    });
    template.resourceCountIs("AWS::WAFv2::IPSet", 0);
  });

  test("with allowedCidrs blocks every other network, IPv4 and IPv6 each by a set of their own", () => {
    const sets = Object.values(guarded.template.findResources("AWS::WAFv2::IPSet")).map(({ Properties }) => Properties);
    expect(sets).toEqual([
      { Scope: "REGIONAL", IPAddressVersion: "IPV4", Addresses: ["192.0.2.0/24"] },
      { Scope: "REGIONAL", IPAddressVersion: "IPV6", Addresses: ["2001:db8::/32"] },
    ]);
    const acl = aclOf(guarded.template);
    expect(acl).toMatchObject({ DefaultAction: { Block: {} } });
    expect(acl?.Rules).toHaveLength(2);
    expect(acl?.Rules[0].Statement.RateBasedStatement.Limit).toBe(500);
    expect(guarded.readable(acl?.Rules[1])).toMatchObject({
      Name: "AllowedNetworks",
      Priority: 1,
      Action: { Allow: {} },
      Statement: {
        OrStatement: {
          Statements: [
            { IPSetReferenceStatement: { Arn: "<Receiver/RestApi/Firewall/AllowedIpv4>.Arn" } },
            { IPSetReferenceStatement: { Arn: "<Receiver/RestApi/Firewall/AllowedIpv6>.Arn" } },
          ],
        },
      },
    });
  });

  test("with networks of one version has one set, without an Or, which takes two statements at least", () => {
    const single = synthesize({ ...networks, allowedCidrs: "192.0.2.0/24", front: "restApi", firewall: true });
    single.template.resourceCountIs("AWS::WAFv2::IPSet", 1);
    expect(Object.keys(aclOf(single.template)?.Rules[1].Statement)).toEqual(["IPSetReferenceStatement"]);
  });

  test("keeps no sample of a request: the secret is in its headers", () => {
    const configs = [guarded, { template }].flatMap(({ template: of }) => {
      const acl = aclOf(of);
      return [acl?.VisibilityConfig, ...acl.Rules.map((rule: { VisibilityConfig: unknown }) => rule.VisibilityConfig)];
    });
    expect(configs.length).toBe(5);
    for (const config of configs) expect(config).toMatchObject({ SampledRequestsEnabled: false });
    guarded.template.resourceCountIs("AWS::WAFv2::LoggingConfiguration", 0);
  });

  test("has descriptions that AWS WAF takes: no apostrophe, for one", () => {
    // https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html
    expect(aclOf(template)?.Description).toMatch(/^[\w+=:#@/\-,.][\w+=:#@/\-,.\s]+[\w+=:#@/\-,.]$/);
  });
});

describe("settings of the front", () => {
  test("a firewall is refused with a Function URL, which AWS WAF cannot be attached to", () => {
    expect(() => synthesize({ firewall: true })).toThrow(SettingsError);
    expect(() => synthesize({ firewall: true })).toThrow(
      "firewall: AWS WAF cannot inspect the requests of a Function URL",
    );
  });

  test("a firewall for every address is refused, as AWS WAF refuses /0", () => {
    for (const allowedCidrs of ["0.0.0.0/0", "192.0.2.0/24 ::/0"]) {
      expect(() => synthesize({ front: "restApi", firewall: true, allowedCidrs })).toThrow(/allowedCidrs: .*\/0/);
      expect(() => synthesize({ front: "restApi", allowedCidrs })).not.toThrow();
    }
  });

  test.each([
    ["front", "httpApi"],
    ["firewall", "on"],
    ["firewallLimit", 99],
    ["firewallLimit", 1_000.5],
    ["firewallLimit", 2_000_000_001],
  ])("%s of %j is refused by name", (name, value) => {
    expect(() => synthesize({ [name]: value })).toThrow(SettingsError);
    expect(() => synthesize({ [name]: value })).toThrow(name);
  });
});
