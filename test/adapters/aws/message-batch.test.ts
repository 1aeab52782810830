import type { SQSRecord } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { forEachMessage } from "../../../lambda/adapters/aws/message-batch.ts";

const batchOf = (...ids: readonly string[]) => ({ Records: ids.map((messageId) => ({ messageId }) as SQSRecord) });

describe("a batch of messages", () => {
  test("names the messages whose work failed, and no other", async () => {
    const worked: string[] = [];
    const response = await forEachMessage(batchOf("a", "b", "c"), async ({ messageId }) => {
      worked.push(messageId);
      if (messageId !== "b") throw new Error(`no ${messageId}`);
    });
    expect(worked).toEqual(["a", "b", "c"]);
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "c" }] });
  });

  test("is worked on at the same time, and ends with its last message", async () => {
    const first = Promise.withResolvers<void>();
    const ended: string[] = [];
    await forEachMessage(batchOf("first", "second"), async ({ messageId }) => {
      if (messageId === "first") await first.promise;
      else first.resolve();
      ended.push(messageId);
    });
    expect(ended).toContain("first");
    expect(ended).toContain("second");
  });
});
