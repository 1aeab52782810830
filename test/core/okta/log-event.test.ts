import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type * as z from "zod/mini";
import { readAnonymousNetwork } from "../../../lambda/core/okta/anonymous-network.ts";
import { faultsOf } from "../../../lambda/core/okta/fault.ts";
import { parseLogEvent } from "../../../lambda/core/okta/log-event.ts";
import { logEvent, sessionStart } from "../../fixtures/events.ts";
import { decisive, descriptive } from "../../fixtures/log-event-schema.ts";
import { oddEvent } from "../../fixtures/odd-events.ts";

describe("an event", () => {
  test("needs uuid, published and eventType alone", () => {
    const received = { uuid: "u", published: "p", eventType: "t" };
    expect(parseLogEvent(received)).toMatchObject({ ok: true, event: received });
  });

  test.each(["uuid", "published", "eventType"])(
    "without a usable %s is malformed, and the fault says where",
    (field) => {
      for (const value of [undefined, null, "", 5, "x".repeat(256)]) {
        const parsed = parseLogEvent(sessionStart({ [field]: value }), ["data", "events", 3]);
        expect(parsed).toMatchObject({ ok: false, faults: [{ path: `data.events.3.${field}` }] });
      }
    },
  );

  test("may hold null in every field but those, at any depth", () => {
    const nulls = {
      actor: { id: null, type: null, alternateId: null, displayName: null },
      client: {
        ipAddress: null,
        userAgent: null,
        geographicalContext: { city: null, country: null, geolocation: null },
      },
      outcome: { result: null, reason: null },
      securityContext: { isProxy: null, asNumber: null, ipDetails: null, risk: null, userBehaviors: null },
      debugContext: { debugData: null },
    };
    expect(logEvent(nulls).fields).toMatchObject({
      actor: { id: null, alternateId: null },
      client: { userAgent: null, geographicalContext: { city: null, geolocation: null } },
      securityContext: { isProxy: null, userBehaviors: null },
    });
  });

  test("keeps what it was received with, unknown fields too", () => {
    const received = sessionStart({ newFieldOfOkta: { deep: [1, null] }, securityContext: { isProxy: "true" } });
    expect(parseLogEvent(received)).toMatchObject({ ok: true, event: { received } });
  });

  test('reads the text "null", and empty text, as null', () => {
    const { client, actor } = logEvent({ client: { zone: "null", device: "" }, actor: { id: "null" } }).fields;
    expect([client?.zone, client?.device, actor?.id]).toEqual([null, null, null]);
  });

  test("is not lost to oddities in fields that only describe it", () => {
    const { fields } = logEvent({
      actor: 5,
      client: { ipAddress: {}, geographicalContext: { postalCode: 1050, city: [], geolocation: { lat: "x", lon: 2 } } },
      outcome: [],
      authenticationContext: "odd",
      securityContext: {
        isProxy: true,
        asNumber: "AS64500",
        userBehaviors: "odd",
        ipDetails: { ipServiceCategories: 1 },
      },
    });
    expect(fields.actor).toBeNull();
    expect(fields.client).toMatchObject({
      ipAddress: null,
      geographicalContext: { postalCode: "1050", city: null, geolocation: { lat: null, lon: 2 } },
    });
    expect(fields.securityContext).toMatchObject({ isProxy: true, asNumber: null, userBehaviors: "odd" });
  });
});

describe("isProxy", () => {
  test.each([
    [true, true],
    [false, false],
    ["true", true],
    ["false", false],
    [null, null],
    [undefined, null],
    ["null", null],
    [" TRUE ", true],
  ])("%j is read as %j", (isProxy, expected) => {
    expect(logEvent({ securityContext: { isProxy } }).fields.securityContext?.isProxy).toBe(expected);
  });

  test.each([["perhaps"], [1], [[]], [{}]])("%j cannot be judged: the event is malformed", (isProxy) => {
    expect(parseLogEvent(sessionStart({ securityContext: { isProxy } }))).toEqual({
      ok: false,
      faults: [{ path: "securityContext.isProxy", message: "expected true, false or null" }],
    });
  });

  test.each([["perhaps"], [1], [{}]])("%j beside another signal that decides is judged by that", (isProxy) => {
    const debugContext = { debugData: { tunnels: '[{"anonymous":true,"operator":null,"type":"TOR"}]' } };
    const parsed = parseLogEvent(sessionStart({ securityContext: { isProxy }, debugContext }));
    expect(parsed).toMatchObject({ ok: true, event: { fields: { securityContext: { isProxy: null } } } });
  });

  test("a securityContext that is no object cannot be judged either", () => {
    expect(parseLogEvent(sessionStart({ securityContext: "proxied" }))).toMatchObject({
      ok: false,
      faults: [{ path: "securityContext" }],
    });
  });
});

test("whatever an event is, it is read or refused with a reason", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        fc.object().map((odd) => sessionStart(odd)),
      ),
      (received) => {
        const parsed = parseLogEvent(received);
        expect(parsed.ok || parsed.faults.length > 0).toBe(true);
      },
    ),
  );
});

/** Whether any signal of an event says that its network is anonymous. */
const saysAnonymous = (received: unknown) =>
  typeof received === "object" &&
  received !== null &&
  readAnonymousNetwork(received as Record<string, unknown>).verdict === true;

describe("what is read by hand", () => {
  test("is what the schema reads, and refuses what it refuses, at the same places", () => {
    let read = 0;
    const plain = { uuid: "x", published: "x", eventType: "user.session.start" };
    fc.assert(
      fc.property(oddEvent, (received) => {
        const ours = parseLogEvent(received);
        const theirs = decisive.safeParse(received);
        // What cannot be understood beside a signal that decides keeps no event from being judged.
        if (ours.ok && !theirs.success) {
          expect(readAnonymousNetwork(ours.event.received).verdict).toBe(true);
          return;
        }
        expect(ours.ok).toBe(theirs.success);
        if (!ours.ok) {
          // The schema may say the same of one place twice.
          const isDecided = ours.faults.every(({ path }) => !path.startsWith("securityContext"));
          const said = faultsOf((theirs.error as z.core.$ZodError).issues)
            .filter(({ path }) => !(isDecided && path.startsWith("securityContext") && saysAnonymous(received)))
            .map((fault) => JSON.stringify(fault));
          expect(ours.faults.map((fault) => JSON.stringify(fault))).toEqual([...new Set(said)]);
          return;
        }
        read += 1;
        // It is read of several encodings, and has tests of its own.
        const { fields } = ours.event;
        expect(typeof fields.debugData).toBe("object");
        const expected = descriptive.parse(received);
        const names = Object.keys(expected) as (keyof typeof expected)[];
        expect(Object.fromEntries(names.map((name) => [name, fields[name]]))).toEqual(expected);
      }),
      {
        numRuns: 3_000,
        // Keys in another case, which random ones seldom are.
        examples: [
          [{ ...plain, target: { ID: 0 } }],
          [{ ...plain, actor: { Id: "x", ID: "y", id: 5 }, client: { ZONE: 1 } }],
        ],
      },
    );
    expect(read).toBeGreaterThan(200);
  });
});
