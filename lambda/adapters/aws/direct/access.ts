/** The services that functions call directly, by their names in SigV4 and in host names. */
export type Service = "dynamodb" | "secretsmanager" | "sns" | "sqs";

/** What a direct call needs: the endpoint, and what it is signed by. */
export interface Access {
  readonly service: Service;
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
const endpointVariables: Readonly<Record<Service, string>> = {
  dynamodb: "AWS_ENDPOINT_URL_DYNAMODB",
  secretsmanager: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
  sns: "AWS_ENDPOINT_URL_SNS",
  sqs: "AWS_ENDPOINT_URL_SQS",
};

/**
 * Regions of the partition `aws`, in which every service has the host `service.region.amazonaws.com`
 * (https://docs.aws.amazon.com/general/latest/gr/rande.html#regional-endpoints).
 */
const ordinaryRegion = /^(?:af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d+$/;

/** Settings that only the SDK understands: other credentials, and other endpoints. */
const settingsOfSdk = [
  "AWS_PROFILE",
  "AWS_USE_FIPS_ENDPOINT",
  "AWS_USE_DUALSTACK_ENDPOINT",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
];

/**
 * Reads the access to a service from the variables that Lambda sets
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime).
 *
 * @returns null where a direct call might go elsewhere than one by the SDK, which then makes it: no keys in the environment, another
 * partition, or a setting that only the SDK understands
 */
export function readAccess(service: Service, environment: NodeJS.ProcessEnv): Access | null {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region } = environment;
  const { AWS_SESSION_TOKEN: sessionToken } = environment;
  if (!accessKeyId || !secretAccessKey || !region) return null;
  if (settingsOfSdk.some((name) => environment[name] && environment[name] !== "false")) return null;
  const given = environment[endpointVariables[service]] || environment.AWS_ENDPOINT_URL;
  if (!given && !ordinaryRegion.test(region)) return null;
  return {
    service,
    endpoint: new URL(given || `https://${service}.${region}.amazonaws.com`),
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
  };
}
