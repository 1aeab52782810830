import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Secret, type SecretProps } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { Encryption } from "./encryption.ts";

/** The properties of a secret. */
export interface OwnSecretProps extends Pick<SecretProps, "description" | "generateSecretString"> {
  readonly encryption: Encryption;
}

/** A secret of the stack, encrypted like all of its data. The stack does not rotate it. */
export class OwnSecret extends Construct {
  readonly secret: Secret;
  readonly #encryption: Encryption;

  constructor(scope: Construct, id: string, { encryption, ...props }: OwnSecretProps) {
    super(scope, id);
    this.#encryption = encryption;
    const { key } = encryption;
    this.secret = new Secret(this, "Secret", { ...props, ...(key && { encryptionKey: key }) });
  }

  /** Grants reading the secret's value. */
  grantRead(grantee: IGrantable): Grant {
    this.#encryption.grant(grantee, "secretsmanager read");
    return Grant.addToPrincipal({
      grantee,
      actions: ["secretsmanager:GetSecretValue"],
      resourceArns: [this.secret.secretArn],
    });
  }
}
