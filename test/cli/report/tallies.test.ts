import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { createFilterTally } from "../../../cli/report/filters.ts";
import { addNetwork, gravestNetworks, type NetworkCounts } from "../../../cli/report/person-networks.ts";
import { createProposalTally, type ProposedAlert } from "../../../cli/report/proposals.ts";
import { createSignInTally } from "../../../cli/report/sign-ins.ts";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import { logSource } from "../../../lambda/core/detections/log-source.ts";
import type { Incident } from "../../../lambda/core/incidents/incident.ts";
import { applyFilters, parseFilter } from "../../../lambda/core/sigma/parse/parse-filter.ts";
import type { PersonNetwork } from "../../../pages/report/report.ts";
import { alertOf } from "../../fixtures/cases.ts";
import { logEvent } from "../../fixtures/events.ts";
import { parseTestRule, ruleSet } from "../../fixtures/rules.ts";

describe("the tables of sign-ins", () => {
  test("are bounded: what exceeds them is counted", () => {
    const tally = createSignInTally({
      nameOf: ({ fields }) => fields.actor?.alternateId ?? "",
      locations: null,
      distanceKm: 500,
    });
    for (let index = 0; index < 250; index += 1) {
      const actor = { id: `00u${index}`, type: "User", alternateId: `user${index}@example.com` };
      tally.countEvent(logEvent({ uuid: `e${index}`, actor }));
      tally.countEvent(logEvent({ uuid: `p${index}`, actor, securityContext: { isProxy: false } }));
    }
    const { signIns, persons } = tally.summary();
    expect(signIns).toEqual({ all: 500, failed: 0, anonymous: 250, anonymousFailed: 0, persons: 250 });
    expect([persons.rows.length, persons.more, persons.moreSignIns]).toEqual([200, 50, 50]);
  });
});

describe("the networks of a person", () => {
  const counted = (...all: readonly PersonNetwork[]) => {
    const counts: NetworkCounts = new Map();
    for (const each of all) addNetwork(counts, each);
    return gravestNetworks(counts);
  };
  const vpn = (operator: string): PersonNetwork => ({ kinds: ["vpn"], operators: [operator] });
  const tor: PersonNetwork = { kinds: ["tor"], operators: [] };
  const nameless: PersonNetwork = { kinds: [], operators: [] };

  test("are the gravest first, named or not, then the most frequent", () => {
    expect(counted(nameless, vpn("A_VPN"), vpn("B_VPN"), vpn("B_VPN"))).toEqual([vpn("B_VPN"), vpn("A_VPN"), nameless]);
    expect(counted(vpn("A_VPN"), vpn("A_VPN"), vpn("B_VPN"), vpn("C_VPN"), tor)[0]).toEqual(tor);
    const mixed: PersonNetwork = { kinds: ["vpn", "residential_proxy"], operators: ["A_VPN"] };
    expect(counted(mixed, vpn("A_VPN"))[0]).toEqual({ ...mixed, kinds: ["residential_proxy", "vpn"] });
  });

  test("are bounded: a graver one takes the place of the most harmless", () => {
    const many = Array.from({ length: 30 }, (_, index) => vpn(`VPN_${index}`));
    expect(counted(...many, tor)).toEqual([tor, vpn("VPN_0"), vpn("VPN_1")]);
    expect(counted(...many, nameless, vpn("VPN_9"))[0]).toEqual(vpn("VPN_9"));
  });
});

