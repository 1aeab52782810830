import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { Encryption } from "./encryption.ts";

interface OwnSecretProps {
  readonly description: string;
  readonly encryption: Encryption;
  /** Whether the stack generates its value: letters and digits only, as one of them becomes the value of an HTTP header. */
  readonly isGenerated: boolean;
}

/** A secret of the stack, encrypted like all of its data. The stack does not rotate it. */
export class OwnSecret extends Construct {
  readonly secret: Secret;
  readonly #encryption: Encryption;

  constructor(scope: Construct, id: string, { description, encryption, isGenerated }: OwnSecretProps) {
    super(scope, id);
    this.#encryption = encryption;
    const { key } = encryption;
    this.secret = new Secret(this, "Secret", {
      description,
      ...(isGenerated && {
        generateSecretString: { passwordLength: 64, excludePunctuation: true, includeSpace: false },
      }),
      ...(key && { encryptionKey: key }),
    });
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
