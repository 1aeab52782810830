import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toAttribute } from "../../../lambda/adapters/aws/dynamodb/attribute-value.ts";
import { readExceptionChanges } from "../../../lambda/adapters/tables/exception-records.ts";
import { isPlainEmail } from "../../../lambda/core/alerts/inert.ts";
import type { TopicMessage } from "../../../lambda/core/alerts/topic-message.ts";
import { changesBetween, publishChanges, renderChanges } from "../../../lambda/core/exceptions/change-notice.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import { hostileText, liveParts } from "../../fixtures/live-text.ts";

const now = new Date("2026-11-24T09:30:03Z");

function exception(id: string, overrides: Partial<Exception> = {}): Exception {
  return {
    id,
    scope: { user: "ada@example.com", operator: "NORD_VPN" },
    by: "grace",
    reason: "asked her",
    createdAt: "2026-11-24T09:00:00.000Z",
    until: "2026-12-24T00:00:00.000Z",
    noticedAt: null,
    ...overrides,
  };
}

const bodyOf = ({ message }: TopicMessage) => JSON.parse(message) as { default: string; email: string; sms: string };

describe("a change of exceptions", () => {
  test.each<[string, readonly Exception[], readonly Exception[], readonly string[]]>([
    ["made", [], [exception("a")], ["made a"]],
    ["removed", [exception("a")], [], ["removed a"]],
    ["one beside another", [exception("a")], [exception("a"), exception("b")], ["made b"]],
    ["a wider scope", [exception("a")], [exception("a", { scope: { asNumber: 64500 } })], ["changed a"]],
    ["a later end", [exception("a")], [exception("a", { until: "2027-12-24T00:00:00.000Z" })], ["changed a"]],
    ["another author", [exception("a")], [exception("a", { by: "mallory" })], ["changed a"]],
  ])("is announced: %s", (_, before, after, expected) => {
    expect(changesBetween(before, after, now).map(({ kind, exception: { id } }) => `${kind} ${id}`)).toEqual(expected);
  });

  test.each<[string, readonly Exception[], readonly Exception[]]>([
    ["nothing", [exception("a")], [exception("a")]],
    ["the notice of its end", [exception("a")], [exception("a", { noticedAt: "2026-11-24T09:30:00.000Z" })]],
    [
      "the order of its fields",
      [exception("a")],
      [exception("a", { scope: { operator: "NORD_VPN", user: "ada@example.com" } })],
    ],
    ["the removal of one that has ended", [exception("a", { until: "2026-11-24T09:00:00.000Z" })], []],
  ])("is none: %s", (_, before, after) => {
    expect(changesBetween(before, after, now)).toEqual([]);
  });

  test("is announced whatever else changes beside it", () => {
    const one = fc.record({ id: fc.constantFrom("a", "b", "c"), by: fc.constantFrom("grace", "ada") });
    const some = fc
      .uniqueArray(one, { selector: ({ id }) => id })
      .map((all) => all.map(({ id, by }) => exception(id, { by })));
    fc.assert(
      fc.property(some, some, (before, after) => {
        const changed = changesBetween(before, after, now);
        const ids = new Set([...before, ...after].map(({ id }) => id));
        const differing = [...ids].filter(
          (id) =>
            JSON.stringify(before.find((each) => each.id === id)) !==
            JSON.stringify(after.find((each) => each.id === id)),
        );
        expect(changed.map(({ exception: { id } }) => id).sort()).toEqual(differing.sort());
      }),
    );
  });
});

