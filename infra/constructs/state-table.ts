import { AttributeType, ProjectionType, StreamViewType } from "aws-cdk-lib/aws-dynamodb";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { incidentIndex } from "../../lambda/adapters/tables/incident-index.ts";
import { OwnTable, type OwnTableProps } from "./own-table.ts";

/**
 * The table of claims, of users' states, of incidents and of the progress of functions; also of the exceptions, which
 * people made, so that it stays when the stack is deleted. An index lists the incidents.
 */
export class StateTable extends OwnTable {
  constructor(scope: Construct, id: string, props: Pick<OwnTableProps, "encryption">) {
    super(scope, id, { ...props, partitionKey: "id", stream: StreamViewType.NEW_AND_OLD_IMAGES });
    const { name: indexName, partitionKey, sortKey } = incidentIndex;
    this.table.addGlobalSecondaryIndex({
      indexName,
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      sortKey: { name: sortKey, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }

  /**
   * The ARN of its stream, which holds each change of an item for a day.
   *
   * @throws when the table has no stream
   */
  get streamArn(): string {
    const { tableStreamArn } = this.table;
    if (tableStreamArn === undefined) throw new Error("the state table has no stream");
    return tableStreamArn;
  }

  /** Grants what Lambda needs to hand the stream to a function. */
  grantStream(grantee: IGrantable): Grant {
    this.grantKey(grantee, "dynamodb read");
    // Listing has no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    this.table.grantTableListStreams(grantee);
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
    const actions = ["DescribeStream", "GetRecords", "GetShardIterator"];
    return Grant.addToPrincipal({
      grantee,
      actions: actions.map((action) => `dynamodb:${action}`),
      resourceArns: [this.streamArn],
    });
  }

  /** Grants claiming work, reading exceptions, and reading and writing users' states and incidents. */
  grantPipeline(grantee: IGrantable): Grant {
    return this.grant(grantee, [
      "dynamodb:BatchGetItem",
      "dynamodb:GetItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
    ]);
  }

  /** Grants saving the progress of a pipeline function. */
  grantSaveProgress(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:PutItem"]);
  }

  /** Grants reading all exceptions, and marking those with a notice. */
  grantNotice(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:Scan", "dynamodb:UpdateItem"]);
  }

  /** Grants reading the counts of days, all exceptions, and all incidents. */
  grantDigest(grantee: IGrantable): Grant {
    this.grantIndex(grantee, incidentIndex.name);
    return this.grant(grantee, ["dynamodb:BatchGetItem", "dynamodb:Scan"]);
  }

  /** Grants saving the state of a sync. */
  grantRecordSync(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:GetItem", "dynamodb:PutItem"]);
  }

  /** Grants reading the claim of an event. */
  grantFindClaim(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:GetItem"]);
  }
}
