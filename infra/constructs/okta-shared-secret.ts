import { Validations } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Secret, type SecretProps } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

/** A secret of which Okta holds the other half, so that nothing here rotates it alone. */
export class OktaSharedSecret extends Construct {
  readonly secret: Secret;

  /** @param lockedOut what a rotation would cost that does not change the secret in Okta as well */
  constructor(scope: Construct, id: string, props: SecretProps, lockedOut: string) {
    super(scope, id);
    this.secret = new Secret(this, "Secret", props);
    Validations.of(this.secret).acknowledge({
      id: "AwsSolutions-SMG4",
      reason: `Okta holds the other half: a rotation that does not change it there as well would lock ${lockedOut} out.`,
    });
  }

  /** Lets read the secret's value. */
  grantRead(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ["secretsmanager:GetSecretValue"],
      resourceArns: [this.secret.secretArn],
    });
  }
}
