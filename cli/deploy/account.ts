import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { SNSClient } from "@aws-sdk/client-sns";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { toError } from "../../lambda/core/values/error.ts";
import { closing } from "../aws-client.ts";
import { InputError } from "../command.ts";
import { awsProxySettings } from "../proxy.ts";

/** The account that a deployment goes to. */
export interface Account {
  readonly id: string;
  readonly region: string;
  /** `aws`, `aws-cn`, `aws-us-gov`... */
  readonly partition: string;
  /** The ARN of the person or role whose credentials are used. */
  readonly caller: string;
}

/** Clients that read what is deployed. */
export interface Reading {
  readonly cloudFormation: CloudFormationClient;
  readonly sns: SNSClient;
  readonly ssm: SSMClient;
}

/**
 * Makes a call by the caller's own rights, or, where they do not suffice, by the bootstrap stack's role for look-ups.
 */
export type Read = <Value>(call: (clients: Reading) => Promise<Value>) => Promise<Value>;

/** The qualifier of CDK's bootstrap resources where cdk.json names no other. */
export const defaultQualifier = "hnb659fds";

/** The bootstrap version that our stack asks for: CDK names it in the manifest of what it synthesizes. */
const neededBootstrapVersion = 6;

const refusals: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "AuthorizationError",
  "AuthorizationErrorException",
  "UnauthorizedOperation",
]);

/** Whether AWS denied the caller a call. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && refusals.has(error.name);
}

/** Explanations of missing or refused credentials, by the error's name. */
const credentialFaults: Readonly<Record<string, string>> = {
  CredentialsProviderError: "there are no AWS credentials in this shell",
  ExpiredToken: "the AWS credentials have expired",
  ExpiredTokenException: "the AWS credentials have expired",
  InvalidClientTokenId: "AWS does not know the credentials in this shell",
  UnrecognizedClientException: "AWS does not know the credentials in this shell",
  SignatureDoesNotMatch: "the secret key in this shell does not belong to its access key",
};

/**
 * Finds the account by the credentials of the shell.
 *
 * @throws InputError when there are none, or AWS refuses them, with the command to run
 */
export async function findAccount(region: string): Promise<Account> {
  using client = closing(new STSClient({ region, ...awsProxySettings() }));
  try {
    const { Account: id = "", Arn: caller = "" } = await client.send(new GetCallerIdentityCommand({}));
    return { id, region, partition: caller.split(":")[1] ?? "aws", caller };
  } catch (error) {
    const { name, message } = toError(error);
    const fault = credentialFaults[name] ?? `the account cannot be asked (${name}: ${message})`;
    throw new InputError(
      `${fault}. Log in: aws sso login --profile NAME, then export AWS_PROFILE=NAME; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. To check: aws sts get-caller-identity`,
    );
  }
}

/** Opens an account for reading. */
export function openAccount(account: Account, qualifier: string): { readonly read: Read; readonly close: () => void } {
  const { region } = account;
  const opened: Reading[] = [];
  const open = (credentials?: NonNullable<ConstructorParameters<typeof SSMClient>[0]>["credentials"]): Reading => {
    const common = { region, ...awsProxySettings() };
    const options = credentials === undefined ? common : { ...common, credentials };
    const clients = {
      cloudFormation: new CloudFormationClient(options),
      sns: new SNSClient(options),
      ssm: new SSMClient(options),
    };
    opened.push(clients);
    return clients;
  };
  const own = open();
  let byRole: Promise<Reading> | null = null;
  return {
    async read(call) {
      try {
        return await call(own);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        byRole ??= assumeLookupRole(account, qualifier).then(open);
        const clients = await byRole.catch(() => {
          throw error;
        });
        return await call(clients);
      }
    },
    close() {
      for (const { cloudFormation, sns, ssm } of opened)
        for (const client of [cloudFormation, sns, ssm]) client.destroy();
    },
  };
}

/** The role of `cdk diff`: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html */
async function assumeLookupRole({ id, region, partition }: Account, qualifier: string) {
  using client = closing(new STSClient({ region, ...awsProxySettings() }));
  const RoleArn = `arn:${partition}:iam::${id}:role/cdk-${qualifier}-lookup-role-${id}-${region}`;
  const { Credentials } = await client.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "okta-proxy-watch" }));
  const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "", SessionToken } = Credentials ?? {};
  return { accessKeyId, secretAccessKey, ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }) };
}

/**
 * Checks that account and region are bootstrapped for CDK, by the parameter that CDK itself reads.
 *
 * @returns a sentence where that cannot be read; null when all is well
 * @throws InputError with the command to run, when they are not
 */
export async function checkBootstrap({ id, region }: Account, qualifier: string, read: Read): Promise<string | null> {
  const name = `/cdk-bootstrap/${qualifier}/version`;
  const qualified = qualifier === defaultQualifier ? "" : ` --qualifier ${qualifier}`;
  const command = `npx cdk bootstrap aws://${id}/${region}${qualified}`;
  try {
    const { Parameter } = await read(({ ssm }) => ssm.send(new GetParameterCommand({ Name: name })));
    const version = Number(Parameter?.Value);
    if (version >= neededBootstrapVersion) return null;
    throw new InputError(
      `the bootstrap stack of account ${id} in ${region} has version ${version}, and ${neededBootstrapVersion} is needed. Run: ${command}`,
    );
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (toError(error).name === "ParameterNotFound") {
      throw new InputError(
        `account ${id} is not bootstrapped for CDK in ${region}, which is done once. Run: ${command}`,
      );
    }
    return `Whether the account is bootstrapped could not be seen (${toError(error).message}); if it is not: ${command}`;
  }
}
