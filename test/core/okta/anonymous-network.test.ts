import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { loadDetections } from "../../../lambda/adapters/rule-files/load-detections.ts";
import { compileRules } from "../../../lambda/core/detections/compile-rules.ts";
import { anonymousNetwork } from "../../../lambda/core/okta/anonymous-network.ts";
import type { LogEvent } from "../../../lambda/core/okta/log-event.ts";
import { findCandidate } from "../../../lambda/core/pipeline/match.ts";
import { logFilter } from "../../../lambda/core/reconciliation/log-filter.ts";
import type { Rule } from "../../../lambda/core/sigma/rule.ts";
import type { RuleSet } from "../../../lambda/core/sigma/rule-set.ts";
import { combinations, eventOf, expected, nord } from "../../fixtures/anonymous-signals.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { parseFilter } from "../../fixtures/okta-system-log.ts";

const central = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10";
let shipped: readonly Rule[];
let rules: RuleSet;
beforeAll(async () => {
  const folder = fileURLToPath(new URL("../../../detections", import.meta.url));
  shipped = (await loadDetections(folder)).rules.map(({ content }) => content);
  rules = await compileRules(shipped);
});

const raises = (event: LogEvent) =>
  findCandidate(event, rules)?.certain.some(({ rule }) => rule.id === central) ?? false;

describe("over every combination of what the fields hold", () => {
  test("one signal suffices, whatever the others say; the rule, and Okta's filter in reconciliation, see each of them", () => {
    const isAskedFor = parseFilter(logFilter(shipped).expression ?? "");
    const counts = new Map<boolean | null, number>();
    for (const chosen of combinations()) {
      const event = logEvent(eventOf(chosen));
      const { verdict, signals } = anonymousNetwork(event);
      const names = () =>
        JSON.stringify(Object.fromEntries(Object.entries(chosen).map(([field, [name]]) => [field, name])));
      if (verdict !== expected(chosen)) expect.fail(`${names()}: ${verdict}, and not ${expected(chosen)}`);
      if (signals.length > 0 !== (verdict === true)) expect.fail(`${names()}: ${verdict} by ${signals.join(", ")}`);
      if (raises(event) !== (verdict === true)) expect.fail(`${names()}: ${verdict}, and the rule says otherwise`);
      if (isAskedFor?.(event.received) !== true) expect.fail(`${names()}: reconciliation does not ask for it`);
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    }
    expect([...counts.values()].every((count) => count > 50)).toBe(true);
    expect(counts.size).toBe(3);
  });

  test("an event that is no session start, or says nothing of its network, raises nothing", () => {
    expect(raises(logEvent({ securityContext: null, debugContext: null, request: null }))).toBe(false);
    expect(raises(logEvent({ eventType: "user.session.end" }))).toBe(false);
  });
});

/** The signals of this event alone. */
const network = (securityContext: Json, debugData: Json = {}, request: Json | null = null) =>
  anonymousNetwork(logEvent({ securityContext, debugContext: { debugData }, request }));

describe("the verdict", () => {
  test("names kinds, the worst first, operators, and the fields that say so", () => {
    expect(
      network(
        {
          isProxy: true,
          ipDetails: { ipServiceCategories: [nord, { isAnonymous: true, operator: null, type: "Residential Proxy" }] },
        },
        { tunnels: '[{"anonymous":true,"operator":NORDVPN,"type":"VPN"}]', proxyType: "tor" },
      ),
    ).toEqual({
      verdict: true,
      kinds: ["tor", "residential_proxy", "vpn"],
      operators: ["NORD_VPN"],
      signals: [
        "securityContext.isProxy",
        "securityContext.ipDetails.ipServiceCategories",
        "debugContext.debugData.tunnels",
        "debugContext.debugData.proxyType",
      ],
      services: [nord, { isAnonymous: true, operator: null, type: "Residential Proxy" }],
    });
  });

  test.each([
    ["VPN", null, "vpn"],
    ["PROXY", null, "proxy"],
    ["Tor", null, "tor"],
    ["RESIDENTIAL_PROXY", null, "residential_proxy"],
    ["Blockchain VPN", null, "blockchain_vpn"],
    ["Proxy", "APPLE_ICLOUD_RELAY_PROXY", "relay"],
    [null, "LUMINATI_PROXY", "proxy"],
    [null, "MULLVAD_VPN", "vpn"],
  ])("of a service of type %s and operator %s is the kind %s", (type, operator, kind) => {
    const { verdict, kinds } = network({ ipDetails: { ipServiceCategories: [{ type, operator, isAnonymous: null }] } });
    expect([verdict, kinds]).toEqual([true, [kind]]);
  });

  test("keeps services that are not anonymous, and takes no kind or operator from them", () => {
    const zscaler = { isAnonymous: false, operator: "ZSCALER_PROXY", type: "Proxy" };
    expect(network({ isProxy: true, ipDetails: { ipServiceCategories: [zscaler] } })).toEqual({
      verdict: true,
      kinds: [],
      operators: [],
      signals: ["securityContext.isProxy"],
      services: [zscaler],
    });
  });

  test("reads the tunnels that Okta's help places within isProxy", () => {
    const isProxy = { tunnels: '[{"anonymous":true,"operator":NORD_VPN,"type":"VPN"}]' };
    expect(network({ isProxy })).toMatchObject({ verdict: true, signals: ["securityContext.tunnels"] });
  });

  test("is not changed by keys in another case, nor by text that an export made of objects", () => {
    const details = { IPSERVICECATEGORIES: [{ TYPE: "Tor", OPERATOR: null, ISANONYMOUS: "true" }] };
    expect(network({ ipdetails: JSON.stringify(details) }).kinds).toEqual(["tor"]);
    const chain = JSON.stringify([{ ip: "192.0.2.1", ipDetails: { ipServiceCategories: [nord] } }]);
    expect(network({}, {}, { ipChain: chain }).signals).toEqual(["request.ipChain.ipDetails.ipServiceCategories"]);
  });

  test("goes by all services, however many there are", () => {
    const many = Array.from({ length: 50 }, (_, index) => ({ ...nord, operator: `OPERATOR${index}_VPN` }));
    const tor = { isAnonymous: null, operator: null, type: "Tor" };
    const { services, operators, kinds } = network({ ipDetails: { ipServiceCategories: [...many, tor] } });
    expect([services.length, operators.length, kinds[0]]).toEqual([51, 50, "tor"]);
  });
});
