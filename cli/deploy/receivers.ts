import { paginateListSubscriptionsByTopic, type SNSClient } from "@aws-sdk/client-sns";
import type { TemplateSubscription } from "./template-changes.ts";

/** A subscription in SNS. */
export interface Subscription {
  readonly protocol: string;
  readonly endpoint: string;
  /** False until the address confirms. */
  readonly confirmed: boolean;
}

/** Lists the subscriptions of a topic. */
export async function listSubscriptions(client: SNSClient, TopicArn: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn })) {
    for (const { Protocol: protocol = "", Endpoint: endpoint = "", SubscriptionArn: arn = "" } of Subscriptions) {
      // https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html: no ARN until it is confirmed, nor once deleted.
      if (arn !== "Deleted") found.push({ protocol, endpoint, confirmed: arn.startsWith("arn:") });
    }
  }
  return found;
}

/** The receivers of the topics of one purpose. */
export interface Receivers {
  /** The purpose: `alerts`. */
  readonly what: string;
  /** The setting that subscribes an address: `alertEmail`. */
  readonly setting: string;
  /** The current subscriptions; null where they could not be read. */
  readonly live: readonly Subscription[] | null;
  /** Subscriptions that the deployment removes. */
  readonly removed: readonly TemplateSubscription[];
  /** Subscriptions of the stack after the deployment. */
  readonly templated: readonly TemplateSubscription[];
}

/**
 * Returns a warning when no address would receive the messages, or none has confirmed yet.
 *
 * @returns null when an address does
 */
export function describeMissingReceivers({ what, setting, live, removed, templated }: Receivers): string | null {
  // The stack's own functions are subscribed too; they render outputs, and do not count as receivers.
  const outside = templated.filter(({ endpoint }) => endpoint !== null);
  const isRemoved = ({ protocol, endpoint }: Subscription) =>
    removed.some((each) => each.protocol === protocol && each.endpoint === endpoint) &&
    !outside.some((each) => each.protocol === protocol && each.endpoint === endpoint);
  const staying = (live ?? []).filter((each) => !isRemoved(each));
  if (staying.some(({ confirmed }) => confirmed)) return null;
  const waiting = [...new Set([...staying, ...outside].map(({ endpoint }) => endpoint))];
  if (waiting.length > 0) {
    if (live === null) return null;
    return `The ${what} reach no address yet: ${waiting.join(", ")} gets a mail from AWS with a link, which has to be clicked.`;
  }
  const unknown = live === null ? " that is known of (the topic's subscriptions could not be read)" : "";
  return `No subscription to the ${what} exists after this${unknown}: they reach no address. Set ${setting} in the settings file, or subscribe to the topic (docs/subscribing.md).`;
}
