import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { OwnTable, type OwnTableProps } from "./own-table.ts";

/**
 * The table for what the functions remember: what is claimed, what users did, how far a sync is; and for the exceptions,
 * which people made, so that it stays when the stack goes.
 */
export class StateTable extends OwnTable {
  constructor(scope: Construct, id: string, props: Pick<OwnTableProps, "encryption">) {
    super(scope, id, { ...props, partitionKey: "id" });
  }

  /** Lets claim work, read exceptions, and read and record what is remembered of users. */
  grantPipeline(grantee: IGrantable): Grant {
    return this.grant(grantee, [
      "dynamodb:BatchGetItem",
      "dynamodb:GetItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
    ]);
  }

  /** Lets a pipeline function record how far it is, too. */
  grantSaveProgress(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:PutItem"]);
  }

  /** Lets read all exceptions, and record that their end was told. */
  grantNotice(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:Scan", "dynamodb:UpdateItem"]);
  }

  /** Lets record how far a sync is. */
  grantRecordSync(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:GetItem", "dynamodb:PutItem"]);
  }

  /** Lets read what became of an event. */
  grantFindClaim(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:GetItem"]);
  }
}
