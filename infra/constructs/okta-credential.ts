import type { Construct } from "constructs";
import { OwnSecret, type OwnSecretProps } from "./own-secret.ts";

/** What Okta knows us by when users and its log are read. `npm run hook -- setup` fills it, or an administrator does. */
export class OktaCredential extends OwnSecret {
  constructor(scope: Construct, id: string, props: Pick<OwnSecretProps, "encryption">) {
    super(scope, id, {
      ...props,
      description: "What Okta knows the functions that ask it by: a service app and its private key, or an API token",
    });
  }
}
