import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprintOf } from "../../../lambda/core/grouping/fingerprint.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";

/** What two session starts share to be the same news, each with two values. */
const components: Readonly<Record<string, readonly [Json, Json]>> = {
  outcome: [{ outcome: { result: "SUCCESS" } }, { outcome: { result: "FAILURE" } }],
  network: [{ asNumber: 64500 }, { asNumber: 64501 }],
  kind: [{ type: "VPN" }, { type: "Tor" }],
  operator: [{ operator: "NORD_VPN" }, { operator: "MULLVAD_VPN" }],
  country: [{ country: "Canada" }, { country: "Japan" }],
  region: [{ state: "Ontario" }, { state: "Quebec" }],
  device: [{ device: "guo1" }, { device: null }],
  dtHash: [{ dtHash: "a" }, { dtHash: "b" }],
  browser: [{ browser: "CHROME" }, { browser: null }],
  system: [{ os: "Windows" }, { os: "Mac OS X" }],
  machine: [{ machine: "Computer" }, { machine: "Mobile" }],
  risk: [{ risk: "LOW" }, { risk: "HIGH" }],
  threat: [{ threat: "false" }, { threat: "true" }],
  behavior: [{ behavior: "POSITIVE" }, { behavior: "NEGATIVE" }],
  detections: [{ detections: ["a"] }, { detections: ["a", "b"] }],
};
const names = Object.keys(components);

/** What tells nothing new, each with two values. */
const indifferent: Readonly<Record<string, readonly [Json, Json]>> = {
  ip: [{ ip: "203.0.113.7" }, { ip: "203.0.113.8" }],
  session: [{ session: "s1" }, { session: "s2" }],
  city: [{ city: "Toronto" }, { city: "Ottawa" }],
  newIp: [{ newIp: "POSITIVE" }, { newIp: "NEGATIVE" }],
  name: [{ name: "Ada" }, { name: "Ada Marques" }],
  target: [{ target: null }, { target: [null, { id: "0oa1", type: "AppInstance", alternateId: "An app" }] }],
};

/** A session start with these components, and what it is alerted on by. */
function fingerprint(chosen: Json): string | null {
  const at = (name: string) => chosen[name] ?? null;
  const event = logEvent({
    uuid: crypto.randomUUID(),
    actor: { id: "00u1", type: "User", alternateId: "ada@example.com", displayName: at("name") },
    outcome: at("outcome"),
    authenticationContext: { rootSessionId: at("session") },
    device: at("device") === null ? null : { id: at("device") },
    target: at("target"),
    client: {
      ipAddress: at("ip") ?? "203.0.113.7",
      device: at("machine"),
      userAgent: { browser: at("browser"), os: at("os") },
      geographicalContext: { country: at("country"), state: at("state"), city: at("city") },
    },
    securityContext: {
      isProxy: true,
      asNumber: at("asNumber"),
      risk: { level: at("risk") },
      ipDetails: { ipServiceCategories: [{ type: at("type"), operator: at("operator"), isAnonymous: true }] },
    },
    debugContext: {
      debugData: {
        dtHash: at("dtHash"),
        threatSuspected: at("threat"),
        behaviors: `{Velocity=${at("behavior")}, New IP=${at("newIp")}}`,
      },
    },
  });
  return fingerprintOf(event, (at("detections") ?? []) as string[]);
}

const choose = (from: typeof components, picks: Readonly<Record<string, number>>): Json =>
  Object.assign({}, ...Object.entries(from).map(([name, values]) => values[picks[name] ?? 0])) as Json;

