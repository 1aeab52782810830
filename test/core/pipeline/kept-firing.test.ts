import * as v from "valibot";
import { expect, test } from "vitest";
import { describeCorrelation } from "../../../lambda/core/alerts/correlation.ts";
import { keepFiring, keptFiring, restoreFiring } from "../../../lambda/core/pipeline/kept-firing.ts";
import { correlationsOf, firingsOf } from "../../fixtures/chains.ts";
import { logEvent } from "../../fixtures/events.ts";

const count = (name: string, field: string) => `
title: ${name}
name: ${name}
correlation: { type: value_count, rules: [app_opened], group-by: [actor.id], timespan: 1h, condition: { field: ${field}, gte: 2 } }
level: low`;
const both = `
title: Another Client and Network
correlation: { type: temporal, rules: [networks, clients], group-by: [actor.id], timespan: 1h }
level: high`;

test("a firing that waits on the retry queue says the same afterwards, with the events of correlations that take part", () => {
  const events = ["203.0.113.7", "198.51.100.7"].map((ipAddress, index) =>
    logEvent({
      uuid: `event ${index}`,
      published: `2026-11-24T09:0${index}:00Z`,
      eventType: "user.authentication.sso",
      client: { ipAddress, userAgent: { browser: `Browser ${index}`, os: "Windows 10" } },
    }),
  );
  const correlations = correlationsOf(
    count("networks", "client.ipAddress"),
    count("clients", "client.userAgent.browser"),
    both,
  );
  const firing = firingsOf(correlations, events).at(-1);
  const [, event] = events;
  if (firing === undefined || event === undefined) throw new Error("no correlation fires");
  const source = { event, delivery: { id: null, org: "example.okta.com", eventHookId: null } };
  const kept = v.parse(keptFiring, JSON.parse(JSON.stringify(keepFiring(firing))));
  const restored = describeCorrelation(restoreFiring(firing.correlation, kept), source);
  expect(restored).toEqual(describeCorrelation(firing, source));
  expect(restored.events.map(({ client }) => client)).toEqual([
    "Browser 0 on Windows 10",
    "Browser 0 on Windows 10",
    "Browser 1 on Windows 10",
    "Browser 1 on Windows 10",
  ]);
});
