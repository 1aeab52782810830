import type { Construct } from "constructs";
import { OwnSecret, type OwnSecretProps } from "./own-secret.ts";

/**
 * The key for hashing logins, which become keys of the state table. The stack generates it, and the functions that
 * judge sessions may read it. A new key would find no remembered user.
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
