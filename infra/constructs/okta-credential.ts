import type { Construct } from "constructs";
import { OwnSecret, type OwnSecretProps } from "./own-secret.ts";

/** What Okta knows us by when users and its log are read. It is filled by hand: a service app's key is made in Okta. */
export class OktaCredential extends OwnSecret {
  constructor(scope: Construct, id: string, props: Pick<OwnSecretProps, "encryption">) {
    super(scope, id, {
      ...props,
      description: "What Okta knows the functions that ask it by: a service app and its private key, or an API token",
    });
  }
}
