import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { looksLikeLogin, masked } from "../../../lambda/core/okta/stranger.ts";
import { sourceEventOf, sourceOf, threatOf } from "../../../lambda/core/storms/source.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { attemptBy, torExit } from "../../fixtures/storms.ts";

const isLogin = (login: string) => looksLikeLogin(login, ["example.com"]);
const network = (context: Json, ipAddress: string | null = "203.0.113.77") =>
  sourceOf(logEvent({ securityContext: { isProxy: true, ...context }, client: { ipAddress } }));
const services = (...operators: readonly (string | null)[]) => ({
  ipDetails: { ipServiceCategories: operators.map((operator) => ({ type: "VPN", operator, isAnonymous: true })) },
});

describe("the source of a session start", () => {
  test.each<[string, string | null, string | null]>([
    ["the operators, in any spelling", network(services("NORD_VPN")), "operator#NORDVPN#vpn"],
    [
      "several operators, in any order",
      network(services("SURFSHARK_VPN", "NORD_VPN")),
      "operator#NORDVPN,SURFSHARKVPN#vpn",
    ],
    [
      "else the autonomous system, with the kinds",
      network({ asNumber: 64_500, ...services(null) }),
      "network#AS64500#vpn",
    ],
    [
      "Tor, whatever the autonomous system of the exit",
      network({ asNumber: 64_500, ipDetails: { ipServiceCategories: [{ type: "Tor" }] } }),
      "operator#TOR#tor",
    ],
    [
      "Tor, whatever Okta calls its operator",
      network({ ipDetails: { ipServiceCategories: [{ type: "Tor", operator: "TOR_EXIT" }] } }),
      "operator#TOR#tor",
    ],
    [
      "an operator beside Tor, which is not Tor's",
      network({ ipDetails: { ipServiceCategories: [{ type: "Tor", operator: "NORD_VPN" }] } }),
      "operator#NORDVPN#tor",
    ],
    ["else the network of the address", network({}), "network#203.0.113.0/24#"],
    ["or of an IPv6 address", network({}, "2001:db8:1:2::7"), "network#2001:db8:1::/48#"],
    ["nothing where Okta tells none", network({}, null), null],
  ])("is %s", (_, source, expected) => expect(source).toBe(expected));

  test("has a key of at most 200 characters, which other names do not share", () => {
    const long = (name: string) => network(services(`${name.repeat(300)}_VPN`));
    expect(long("A")?.length).toBeLessThanOrEqual(200);
    expect(long("A")).not.toBe(long("B"));
    expect(long("A")).toBe(long("A"));
  });
});

describe("what a source keeps of a session start", () => {
  const read = (event: Json) => sourceEventOf(logEvent({ uuid: "one", ...torExit, ...event }), isLogin);
  const stranger = (login: string) => ({
    actor: { id: "unknown", type: "User", alternateId: login, displayName: "unknown" },
    outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
  });

  test("is the login as alerts name it: what a stranger typed is masked", () => {
    expect(read(attemptBy("Ada@Example.com")).login).toBe("ada@example.com");
    expect(read(stranger("ada@example.com")).login).toBe("ada@example.com");
    expect(read(attemptBy("ada@elsewhere.example")).login).toBe("ada@elsewhere.example");
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (typed) => {
        const kept = read(stranger(typed));
        if (isLogin(typed.toLowerCase())) return;
        expect([masked, "unknown"]).toContain(kept.login);
        if (typed.length > 6)
          expect(JSON.stringify({ ...kept, person: "" })).not.toContain(JSON.stringify(typed).slice(1, -1));
      }),
    );
  });

  test("is what Okta says of it, and no other text", () => {
    const debugData = { threatSuspected: "true", behaviors: "{New Device=POSITIVE, New IP=NEGATIVE}" };
    const event = { ...attemptBy("ada@example.com"), debugContext: { debugData } };
    expect(read(event).reasons).toEqual(["INVALID_CREDENTIALS", "ThreatSuspected", "New Device"]);
    const behaviors = `{${Array.from({ length: 9 }, (_, index) => `Behavior ${index}=POSITIVE`).join(", ")}}`;
    expect(read({ ...event, debugContext: { debugData: { behaviors } } }).reasons).toHaveLength(6);
    const odd = { outcome: { result: "FAILURE", reason: "<https://evil.example>" } };
    expect(read({ ...event, ...odd, debugContext: {} }).reasons).toEqual([]);
  });

  test("is keyed by the event, and tells its person by the login", () => {
    const [first, second] = [
      read({ ...attemptBy("ada@example.com") }),
      read({ ...attemptBy("ADA@example.com"), uuid: "two" }),
    ];
    expect(first.key).not.toBe(second.key);
    expect(first.person).toBe(second.person);
    expect(first.key).toMatch(/^[\w-]{10}$/);
  });
});

test("what ThreatInsight says is named as its own, each reason once, and is a reason as Okta writes them or none", () => {
  const reasonsOf = (reason: string | null) => threatOf(logEvent({ outcome: { result: "DENY", reason } })).reasons;
  expect(reasonsOf("Password Spray, Login failures,Password Spray")).toEqual([
    "ThreatInsight: Password Spray",
    "ThreatInsight: Login failures",
  ]);
  for (const reason of [null, "", " , ", "<b>markup</b>", "x".repeat(61)])
    expect(reasonsOf(reason)).toEqual(["ThreatInsight"]);
  expect(reasonsOf("a,b,c,d,e,f,g,h")).toHaveLength(6);
});
