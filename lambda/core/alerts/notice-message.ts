import { toAscii } from "../text/ascii.ts";
import { fitJson } from "../text/fit-json.ts";
import { topicBodyBytes } from "../text/message-limits.ts";
import { maximumSms, toGsm } from "./sms.ts";
import type { TopicMessage } from "./topic-message.ts";

/** What a notice says, in each of its forms. */
export interface Notice {
  /** What a subscriber that is a program gets, as JSON. */
  readonly body: { readonly kind: string } & Readonly<Record<string, unknown>>;
  readonly subject: string;
  readonly email: string;
  /** Cut to the length of an SMS, in its characters. */
  readonly sms: string;
}

/**
 * A notice as a message of the alert topic. It has no message attribute `severity`, by which subscriptions filter for alerts.
 */
export function noticeMessage({ body, subject, email, sms }: Notice): TopicMessage {
  const short = toGsm(toAscii(sms)).slice(0, maximumSms);
  return {
    subject: toAscii(subject),
    message: JSON.stringify({ default: fitJson(body, topicBodyBytes), email, sms: short }),
    perProtocol: true,
    attributes: { notice: { type: "String", value: body.kind } },
  };
}
