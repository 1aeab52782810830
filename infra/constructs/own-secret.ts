import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Secret, type SecretProps } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { Encryption } from "./encryption.ts";

/** How a secret of ours is set up. */
export interface OwnSecretProps extends Pick<SecretProps, "description" | "generateSecretString"> {
  readonly encryption: Encryption;
}

/** A secret of ours, encrypted as all data of the stack is. Nothing here rotates it. */
export class OwnSecret extends Construct {
  readonly secret: Secret;
  readonly #encryption: Encryption;

  constructor(scope: Construct, id: string, { encryption, ...props }: OwnSecretProps) {
    super(scope, id);
    this.#encryption = encryption;
    const { key } = encryption;
    this.secret = new Secret(this, "Secret", { ...props, ...(key && { encryptionKey: key }) });
  }

  /** Lets read the secret's value. */
  grantRead(grantee: IGrantable): Grant {
    this.#encryption.grant(grantee, "secretsmanager read");
    return Grant.addToPrincipal({
      grantee,
      actions: ["secretsmanager:GetSecretValue"],
      resourceArns: [this.secret.secretArn],
    });
  }
}
