import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { OwnTable, type OwnTableProps } from "./own-table.ts";

/** The actions of a writer: consistent reads, and conditional updates and removals of single items. */
const writing = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];

/** The table of users' profile locations. It stays when the stack is deleted, so that it need not be loaded again. */
export class ProfileTable extends OwnTable {
  constructor(scope: Construct, id: string, props: Pick<OwnTableProps, "encryption">) {
    // Journeys expire; items without the attribute stay.
    super(scope, id, { ...props, partitionKey: "user" });
  }

  /** Grants batch reads of profiles by key. */
  grantLookUp(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:BatchGetItem"]);
  }

  /** Grants reading profiles by key, writing and removing them. */
  grantRefresh(grantee: IGrantable): Grant {
    return this.grant(grantee, writing);
  }

  /** Grants reading all profiles, writing and removing them. */
  grantSync(grantee: IGrantable): Grant {
    return this.grant(grantee, [...writing, "dynamodb:Scan"]);
  }
}
