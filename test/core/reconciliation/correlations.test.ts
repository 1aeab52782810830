import { expect, test } from "vitest";
import { planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import { chainRules, correlationsOf } from "../../fixtures/chains.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";
import { minute, world } from "./world.ts";

const [chain, opened] = correlationsOf(
  `
title: API Token Created by a Session Through a Proxy
id: 00000000-0000-4000-8000-000000000091
correlation:
  type: temporal_ordered
  rules: [proxied_start, token_created]
  group-by: [authenticationContext.rootSessionId]
  timespan: 24h
level: critical
`,
  `
title: App Opened by a Session Through a Proxy
id: 00000000-0000-4000-8000-000000000092
correlation:
  type: temporal_ordered
  rules: [proxied_start, app_opened]
  group-by: [authenticationContext.rootSessionId]
  timespan: 24h
level: high
`,
) as [Correlation, Correlation];
const parts = chainRules.filter(({ name }) => ["proxied_start", "token_created", "app_opened"].includes(name ?? ""));
const tokenCreated = parts.find(({ name }) => name === "token_created")?.id ?? "";
const inSession = (uuid: string, overrides: Json = {}): Json =>
  sessionStart({ uuid, authenticationContext: { rootSessionId: "s1" }, ...overrides });
const token = { eventType: "system.api_token.create" };

/** @param silent ids of rules that yield no detections of their own */
function org(silent: readonly string[]) {
  const made = world({ plan: planCorrelations([chain, opened]), silent: new Set(silent) });
  made.enable(parts);
  const told = () =>
    made.published.map(({ okta, source, detections }) => [okta.eventUuid, source, detections.map(({ id }) => id)]);
  return { ...made, told };
}

test.each([
  ["an everyday step", { eventType: "user.authentication.sso" }, ["step", opened.id]],
  ["an act", token, ["start", chain.id]],
])(
  "%s that came before its chain, whose start the hook lost, completes the chain, and says nothing about the hook",
  async (_, change, [event, id]) => {
    const { happen, pass, run, told, counted } = org(parts.map(({ id }) => id));
    await run();
    await happen(inSession("start"));
    await pass(minute);
    await happen(inSession("step", change), { delivered: [0] });
    expect(told()).toEqual([]);
    await pass(5 * minute);
    expect(await run()).toMatchObject({ missed: 0, correlated: 1, known: 0 });
    expect(counted).toEqual(["correlated"]);
    expect(told()).toEqual([[event, "reconciled", [id]]]);
    await pass(5 * minute);
    await run();
    expect(told()).toHaveLength(1);
  },
);

test("a step with an alert of its own, which came before its chain, completes the chain once the start comes, once", async () => {
  const { happen, pass, run, redrive, told } = org([]);
  await run();
  await happen(inSession("start"), { delivered: [90_000] });
  await pass(minute);
  await happen(inSession("token", token), { delivered: [0] });
  await pass(10 * minute);
  await run();
  await redrive();
  await pass(5 * minute);
  await run();
  await redrive();
  const started = parts.filter(({ name }) => name === "proxied_start").map(({ id }) => id);
  expect(told().map(([uuid, , ids]) => [uuid, ids])).toEqual([
    ["token", [tokenCreated]],
    ["start", [chain.id, ...started]],
  ]);
});

test("what the hook lost counts as missed, also where it completes a chain; a step before its chain is counted apart", async () => {
  const { happen, pass, run, redrive, told, counted } = org([]);
  await run();
  // The hook delivers the act alone, which is alerted on; the start completes its chain.
  await happen(inSession("start"));
  await pass(minute);
  await happen(inSession("token", token), { delivered: [0] });
  await pass(10 * minute);
  expect(await run()).toMatchObject({ missed: 1, correlated: 0, known: 1 });
  expect(counted).toEqual(["missed"]);
  // An app that was opened before, which the log shows late.
  await happen(inSession("app", { eventType: "user.authentication.sso" }));
  await pass(10 * minute);
  expect(await run()).toMatchObject({ missed: 1, correlated: 0 });
  await redrive();
  const chains = told().flatMap(([, , ids]) => (ids as string[]).filter((id) => id === chain.id || id === opened.id));
  expect(chains).toEqual([chain.id, opened.id]);
  expect(counted).toEqual(["missed", "missed"]);
});

test("an event that only feeds correlations is left to the hook for two minutes, and is not counted as missed", async () => {
  const { happen, pass, run, told } = org(parts.map(({ id }) => id));
  await run();
  await happen(inSession("start"));
  await pass(minute);
  expect(await run()).toMatchObject({ awaited: 1, missed: 0 });
  await pass(2 * minute);
  expect(await run()).toMatchObject({ awaited: 0, missed: 0 });
  await happen(inSession("token", token), { delivered: [0] });
  await pass(minute);
  expect(told()).toEqual([["token", "hook", [chain.id]]]);
});
