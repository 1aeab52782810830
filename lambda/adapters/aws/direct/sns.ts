import type { MessageAttributeValue, PublishInput } from "@aws-sdk/client-sns";
import type { Refused, Sns } from "../operations.ts";
import type { Access } from "./access.ts";
import type { CallerSettings } from "./caller.ts";
import { createQueryCaller } from "./query-protocol.ts";

/** Calls SNS directly (https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html). */
export function directSns(access: Access, settings: CallerSettings): Sns {
  const call = createQueryCaller(access, "2010-03-31", settings);
  return {
    async publish(input, signal) {
      const output = await call("Publish", withAttributes(input), signal);
      const { PublishResponse } = output as { readonly PublishResponse?: { readonly PublishResult?: Element } };
      const { MessageId } = elementsOf(PublishResponse?.PublishResult);
      return { MessageId: textOf(MessageId) };
    },
    async publishBatch({ PublishBatchRequestEntries: entries = [], ...rest }, signal) {
      const input = { ...rest, PublishBatchRequestEntries: entries.map(withAttributes) };
      const output = await call("PublishBatch", input, signal);
      const { PublishBatchResponse } = output as {
        readonly PublishBatchResponse?: { readonly PublishBatchResult?: Element };
      };
      const { Successful, Failed } = elementsOf(PublishBatchResponse?.PublishBatchResult);
      return { Successful: membersOf(Successful), Failed: membersOf(Failed) };
    },
  };
}

/** Attributes as the query protocol has maps: `MessageAttributes.entry.1.Name`, `….Value.DataType`. */
function withAttributes<Input extends Pick<PublishInput, "MessageAttributes">>({ MessageAttributes, ...rest }: Input) {
  const entries = Object.entries<MessageAttributeValue>(MessageAttributes ?? {});
  const numbered = entries.map(([Name, Value], index) => [`entry.${index + 1}`, { Name, Value }]);
  return { ...rest, MessageAttributes: Object.fromEntries(numbered) };
}

/** An element of XML: its text, its elements by their names, or several of one name. An empty one is an empty text. */
type Element = string | readonly Element[] | { readonly [name: string]: Element | undefined };

function elementsOf(element: Element | undefined): { readonly [name: string]: Element | undefined } {
  return typeof element === "object" && !isList(element) ? element : {};
}

function isList(element: Element): element is readonly Element[] {
  return Array.isArray(element);
}

function textOf(element: Element | undefined): string | undefined {
  return typeof element === "string" && element !== "" ? element : undefined;
}

function membersOf(list: Element | undefined): readonly Refused[] {
  const { member } = elementsOf(list);
  const members = member === undefined ? [] : isList(member) ? member : [member];
  return members.map((each) => {
    const { Id, Code, Message } = elementsOf(each);
    return { Id: textOf(Id), Code: textOf(Code), Message: textOf(Message) };
  });
}
