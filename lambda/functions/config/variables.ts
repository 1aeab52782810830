import { matching, required, type Variable } from "./environment.ts";

/** The name of a table. */
export function tableName(what: string): Variable<string> {
  return required(`the name of the ${what}`, (text) => text);
}

/** The URL of a queue. */
export const queueUrl = matching(/^https?:\/\/\S+$/, "is no URL");

/** The ARN of a secret. */
export const secretArn = matching(/^arn:[\w-]+:secretsmanager:\S+$/, "is no ARN of a Secrets Manager secret");

/** The ARN of a secret that has to be set. */
export const requiredSecretArn = required("the ARN of a Secrets Manager secret", secretArn);

/** The ARN of a topic that has to be set. */
export function topicArn(what: string): Variable<string> {
  return required(
    `the ARN of the ${what}`,
    matching(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/, "is no ARN of an SNS topic"),
  );
}

/** The state table, which nearly every function has. */
export const stateTable = tableName("state table");
/** The alert topic. */
export const alertTopicArn = topicArn("alert topic");
/** The URL of an event hook. */
export const hookUrl = required("the URL of the event hook", queueUrl);
