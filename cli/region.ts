import { STSClient } from "@aws-sdk/client-sts";
import { closing } from "./aws-client.ts";
import { InputError } from "./command.ts";

/**
 * Finds the region that a command works in, as AWS's own command line does: `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the
 * profile's (`AWS_PROFILE`, or the default one). It is set as `AWS_REGION`, so that every client, and CDK, uses the same.
 *
 * @throws InputError when there is none, which CDK would take for us-east-1
 */
export async function useRegion(): Promise<string> {
  const given = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION;
  const region = given || (await regionOfProfile());
  process.env.AWS_REGION = region;
  return region;
}

async function regionOfProfile(): Promise<string> {
  // An empty variable would hide the profile's region.
  if (process.env.AWS_REGION === "") delete process.env.AWS_REGION;
  using client = closing(new STSClient({}));
  try {
    return await client.config.region();
  } catch {
    const { AWS_PROFILE: profile } = process.env;
    const ofProfile = profile ? ` --profile ${profile}` : "";
    throw new InputError(
      `no AWS region is set. For this shell: export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1; for good: aws configure set region eu-west-1${ofProfile}`,
    );
  }
}
