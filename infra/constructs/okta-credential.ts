import type { Construct } from "constructs";
import { OwnSecret, type OwnSecretProps } from "./own-secret.ts";

/** The credential for reading Okta's users and log. `npx okta-proxy-watch hook setup` or an administrator fills it. */
export class OktaCredential extends OwnSecret {
  constructor(scope: Construct, id: string, props: Pick<OwnSecretProps, "encryption">) {
    super(scope, id, {
      ...props,
      description: "What Okta knows the functions that ask it by: a service app and its private key, or an API token",
    });
  }
}