describe("a proposed exception", () => {
  const alert = (login: string, own: Partial<ProposedAlert> = {}): ProposedAlert => ({
    scoped: {
      alert: { kinds: ["vpn"], operator: "NORD_VPN", asNumber: 64_500 },
      user: { id: null, login: `${login}@example.com`, displayName: null },
    },
    detections: ["r1"],
    isSession: true,
    isGrave: false,
    isFar: false,
    ...own,
  });
  const propose = (alerts: readonly ProposedAlert[], maximum = 3) => {
    const tally = createProposalTally();
    for (const each of alerts) tally.count(each);
    return tally.propose(maximum, []).map(({ scope, covers }) => [scope, covers]);
  };
  const elsewhere = alert("dora", {
    scoped: { alert: { kinds: ["tor"], operator: null, asNumber: 64_505 }, user: null },
    detections: ["r2"],
  });
  const times = (count: number, each: ProposedAlert) => Array.from({ length: count }, () => each);

  test("is for everyone where three persons speak for it, else for one; the next is of what is left", () => {
    const two = [...times(5, alert("ada")), ...times(3, alert("bob"))];
    expect(propose(two)).toEqual([
      [{ user: "ada@example.com", operator: "NORD_VPN" }, 5],
      [{ user: "bob@example.com", operator: "NORD_VPN" }, 3],
    ]);
    expect(propose([...two, alert("cleo"), elsewhere])).toEqual([[{ operator: "NORD_VPN" }, 9]]);
    expect(propose([...times(2, alert("ada")), alert("bob")], 1)).toHaveLength(1);
  });

  test("is for no more than one person where it covers all alerts, or all of a detection", () => {
    const all = [...times(5, alert("ada")), ...times(3, alert("bob")), ...times(2, alert("cleo"))];
    expect(propose(all)).toEqual([
      [{ user: "ada@example.com", operator: "NORD_VPN" }, 5],
      [{ user: "bob@example.com", operator: "NORD_VPN" }, 3],
      [{ user: "cleo@example.com", operator: "NORD_VPN" }, 2],
    ]);
    expect(propose(times(4, alert("ada")))).toEqual([[{ user: "ada@example.com", operator: "NORD_VPN" }, 4]]);
    const tally = createProposalTally();
    for (const each of [...all, elsewhere]) tally.count(each);
    expect(tally.proposeFor("r1", [])).toMatchObject({ scope: { user: "ada@example.com" }, covers: 5 });
  });

  test("is judged on all alerts that there are, whatever the ones before it cover", () => {
    const all = [...times(5, alert("ada")), ...times(3, alert("bob")), ...times(2, alert("cleo")), alert("dan")];
    expect(propose(all).map(([scope]) => scope)).toMatchObject([
      { user: "ada@example.com" },
      { user: "bob@example.com" },
      { user: "cleo@example.com" },
    ]);
  });

  test("for everyone has three persons who are not in doubt, and names those who are with their alerts", () => {
    const throughTor = (login: string) =>
      alert(login, {
        scoped: {
          alert: { kinds: ["tor"], operator: null, asNumber: 64_505 },
          user: { id: null, login: `${login}@example.com`, displayName: null },
        },
      });
    const three = [...times(5, alert("ada")), ...times(3, alert("bob")), alert("cleo"), throughTor("ada")];
    expect(propose(three).map(([scope]) => scope)).toMatchObject([
      { user: "bob@example.com" },
      { user: "cleo@example.com" },
    ]);
    const tally = createProposalTally();
    for (const each of [...three, alert("dan")]) tally.count(each);
    const proposal = { persons: 4, covers: 10, inDoubt: [{ person: "ada@example.com", alerts: 5 }] };
    expect(tally.propose(3, [])).toMatchObject([{ scope: { operator: "NORD_VPN" }, ...proposal }]);
    expect(tally.proposeFor("r1", [])).toMatchObject(proposal);
    // A true positive of a person elsewhere speaks against it.
    const attack: Incident = {
      id: "i",
      changed: "2026-11-24T10:30:03.000Z",
      user: { id: null, login: "ada@example.com", displayName: null },
      alerts: [{ ...entryOf(alertOf(), null), kinds: ["tor"], operator: null, asNumber: 64_505 }],
      count: 1,
      verdict: { verdict: "true-positive", note: "", by: "ana", at: "2026-11-24T10:30:03.000Z" },
    };
    expect(tally.propose(3, [attack]).map(({ scope }) => scope.user)).toEqual([
      "bob@example.com",
      "cleo@example.com",
      "dan@example.com",
    ]);
  });

  test("names the detections of what is no session start", () => {
    expect(propose(times(2, alert("ada", { isSession: false, detections: ["r2", "r1"] })))).toEqual([
      [{ user: "ada@example.com", operator: "NORD_VPN", detections: ["r1", "r2"] }, 2],
    ]);
  });

  test("covers nothing grave: neither its person on the network, nor everyone on it", () => {
    const all = [...times(5, alert("ada")), ...times(4, alert("bob")), ...times(3, alert("cleo"))];
    expect(propose([...all, alert("ada", { isGrave: true })])).toEqual([
      [{ user: "bob@example.com", operator: "NORD_VPN" }, 4],
      [{ user: "cleo@example.com", operator: "NORD_VPN" }, 3],
    ]);
  });
});

