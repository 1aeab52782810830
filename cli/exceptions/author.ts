import { userInfo } from "node:os";
import { InputError } from "../command.ts";

/*
 * Who says that a match is harmless. The name of the operating system's user says so only where it is a person's.
 */

/** Users of an operating system that are no persons: of images of AWS, Azure and Google, of containers, of runners of CI. */
const serviceUsers: ReadonlySet<string> = new Set(
  `root admin administrator nobody daemon node app ubuntu debian centos fedora rocky almalinux ec2-user ssm-user cloudshell-user
  azureuser vagrant docker runner runneradmin github-runner actions gitlab-runner jenkins circleci travis teamcity buildkite-agent
  vsts codebuild-user codespace vscode gitpod www-data ci build deploy service`.split(/\s+/),
);

/**
 * The author of an exception: the name that is given, else the user of the operating system.
 *
 * @param given the value of `--by`; undefined where it is not given
 * @throws InputError where neither names a person: the user is shared, or the command runs in CI
 */
export function findAuthor(
  given: string | undefined,
  username = userInfo().username,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  if (given !== undefined) return given;
  if (serviceUsers.has(username.toLowerCase())) {
    throw new InputError(
      `--by is missing: the user "${username}" of this machine is no person. Say who: --by ada@example.com`,
    );
  }
  // Every common CI sets it: https://docs.github.com/actions/reference/workflows-and-actions/variables
  if (/^(?:true|1)$/i.test(environment.CI ?? "")) {
    throw new InputError(
      "--by is missing: the command runs in CI (the variable CI is set). Say who: --by ada@example.com",
    );
  }
  return username;
}
