import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { OwnTable, type OwnTableProps } from "./own-table.ts";

/** What a writer does with single items: it reads them as of now, and updates or removes each by a condition. */
const writing = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];

/** The table of users' profile locations. It stays when the stack goes: nobody wants to load it twice. */
export class ProfileTable extends OwnTable {
  constructor(scope: Construct, id: string, props: Pick<OwnTableProps, "encryption">) {
    // Journeys end; what has no end has no such attribute, and stays.
    super(scope, id, { ...props, partitionKey: "user" });
  }

  /** Lets look up profiles by key, several at once; nothing else. */
  grantLookUp(grantee: IGrantable): Grant {
    return this.grant(grantee, ["dynamodb:BatchGetItem"]);
  }

  /** Lets look up profiles by key, write and remove them. */
  grantRefresh(grantee: IGrantable): Grant {
    return this.grant(grantee, writing);
  }

  /** Lets read all profiles, write and remove them. */
  grantSync(grantee: IGrantable): Grant {
    return this.grant(grantee, [...writing, "dynamodb:Scan"]);
  }
}