test("a proposed exception is for no person who came through Tor as well: the reason is given", () => {
  const tally = createProposalTally();
  const alert = (person: string, kinds: readonly string[], operator: string | null): ProposedAlert => ({
    scoped: {
      alert: { kinds: [...kinds], operator, asNumber: 64_500 },
      user: { id: null, login: `${person}@example.com`, displayName: null },
    },
    detections: ["r1"],
    isSession: true,
    isGrave: false,
    isFar: false,
  });
  for (const person of ["ada", "ada", "bob"]) tally.count(alert(person, ["vpn"], "NORD_VPN"));
  tally.count(alert("ada", ["tor"], null));
  expect(tally.propose(3, []).map(({ scope }) => scope)).toEqual([{ user: "bob@example.com", operator: "NORD_VPN" }]);
  expect(tally.refusals([])).toEqual([
    { doubt: { why: "grave", person: "ada@example.com", incident: null }, alerts: 2 },
  ]);
});

test("a proposed exception is for no one on a network that a storm came through: its report names no person", () => {
  const network = (operator: string) => ({ kinds: ["vpn"], operator, asNumber: 64_500 });
  const tally = createProposalTally();
  for (const operator of ["NORD_VPN", "MULLVAD_VPN"]) {
    for (const person of ["ada", "bob", "cleo"]) {
      const user = { id: null, login: `${person}@example.com`, displayName: null };
      const scoped = { alert: network(operator), user };
      tally.count({ scoped, detections: ["r1"], isSession: true, isGrave: false, isFar: false });
    }
  }
  tally.suspect({ alert: network("MULLVAD_VPN"), user: null });
  expect(tally.propose(3, []).map(({ scope, covers }) => [scope, covers])).toEqual([[{ operator: "NORD_VPN" }, 3]]);
});

describe("a proposed filter", () => {
  const rule = parseTestRule(
    { selection: { eventType: "system.api_token.create" }, condition: "selection" },
    { title: 'Tokens: "all" of them' },
  );
  const act = (target: string, userAgent = "Mozilla/5.0") =>
    logEvent({
      eventType: "system.api_token.create",
      target: [{ id: "t", type: "Token", alternateId: target, displayName: null }],
      client: { userAgent: { rawUserAgent: userAgent, os: null, browser: null } },
    });
  const filtered = String.raw`deploy*\ token?`;
  const events = [...Array.from({ length: 3 }, () => act(filtered)), act("deploy-1 token!"), act("other")];
  const propose = (all: readonly ReturnType<typeof act>[], grave: readonly number[] = []) => {
    const tally = createFilterTally(() => true);
    for (const [index, event] of all.entries()) tally.count(rule.id, event, grave.includes(index));
    return tally.propose(rule, all.length);
  };

  test("is a Sigma filter that takes away what it says, and nothing else", () => {
    const remedy = propose(events);
    expect(remedy).toMatchObject({ kind: "filter", field: "target.alternateId", value: filtered, covers: 3, of: 5 });
    const { filter } = parseFilter(parse(remedy?.kind === "filter" ? remedy.yaml : ""), { logsource: logSource });
    const left = ruleSet([applyFilters(rule, [filter])]);
    expect(events.map(({ received }) => left.match(received).length)).toEqual([0, 0, 0, 1, 1]);
  });

  test("has no browser for its value, none that every alert has, and none of what may be an attack", () => {
    expect(propose([act("a"), act("b"), act("c")])).toBeNull();
    expect(propose([act("a"), act("a")])).toBeNull();
    expect(propose(events, [1])).toBeNull();
    expect(propose([act("a", "terraform/1.9"), act("b", "terraform/1.9"), act("c")])).toMatchObject({
      field: "client.userAgent.rawUserAgent",
      covers: 2,
    });
  });

  test("of sign-ins names no person", () => {
    const tally = createFilterTally(() => true);
    for (const login of ["ada", "ada", "bob"]) {
      tally.count(
        rule.id,
        logEvent({ actor: { id: login, type: "User", alternateId: `${login}@example.com` } }),
        false,
      );
    }
    expect(tally.propose(rule, 3)).toBeNull();
  });
});
