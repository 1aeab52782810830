import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { incidentOf } from "../../../lambda/core/incidents/incident-id.ts";
import type { Json } from "../../fixtures/events.ts";
import { logEvent } from "../../fixtures/events.ts";

const of = (event: Json, loginDomains: readonly string[] = []) => incidentOf({ event: logEvent(event), loginDomains });
const ada = { actor: { id: "00u1", type: "User", alternateId: "ada@example.com", displayName: "Ada" } };
const bob = { actor: { id: "00u2", type: "User", alternateId: "bob@example.com", displayName: "Bob" } };
const session = (rootSessionId: string | null, externalSessionId: string | null = null) => ({
  authenticationContext: { rootSessionId, externalSessionId },
});
const typed = (login: string, address: string | null = "203.0.113.7") => ({
  ...session("unknown"),
  actor: { id: "unknown", type: "User", alternateId: login, displayName: "unknown" },
  client: { ipAddress: address },
});

describe("the incident of an alert", () => {
  test("is that of its person and root session, whatever was done, when and from where", () => {
    const start = of({ ...ada, ...session("root1", "idx1") });
    expect(start).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const act = {
      eventType: "user.account.privilege.grant",
      published: "2026-11-27T00:00:00Z",
      client: { ipAddress: "198.51.100.1" },
    };
    expect(of({ ...ada, ...session("root1", "idx2"), ...act })).toBe(start);
    expect(of({ ...ada, ...session("root2", "idx1") })).not.toBe(start);
    expect(of({ ...bob, ...session("root1", "idx1") })).not.toBe(start);
  });

  test("goes by a person that Okta knows, also where the login looks like none", () => {
    const service = { actor: { id: "00u3", type: "User", alternateId: "svc-backup", displayName: null } };
    const from = (ipAddress: string) => of({ ...service, ...session("root1"), client: { ipAddress } }, ["example.com"]);
    expect(from("203.0.113.7")).toBe(from("198.51.100.1"));
  });

  test("goes by the external session where Okta gives no root session", () => {
    const start = of({ ...ada, ...session(null, "idx1") });
    expect(of({ ...ada, ...session("unknown", "idx1"), published: "2026-11-28T00:00:00Z" })).toBe(start);
    expect(of({ ...ada, ...session(null, "idx2") })).not.toBe(start);
    expect(of({ ...ada, ...session("idx1") })).not.toBe(start);
  });

  test("goes by the person and the day without a session", () => {
    const morning = of({ ...ada, ...session(null), published: "2026-11-24T00:00:00Z" });
    expect(of({ ...ada, ...session("unknown", "unknown"), published: "2026-11-24T23:59:59Z" })).toBe(morning);
    expect(of({ ...ada, ...session(null), published: "2026-11-25T00:00:00Z" })).not.toBe(morning);
    expect(of({ ...bob, ...session(null), published: "2026-11-24T00:00:00Z" })).not.toBe(morning);
  });

  test("of a failed attempt is that of the typed login, where alerts show it", () => {
    const attempt = of(typed("ada@example.com"));
    expect(of(typed("ADA@example.com", "198.51.100.1"))).toBe(attempt);
    expect(of(typed("bob@example.com"))).not.toBe(attempt);
  });

  test("never depends on a text that alerts mask: the address stands in its place", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
        fc.pre(!/@/.test(one + other));
        expect(of(typed(one))).toBe(of(typed(other)));
        expect(of(typed(`${one.length}@elsewhere.example`), ["example.com"])).toBe(of(typed(other), ["example.com"]));
        expect(of(typed(one, "198.51.100.1"))).not.toBe(of(typed(one)));
      }),
    );
  });

  test("is its own of a test, and of an event without person and address", () => {
    const tried = { ...ada, ...session("root1"), oktaProxyWatch: { test: true } };
    expect(of({ ...tried, uuid: "e1" })).not.toBe(of({ ...tried, uuid: "e2" }));
    const nothing = { ...session(null), actor: null, client: null };
    expect(of({ ...nothing, uuid: "e1" })).toBe(of({ ...nothing, uuid: "e1" }));
    expect(of({ ...nothing, uuid: "e1" })).not.toBe(of({ ...nothing, uuid: "e2" }));
  });

  test("of a storm is that of the storm's id", () => {
    expect(incidentOf({ storm: "s1" })).toBe(incidentOf({ storm: "s1" }));
    expect(incidentOf({ storm: "s1" })).not.toBe(incidentOf({ storm: "s2" }));
  });

  test("is the same exactly where person and session are", () => {
    const event = fc.record({
      person: fc.constantFrom(ada, bob),
      root: fc.constantFrom("r1", "r2", "r3"),
      external: fc.string(),
      published: fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }),
      eventType: fc.string({ minLength: 1 }),
    });
    fc.assert(
      fc.property(event, event, (one, other) => {
        const id = ({ person, root, external, published, eventType }: typeof one) =>
          of({ ...person, ...session(root, external), published: published.toISOString(), eventType });
        expect(id(one) === id(other)).toBe(one.person === other.person && one.root === other.root);
      }),
    );
  });
});
