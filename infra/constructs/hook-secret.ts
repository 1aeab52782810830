import type { Construct } from "constructs";
import { OwnSecret, type OwnSecretProps } from "./own-secret.ts";

/**
 * The secret that Okta sends with every request. The stack generates it; `npx okta-proxy-watch hook` or an administrator sets it at
 * Okta.
 */
export class HookSecret extends OwnSecret {
  constructor(scope: Construct, id: string, props: Pick<OwnSecretProps, "encryption">) {
    super(scope, id, {
      ...props,
      description: "What Okta's event hook sends in the Authorization header",
      // It becomes an HTTP header's value: letters and digits only.
      generateSecretString: { passwordLength: 64, excludePunctuation: true, includeSpace: false },
    });
  }
}