describe("the notice of a change", () => {
  test("says what is covered, until when, who says why, and what to do if it was not the team", () => {
    const [notice] = renderChanges([{ kind: "made", exception: exception("e1") }], now);
    expect(notice).toMatchObject({
      subject: "An exception was made",
      attributes: { notice: { type: "String", value: "exceptionsChanged" } },
    });
    const { email, sms, default: json } = bodyOf(notice as TopicMessage);
    expect(email).toBe(
      [
        "An exception was made. What an exception covers is not alerted on.",
        "",
        "- made: ada@example.com, operator NORD_VPN, until 2026-12-24T00:00:00.000Z",
        "  asked her (grace). Its id is e1.",
        "",
        "Did your team do this? If not, remove what was made (npx okta-proxy-watch exceptions remove ID), and see in AWS CloudTrail",
        "which credentials wrote to the state table.",
        "",
      ].join("\n"),
    );
    expect(sms).toMatch(/^An exception was made: ada@example\.com, operator NORD_VPN, until 2026-12-24/);
    expect(JSON.parse(json)).toMatchObject({
      kind: "exceptionsChanged",
      changes: [{ kind: "made", exception: { id: "e1" } }],
    });
  });

  test("says of one that was removed that what it covered is alerted on again, and never to remove what was made", () => {
    const removed = (id: string) => ({ kind: "removed", exception: exception(id) }) as const;
    const [notice] = renderChanges([removed("e1")], now);
    const { email } = bodyOf(notice as TopicMessage);
    expect(email).toMatch(/^An exception was removed\. What it alone covered is alerted on again\.\n/);
    expect(email).toContain("make it anew: npx okta-proxy-watch exceptions add --help");
    expect(email).not.toMatch(/not alerted on|what was made/);
    const [both] = renderChanges([removed("e1"), removed("e2")], now);
    expect(bodyOf(both as TopicMessage).email).toMatch(
      /^2 exceptions were removed\. What they alone covered is alerted on again\.\n/,
    );
    const [mixed] = renderChanges([removed("e1"), { kind: "made", exception: exception("e2") }], now);
    expect(bodyOf(mixed as TopicMessage).email).toMatch(
      /^2 exceptions were changed\. What an exception covers is not alerted on\.\n/,
    );
  });

  test.each<[string, Partial<Exception>]>([
    ["covers all of IPv4", { scope: { cidr: "0.0.0.0/0" } }],
    ["covers a country", { scope: { countryCode: "US" } }],
    [
      "lasts for years, whenever it says that it was made",
      { createdAt: "2028-12-31T00:00:00.000Z", until: "2029-01-01T00:00:00.000Z" },
    ],
  ])("says of an exception that %s that the command refuses the like", (_, overrides) => {
    const [notice] = renderChanges([{ kind: "made", exception: exception("e1", overrides) }], now);
    expect(bodyOf(notice as TopicMessage).email).toContain("The command refuses such an exception");
  });

  test("says that of none that lasts until the end of the last day, and of none that is removed", () => {
    const until = new Date(now.getTime() + 90.9 * 86_400_000).toISOString();
    const emailOf = (kind: "made" | "removed", overrides: Partial<Exception>) => {
      const [notice] = renderChanges(
        [{ kind, exception: exception("e1", { scope: { asNumber: 64_500 }, ...overrides }) }],
        now,
      );
      return bodyOf(notice as TopicMessage).email;
    };
    expect(emailOf("made", { until })).not.toContain("The command refuses");
    expect(emailOf("removed", { scope: { countryCode: "US" } })).not.toContain("The command refuses");
  });

  test("names every change: a notice ten, and the next one the others", async () => {
    const changes = Array.from(
      { length: 23 },
      (_, index) => ({ kind: "made", exception: exception(`e${index}`) }) as const,
    );
    const published: TopicMessage[] = [];
    await publishChanges(changes, async (message) => void published.push(message), now);
    expect(published.map(({ subject }) => subject)).toEqual([
      "10 exceptions were changed",
      "10 exceptions were changed",
      "3 exceptions were changed",
    ]);
    const all = published.map((message) => bodyOf(message).email).join("\n");
    for (const { exception: each } of changes) expect(all).toContain(`Its id is ${each.id}.`);
  });

  test("fits the topic, however large the exceptions are: one that the topic refuses would keep all others back", () => {
    const large = '"\u0000é'.repeat(40_000);
    const scope = {
      user: large,
      operator: large,
      detections: Array.from({ length: 2_000 }, () => large.slice(0, 100)),
    };
    const changes = Array.from(
      { length: 10 },
      (_, index) => ({ kind: "made", exception: exception(`e${index}`, { scope, by: large, reason: large }) }) as const,
    );
    const [notice] = renderChanges(changes, now);
    expect(Buffer.byteLength((notice as TopicMessage).message)).toBeLessThan(250_000);
    const { default: json } = bodyOf(notice as TopicMessage);
    const ids = (JSON.parse(json) as { changes: { exception: Exception }[] }).changes.map((each) => each.exception.id);
    expect(ids).toEqual(changes.map((each) => each.exception.id));
  });

  test("has no link, mention or markup of the texts of an exception, and an SMS that one SMS takes", () => {
    fc.assert(
      fc.property(
        fc.array(hostileText, { minLength: 5, maxLength: 5 }),
        ([id = "", user = "", operator = "", by = "", reason = ""]) => {
          const [notice] = renderChanges(
            [{ kind: "made", exception: exception(id, { scope: { user, operator }, by, reason }) }],
            now,
          );
          const { email, sms } = bodyOf(notice as TopicMessage);
          // The user and the author are copied from here.
          const standing = [...[user, by].filter(isPlainEmail), "2001:db8::7"];
          for (const line of email.split("\n")) expect(liveParts(line, standing)).toEqual([]);
          expect(sms).toMatch(/^[\x20-\x5a\x5f\x61-\x7a]{1,140}$/);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("a record of the state table's stream", () => {
  const imageOf = (...all: readonly Exception[]) => ({
    id: { S: "exceptions#user#ada@example.com" },
    ...Object.fromEntries(
      all.map(({ scope, ...each }) => [
        `exception#${each.id}`,
        toAttribute({ ...each, scope: JSON.parse(JSON.stringify(scope)) }),
      ]),
    ),
  });
  const record = (id: string, before: object | undefined, after: object | undefined) => ({
    Records: [
      {
        eventName: after === undefined ? "REMOVE" : before === undefined ? "INSERT" : "MODIFY",
        eventSource: "aws:dynamodb",
        dynamodb: { Keys: { id: { S: id } }, OldImage: before, NewImage: after, StreamViewType: "NEW_AND_OLD_IMAGES" },
      },
    ],
  });
  const read = (event: unknown) =>
    readExceptionChanges(event, now)?.map(({ kind, exception: { id } }) => `${kind} ${id}`) ?? null;

  test("tells what was made, changed and removed, whatever wrote it", () => {
    const [a, b] = [exception("a"), exception("b")];
    expect(read(record("exceptions#user#ada@example.com", undefined, imageOf(a)))).toEqual(["made a"]);
    expect(read(record("exceptions#user#ada@example.com", imageOf(a), imageOf(a, b)))).toEqual(["made b"]);
    expect(read(record("exceptions#user#ada@example.com", imageOf(a, b), undefined))).toEqual([
      "removed a",
      "removed b",
    ]);
  });

  test("tells nothing of other items, nor of an exception that cannot be read, which covers nothing", () => {
    expect(read(record("user#login#0", undefined, imageOf(exception("a"))))).toEqual([]);
    const unreadable = { id: { S: "exceptions#anyone" }, "exception#x": { M: { id: { S: "x" } } } };
    expect(read(record("exceptions#anyone", undefined, unreadable))).toEqual([]);
  });

  test("is none of the schedule's events", () => {
    expect(read({})).toBeNull();
    expect(read(null)).toBeNull();
  });

  test("that cannot be read fails, so that Lambda hands it again and an alarm tells", () => {
    expect(() => read({ Records: [{ dynamodb: { Keys: { user: { S: "00u1" } } } }] })).toThrow();
  });
});
