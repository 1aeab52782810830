import type { Construct } from "constructs";
import { OktaSharedSecret, type OktaSharedSecretProps } from "./okta-shared-secret.ts";

/** The secret that Okta sends with every request: generated here, typed into Okta's admin console by hand. */
export class HookSecret extends OktaSharedSecret {
  constructor(scope: Construct, id: string, props: Pick<OktaSharedSecretProps, "encryption">) {
    super(scope, id, {
      ...props,
      description: "What Okta's event hook sends in the Authorization header",
      // It becomes an HTTP header's value: letters and digits only.
      generateSecretString: { passwordLength: 64, excludePunctuation: true, includeSpace: false },
    });
  }
}
