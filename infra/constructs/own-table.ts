import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, type StreamViewType, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import type { Encryption } from "./encryption.ts";

/** The properties of a table. */
export interface OwnTableProps {
  /** Name of the partition key, a string. */
  readonly partitionKey: string;
  readonly encryption: Encryption;
  /** What the records of its stream hold. @default - no stream */
  readonly stream?: StreamViewType;
}

/** Actions that change nothing. */
const reading: ReadonlySet<string> = new Set(["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Scan"]);

/**
 * A table of the stack, encrypted, with recovery to any second of the last 35 days. It stays when the stack is deleted.
 * The attribute `expiration` is the time to live.
 */
export class OwnTable extends Construct {
  readonly table: Table;
  readonly #encryption: Encryption;

  constructor(scope: Construct, id: string, { partitionKey, encryption, stream }: OwnTableProps) {
    super(scope, id);
    this.#encryption = encryption;
    const { key } = encryption;
    this.table = new Table(this, "Table", {
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      timeToLiveAttribute: "expiration",
      ...(stream === undefined ? {} : { stream }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...(key
        ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }
        : { encryption: TableEncryption.AWS_MANAGED }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** Grants asking an index. The key of the table needs a grant of its own, which reading the items brings. */
  protected grantIndex(grantee: IGrantable, name: string): Grant {
    const resourceArns = [`${this.table.tableArn}/index/${name}`];
    return Grant.addToPrincipal({ grantee, actions: ["dynamodb:Query"], resourceArns });
  }

  /** Grants these actions on items. */
  protected grant(grantee: IGrantable, actions: string[]): Grant {
    const isRead = actions.every((action) => reading.has(action));
    this.grantKey(grantee, isRead ? "dynamodb read" : "dynamodb write");
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.table.tableArn] });
  }

  /** Grants the use of the table's key, where it is one of the account. */
  protected grantKey(grantee: IGrantable, use: "dynamodb read" | "dynamodb write"): void {
    this.#encryption.grant(grantee, use);
  }
}
