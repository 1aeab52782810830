import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, test, vi } from "vitest";
import { openExceptions } from "../../../lambda/adapters/tables/exceptions.ts";
import { maximumSms } from "../../../lambda/core/alerts/sms.ts";
import type { TopicMessage } from "../../../lambda/core/alerts/topic-message.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import { dueForNotice, publishNotice, renderNotice } from "../../../lambda/core/exceptions/expiry-notice.ts";
import { type AlertFeed, followAlerts, type ReceivedAlert } from "../../../local/alert-feed.ts";
import { names } from "../../../local/resources.ts";
import { useEmulators } from "../../fixtures/emulators.ts";

const day = 86_400_000;
const end = Date.parse("2026-12-31T12:00:00.000Z");

function exception(id: string, until: number, scope: Exception["scope"] = { user: "00u1" }): Exception {
  const createdAt = "2026-11-01T00:00:00.000Z";
  return {
    id,
    scope,
    by: "grace",
    reason: "asked her",
    createdAt,
    until: new Date(until).toISOString(),
    noticedAt: null,
  };
}

const emulators = await useEmulators();

describe("a notice", () => {
  test("goes out a week before the end, once, whatever is done meanwhile", async () => {
    const client = new DynamoDBClient({});
    const exceptions = await openExceptions(client, names.stateTable);
    await exceptions.add(exception("one", end), new Date(0));
    await exceptions.add(exception("two", end + day, { asNumber: 64500 }), new Date(0));
    await exceptions.add(exception("later", end + 30 * day), new Date(0));
    const published: TopicMessage[] = [];
    const at = async (time: number) =>
      (await publishNotice(exceptions, async (message) => void published.push(message), new Date(time))).map(
        ({ id }) => id,
      );
    expect(await at(end - 7 * day - 1)).toEqual([]);
    expect(await at(end - 7 * day)).toEqual(["one"]);
    expect(await at(end - 7 * day + 1)).toEqual([]);
    expect(await at(end - 6 * day)).toEqual(["two"]);
    expect(await at(end + day)).toEqual([]);
    expect(published).toHaveLength(2);
    // A notice does not change what it covers, or until when.
    expect((await exceptions.list()).map(({ id, noticedAt }) => [id, noticedAt !== null])).toEqual([
      ["one", true],
      ["two", true],
      ["later", false],
    ]);
    client.destroy();
  });

  test("is none about an exception that has ended, though it ends this moment", () => {
    const ends = (until: number) => dueForNotice([exception("one", until)], new Date(end)).length;
    expect([ends(end - day), ends(end), ends(end + 1)]).toEqual([0, 0, 1]);
  });

  test("that cannot be published goes out the next time", async () => {
    const marked: string[] = [];
    const one = exception("one", end);
    const store = { list: async () => [one], markNoticed: async ({ id }: Exception) => marked.push(id) > 0 };
    const now = new Date(end - day);
    await expect(publishNotice(store, () => Promise.reject(new Error("down")), now)).rejects.toThrow("down");
    expect(marked).toEqual([]);
    await publishNotice(store, async () => {}, now);
    expect(marked).toEqual(["one"]);
  });

  test("says what ends, why it was made and by whom, on lines of its own, and fits in a message of SNS", () => {
    const hostile = { ...exception("one", end, { user: "ada@example.com" }), reason: "x\nTo keep one: rm -rf" };
    const many = Array.from({ length: 200 }, (_, index) => ({ ...hostile, id: `e${index}`, by: "é".repeat(5_000) }));
    const { message, named } = renderNotice([hostile]);
    expect(named).toHaveLength(1);
    const { email, default: body } = JSON.parse(message.message) as { email: string; default: string };
    expect(email).toContain(
      "- ada@example.com, until 2026-12-31T12:00:00.000Z\n  x To keep one: rm -rf (grace). Its id is one.",
    );
    expect(JSON.parse(body)).toMatchObject({ kind: "exceptionsEnd", exceptions: [{ id: "one" }] });
    expect(Object.keys(message.attributes)).toEqual(["notice"]);
    expect(renderNotice(many).named).toHaveLength(10);
    expect(Buffer.byteLength(renderNotice(many).message.message)).toBeLessThan(262_144);
  });
});

describe("what a notice says", () => {
  const texts = (due: readonly Exception[]) => {
    const { subject, message } = renderNotice(due).message;
    return { subject, ...(JSON.parse(message) as { email: string; sms: string; default: string }) };
  };

  test("of one exception, to each kind of subscriber", () => {
    const { subject, email, sms, default: body } = texts([exception("one", end, { user: "ada@example.com" })]);
    expect(subject).toBe("An exception ends soon");
    expect(email).toBe(
      [
        "An exception ends within 7 days. What they cover is alerted on from then on.",
        "",
        "- ada@example.com, until 2026-12-31T12:00:00.000Z",
        "  asked her (grace). Its id is one.",
        "",
        "To keep one, make it anew: npx okta-proxy-watch exceptions add --help",
        "",
      ].join("\n"),
    );
    expect(sms).toBe("An exception ends within 7 days: ada@example.com, until 2026-12-31T12:00:00.000Z");
    expect(JSON.parse(body)).toMatchObject({ schemaVersion: "1.0" });
    expect(renderNotice([exception("one", end)]).message.perProtocol).toBe(true);
  });

  test("of several exceptions counts them, and a short message of many keeps within its limit", () => {
    const two = texts([exception("one", end), exception("two", end, { asNumber: 64500 })]);
    expect(two.subject).toBe("2 exceptions end soon");
    expect(two.email).toMatch(/^2 exceptions end within 7 days\. /);
    expect(two.sms).toBe(
      "2 exceptions end within 7 days: 00u1, until 2026-12-31T12:00:00.000Z; anyone, AS64500, until 2026-12-31T12:00:00.000Z",
    );
    const many = Array.from({ length: 10 }, (_, index) => exception(`e${index}`, end, { user: "x".repeat(300) }));
    expect(texts(many).sms.length).toBe(maximumSms);
  });

  test("keeps addresses and networks as they are, and takes from any other text what a mail program would link", () => {
    const linking = exception("one", end, { user: "evil.example/login", cidr: "2001:db8::/32" });
    const { email } = texts([{ ...linking, by: "grace@example.com" }]);
    expect(email).toContain("network 2001:db8::/32");
    expect(email).toContain("(grace@example.com)");
    expect(email).not.toContain("evil.example/login");
  });
});

test("the deployed function publishes to the alert topic, where it is no alert", async () => {
  const notices: Pick<ReceivedAlert, "subject" | "email">[] = [];
  const feed: AlertFeed = followAlerts(
    emulators.alertQueueUrl,
    emulators.direct.messaging,
    () => {},
    () => {},
    (notice) => notices.push(notice),
  );
  const client = new DynamoDBClient({});
  const exceptions = await openExceptions(client, names.stateTable);
  await exceptions.add(exception("soon", Date.now() + day), new Date());
  const { handler } = (await import("../../../lambda/functions/notify-exceptions.ts")) as {
    handler: () => Promise<void>;
  };
  await handler();
  await handler();
  await vi.waitUntil(() => notices.length > 0, 60_000);
  expect(notices).toHaveLength(1);
  expect(notices[0]?.subject).toBe("An exception ends soon");
  expect(feed.received).toEqual([]);
  await feed.stop();
  client.destroy();
});
