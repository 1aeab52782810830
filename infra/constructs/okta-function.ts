import type { Construct } from "constructs";
import { OwnFunction, type OwnFunctionProps } from "./own-function.ts";
import type { OwnSecret } from "./own-secret.ts";
import type { ProfileTable } from "./profile-table.ts";
import type { StateTable } from "./state-table.ts";

/** The resources of functions that read profiles from Okta. */
export interface OktaResources {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly credential: OwnSecret;
  readonly profileTable: ProfileTable;
  readonly stateTable: StateTable;
}

/** The properties of a function that reads profiles from Okta. */
export type OktaFunctionProps = OktaResources & Omit<OwnFunctionProps, "environment">;

/**
 * A function that reads profiles from Okta, with a role that may read its credential; each function grants its own
 * tables.
 */
export class OktaFunction extends OwnFunction {
  constructor(scope: Construct, id: string, props: OktaFunctionProps) {
    const { settings, orgUrl, credential, profileTable, stateTable } = props;
    super(scope, id, {
      ...props,
      environment: {
        PROFILE_TABLE: profileTable.table.tableName,
        STATE_TABLE: stateTable.table.tableName,
        OKTA_ORG_URL: orgUrl,
        OKTA_CREDENTIAL_SECRET_ARN: credential.secret.secretArn,
        OKTA_PROFILE_ATTRIBUTES: JSON.stringify(settings.oktaProfileAttributes),
      },
    });
    credential.grantRead(this.role);
  }
}