describe("the fingerprint", () => {
  const picks = fc.record(Object.fromEntries(names.map((name) => [name, fc.nat(1)])));
  const others = fc.record(Object.fromEntries(Object.keys(indifferent).map((name) => [name, fc.nat(1)])));

  test("differs whatever differs in one component", () => {
    fc.assert(
      fc.property(picks, others, others, fc.constantFrom(...names), (chosen, first, second, name) => {
        // Okta's device id comes before the hash of the device's token.
        fc.pre(name !== "dtHash" || chosen.device === 1);
        const changed = { ...chosen, [name]: 1 - (chosen[name] ?? 0) };
        const before = fingerprint({ ...choose(components, chosen), ...choose(indifferent, first) });
        const after = fingerprint({ ...choose(components, changed), ...choose(indifferent, second) });
        expect(after).not.toBe(before);
      }),
    );
  });

  test("is the same whatever differs beside the components", () => {
    fc.assert(
      fc.property(picks, others, others, (chosen, first, second) => {
        const of = (rest: Readonly<Record<string, number>>) =>
          fingerprint({ ...choose(components, chosen), ...choose(indifferent, rest) });
        expect(of(second)).toBe(of(first));
      }),
    );
  });

  test("does not depend on the order of detections, or on letter case", () => {
    const base = choose(components, {});
    expect(fingerprint({ ...base, detections: ["b", "a"], state: "ONTARIO" })).toBe(
      fingerprint({ ...base, detections: ["a", "b"] }),
    );
  });

  test("has every service of the network, in whatever order Okta names them", () => {
    const of = (...services: readonly (readonly [type: string, operator: string])[]) =>
      fingerprintOf(
        logEvent({
          securityContext: {
            isProxy: true,
            asNumber: 64500,
            ipDetails: {
              ipServiceCategories: services.map(([type, operator]) => ({ type, operator, isAnonymous: true })),
            },
          },
        }),
        ["a"],
      );
    const [nord, mullvad, tor] = [
      ["VPN", "NORD_VPN"],
      ["VPN", "MULLVAD_VPN"],
      ["Tor", "TOR_EXIT"],
    ] as const;
    expect(new Set([of(nord), of(nord, mullvad), of(nord, tor), of(nord, mullvad, tor)]).size).toBe(4);
    expect(of(tor, mullvad, nord)).toBe(of(nord, mullvad, tor));
  });

  test("tells countries apart that no list has, and writes of one alike", () => {
    const of = (country: string) => fingerprint({ ...choose(components, {}), country });
    expect(of("Atlantis")).not.toBe(of("Lemuria"));
    expect(of("Viet Nam")).toBe(of("Vietnam"));
  });

  test("tells cities apart where Okta writes no state, or a blank one", () => {
    const base = choose(components, {});
    for (const state of [null, "", " "]) {
      const of = (city: string) => fingerprint({ ...base, state, city });
      expect(of("Toronto")).not.toBe(of("Vancouver"));
    }
  });

  test("is none where the network is not known: what is unknown is not the same", () => {
    const event = logEvent({ client: { ipAddress: null }, securityContext: { isProxy: true } });
    expect(fingerprintOf(event, ["a"])).toBeNull();
  });
});

describe("the fingerprint of another act than a session start", () => {
  const bea = { id: "00ubea", type: "User", alternateId: "bea@example.com", displayName: "Bea" };
  const grant = (own: Json = {}) =>
    fingerprintOf(
      logEvent({
        eventType: "user.account.privilege.grant",
        target: [bea],
        securityContext: { isProxy: true, asNumber: 64500 },
        debugContext: { debugData: { privilegeGranted: "Super administrator" } },
        ...own,
      }),
      ["a"],
    );

  test("differs with the type of the act, each of its targets, and what it changed", () => {
    const mallory = { ...bea, id: "00umallory", alternateId: "mallory@example.com" };
    const different = [
      grant(),
      grant({ eventType: "user.account.privilege.revoke" }),
      grant({ target: [mallory] }),
      grant({ target: [bea, mallory] }),
      grant({ target: null }),
      grant({ debugContext: { debugData: { privilegeGranted: "Report administrator" } } }),
    ];
    expect(new Set(different).size).toBe(different.length);
  });

  test("is the same for the same act, in whatever order its targets come and however they are displayed", () => {
    const group = { id: "00g1", type: "UserGroup", alternateId: null, displayName: "Operations" };
    expect(grant({ target: [{ ...bea, displayName: "Beatrice" }, group] })).toBe(grant({ target: [group, bea] }));
    expect(grant({ target: [null, bea] })).toBe(grant());
  });
});
