import type { Construct } from "constructs";
import { OwnSecret, type OwnSecretProps } from "./own-secret.ts";

/**
 * The key that logins are hashed with before they are the key of what is remembered. It is generated here, and known to the
 * functions that judge sessions: with another one, nothing would be found of what is remembered.
 */
export class StateKey extends OwnSecret {
  constructor(scope: Construct, id: string, props: Pick<OwnSecretProps, "encryption">) {
    super(scope, id, {
      ...props,
      description: "What logins are hashed with on the state table; a new value forgets what is remembered of users",
      generateSecretString: { passwordLength: 64, excludePunctuation: true, includeSpace: false },
    });
  }
}
