import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

/**
 * The table for what the functions remember: what is claimed, what users did, how far a sync is; and for the exceptions,
 * which people made, so that it stays when the stack goes, and can be brought back to any second of the last 35 days.
 */
export class StateTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new Table(this, "Table", {
      partitionKey: { name: "id", type: AttributeType.STRING },
      timeToLiveAttribute: "expiration",
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** Lets claim work, read exceptions, and read and record what is remembered of users. */
  grantPipeline(grantee: IGrantable): Grant {
    return this.#grant(grantee, [
      "dynamodb:BatchGetItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
    ]);
  }

  /** Lets read all exceptions, and record that their end was told. */
  grantNotice(grantee: IGrantable): Grant {
    return this.#grant(grantee, ["dynamodb:Scan", "dynamodb:UpdateItem"]);
  }

  /** Lets record how far a sync is. */
  grantRecordSync(grantee: IGrantable): Grant {
    return this.#grant(grantee, ["dynamodb:GetItem", "dynamodb:PutItem"]);
  }

  #grant(grantee: IGrantable, actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.table.tableArn] });
  }
}
