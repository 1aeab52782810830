import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

/** The table of users' profile locations. It stays when the stack goes: nobody wants to load it twice. */
export class ProfileTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new Table(this, "Table", {
      partitionKey: { name: "user", type: AttributeType.STRING },
      // Journeys end; what has no end has no such attribute, and stays.
      timeToLiveAttribute: "expiration",
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** Lets look up profiles by key, several at once; nothing else. */
  grantLookUp(grantee: IGrantable): Grant {
    return this.#grant(grantee, ["dynamodb:BatchGetItem"]);
  }

  /** Lets look up profiles by key, write and remove them. */
  grantRefresh(grantee: IGrantable): Grant {
    return this.#grant(grantee, ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"]);
  }

  /** Lets read all profiles, write and remove them. */
  grantSync(grantee: IGrantable): Grant {
    return this.#grant(grantee, ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:Scan"]);
  }

  #grant(grantee: IGrantable, actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.table.tableArn] });
  }
}
