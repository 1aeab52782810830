import type { Construct } from "constructs";
import { OktaSharedSecret } from "./okta-shared-secret.ts";

/** What Okta knows us by when users are read. It is filled by hand: a service app's key is made in Okta. */
export class OktaCredential extends OktaSharedSecret {
  constructor(scope: Construct, id: string) {
    const description =
      "What Okta knows the sync of profile locations by: a service app and its private key, or an API token";
    super(scope, id, { description }, "the sync");
  }
}
