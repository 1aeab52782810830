import { matching, required, type Variable } from "./environment.ts";

/** The URL of a queue or an event hook. */
export const readUrl = matching(/^https?:\/\/\S+$/, "is no URL");

/** The ARN of a secret. */
export const readSecretArn = matching(/^arn:[\w-]+:secretsmanager:\S+$/, "is no ARN of a Secrets Manager secret");

/** The ARN of a secret that has to be set. */
export function requiredSecretArn(name: string): Variable<string> {
  return required(name, "the ARN of a Secrets Manager secret", readSecretArn);
}

/** The ARN of a topic that has to be set. */
export function topicArn(name: string, what: string): Variable<string> {
  return required(
    name,
    `the ARN of the ${what}`,
    matching(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/, "is no ARN of an SNS topic"),
  );
}

/** The table of profiles. */
export const profileTable = required("PROFILE_TABLE", "the name of the profile table", (text) => text);

/** The state table, which nearly every function has. */
export const stateTable = required("STATE_TABLE", "the name of the state table", (text) => text);

/** The alert topic. */
export const alertTopicArn = topicArn("ALERT_TOPIC_ARN", "alert topic");
