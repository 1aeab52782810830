import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ensureHook, giveSecret, type WantedHook } from "../../../cli/event-hook/ensure.ts";
import { hookFindings } from "../../../cli/event-hook/status.ts";
import { authorizeByToken } from "../../../lambda/adapters/okta-api/authorization.ts";
import { createOktaClient } from "../../../lambda/adapters/okta-api/client.ts";
import {
  createEventHooksApi,
  type EventHooksApi,
  sendsSecretAsOurs,
  toRequest,
} from "../../../lambda/adapters/okta-api/event-hooks-api.ts";
import { apiToken, type FakeOkta, startFakeOkta } from "../../fixtures/okta.ts";

/*
 * Event types that Okta's catalog does not have, against an org that knows some of them; and a secret that is given while the
 * hook is otherwise changed.
 */

let okta: FakeOkta;
let api: EventHooksApi;
let wanted: WantedHook;
const said: string[] = [];
const endpoint = createServer(({ headers }, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ verification: headers["x-okta-verification-challenge"] }));
});
const signal = AbortSignal.timeout(100_000);
const ensure = (eventTypes: readonly string[], uncertainEventTypes: readonly string[] = []) =>
  ensureHook(
    api,
    { ...wanted, eventTypes: [...eventTypes, ...uncertainEventTypes], uncertainEventTypes },
    (text) => said.push(text),
    signal,
  );
const apiOf = (orgUrl: string) =>
  createEventHooksApi(
    createOktaClient({
      orgUrl,
      authorize: authorizeByToken(apiToken),
      now: Date.now,
      wait: (milliseconds, aborted) => delay(milliseconds, undefined, { signal: aborted }),
      scopes: ["okta.eventHooks.manage"],
    }),
  );
const theHook = () => {
  const [hook] = okta.hooks.hooks;
  if (hook === undefined) throw new Error("there is no hook");
  return hook;
};

beforeAll(() => new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve)));
beforeEach(async () => {
  okta = await startFakeOkta();
  said.length = 0;
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`;
  wanted = { name: "ours", url, secret: "first", eventTypes: [], uncertainEventTypes: [] };
  api = apiOf(okta.orgUrl);
});
afterEach(async () => {
  await okta.stop();
  expect(okta.invalid).toEqual([]);
});
afterAll(() => endpoint.close());

test("a type that is newer than the catalog is subscribed where the org has it", async () => {
  okta.hooks.newEventTypes = new Set(["policy.future.change"]);
  await ensure(["user.session.start"], ["policy.future.change"]);
  expect(theHook().eventTypes).toEqual(["user.session.start", "policy.future.change"]);
  expect(said).toEqual([
    'created: the event hook "ours" (who1), subscribed to 2 event types',
    "verified: Okta asked the URL, with the secret, and was answered",
  ]);
});

test("a type that the org refuses keeps nothing else from being subscribed, and Okta's reason is detail", async () => {
  await ensure(["user.session.start"], ["user.sesion.start"]);
  expect(theHook()).toMatchObject({ eventTypes: ["user.session.start"], verificationStatus: "VERIFIED" });
  expect(said[0]).toBe('created: the event hook "ours" (who1), subscribed to 1 event types');
  expect(said[1]).toMatch(
    /^not subscribed to user\.sesion\.start, which is not in Okta's catalog of 2026\.08\.1, and Okta refused: .*Api validation failed: events/,
  );
});

test("of several such types the org's own are subscribed, at a new hook and at one that there is", async () => {
  okta.hooks.newEventTypes = new Set(["policy.future.change", "policy.future.delete"]);
  const unknown = ["policy.future.change", "user.sesion.start", "policy.future.delete"];
  await ensure(["user.session.start"], unknown);
  const subscribed = ["user.session.start", "policy.future.change", "policy.future.delete"];
  expect(theHook().eventTypes).toEqual(subscribed);
  expect(said.filter((text) => text.startsWith("not subscribed"))).toHaveLength(1);

  theHook().eventTypes = ["user.session.end"];
  said.length = 0;
  await ensure(["user.session.start"], unknown);
  expect(theHook().eventTypes).toEqual(subscribed);
  expect(said[0]).toContain("it is not subscribed to user.session.start; it is subscribed to user.session.end in vain");
});

test("a refused type alone does not give the hook its secret again, nor change what it is subscribed to", async () => {
  okta.hooks.newEventTypes = new Set(["policy.future.change"]);
  const unknown = ["policy.future.change", "user.sesion.start"];
  await ensure(["user.session.start"], unknown);
  okta.asked.length = 0;
  expect(await ensure(["user.session.start"], unknown)).toMatchObject({ isSecretSet: false });
  expect(theHook().eventTypes).toEqual(["user.session.start", "policy.future.change"]);
  expect(okta.asked.filter((each) => each.startsWith("PUT"))).toHaveLength(1);
});

test("a type in beta keeps nothing else from being subscribed where the org does not have it, and status calls it no fault", async () => {
  const beta = "policy.branch.lifecycle.promote";
  okta.hooks.hasBetas = false;
  await ensure(["user.session.start"], [beta]);
  expect(theHook()).toMatchObject({ eventTypes: ["user.session.start"], verificationStatus: "VERIFIED" });
  expect(said[1]).toMatch(
    /^not subscribed to policy\.branch\.lifecycle\.promote, which is in beta, by Okta's catalog of 2026\.08\.1, and Okta refused: /,
  );
  const all = { ...wanted, eventTypes: ["user.session.start", beta], uncertainEventTypes: [beta] };
  const betaFindings = async () =>
    (await hookFindings(api, api, all, (name) => `hook ${name}`, signal)).findings.filter(({ detail }) =>
      detail.includes(beta),
    );
  expect(await betaFindings()).toMatchObject([
    { ok: null, remedy: "hook repair, which tries it; an org without that feature refuses it" },
  ]);
  okta.hooks.hasBetas = true;
  await ensure(["user.session.start"], [beta]);
  expect(theHook().eventTypes).toEqual(["user.session.start", beta]);
  expect(await betaFindings()).toEqual([]);
});

test("another refusal is thrown, not taken for one of event types", async () => {
  okta.mayManageHooks = false;
  await expect(ensure(["user.session.start"], ["policy.future.change"])).rejects.toThrow("403");
});

test("status reports a type that is not in the catalog and not subscribed, and calls it no fault", async () => {
  await ensure(["user.session.start"]);
  const uncertainEventTypes = ["user.sesion.start", "policy.future.change"];
  const all = { ...wanted, eventTypes: ["user.session.start", ...uncertainEventTypes], uncertainEventTypes };
  const findingsOf = async () =>
    (await hookFindings(api, api, all, (name) => `hook ${name}`, signal)).findings.filter(
      ({ what }) => what === "event types",
    );
  expect(await findingsOf()).toMatchObject([
    { ok: true, detail: expect.stringContaining("it is subscribed to the 1 that are needed") },
    {
      ok: null,
      detail:
        "user.sesion.start is not in Okta's catalog of 2026.08.1, where user.session.start is the nearest; the hook is not subscribed to it",
      remedy: "hook repair, which tries it, if no detection misspells it",
    },
    {
      ok: null,
      detail: expect.stringContaining("policy.future.change is not in Okta's catalog of 2026.08.1; the hook is not"),
    },
  ]);
  okta.hooks.newEventTypes = new Set(["policy.future.change"]);
  theHook().eventTypes = ["user.session.start", "policy.future.change"];
  expect(await findingsOf()).toMatchObject([
    { ok: true, detail: expect.stringContaining("it is subscribed to the 2 that are needed") },
    { ok: null },
    { ok: true, detail: expect.stringContaining("the hook is subscribed to it"), remedy: null },
  ]);
});

test("of two hooks to the URL the one that Okta delivers to is ours, whatever their order and names", async () => {
  await ensure(["user.session.start"]);
  Object.assign(theHook(), { name: "made by hand", id: "who9" });
  const idle = { ...theHook(), id: "who1", name: "ours", verificationStatus: "UNVERIFIED" as const };
  okta.hooks.hooks.unshift(idle);
  said.length = 0;
  // Its name is not changed to one that another hook has, which Okta refuses.
  expect(await ensure(["user.session.start", "user.session.end"])).toMatchObject({
    hook: { id: "who9", name: "made by hand" },
  });
  expect(said).toEqual(["changed: the event hook who9, as it is not subscribed to user.session.end"]);
  expect(idle.eventTypes).toEqual(["user.session.start"]);
  const all = { ...wanted, eventTypes: ["user.session.start", "user.session.end"] };
  const { findings } = await hookFindings(api, api, all, (name) => `hook ${name}`, signal);
  expect(findings.find(({ what }) => what === "others")).toMatchObject({ ok: null });
  Object.assign(idle, { verificationStatus: "VERIFIED" });
  await ensure(["user.session.start", "user.session.end"]);
  expect(said).toContainEqual(expect.stringMatching(/^another hook, who\d, delivers to the same URL: every event/));
});

test("an org that has as many hooks as Okta takes is detail as that, at a new hook and at an idle one", async () => {
  await ensure(["user.session.start"]);
  const others = Array.from({ length: 25 }, (_, index) => ({
    ...theHook(),
    id: `other${index}`,
    name: `other ${index}`,
    url: "https://other.example.com/",
  }));
  Object.assign(theHook(), { status: "INACTIVE" });
  okta.hooks.hooks.push(...others);
  const reason =
    /maximum number of event hooks.*The org has 25 other active event hooks, and Okta takes 25 in all: deact/;
  await expect(ensure(["user.session.start"])).rejects.toThrow(reason);
  okta.hooks.hooks.shift();
  await expect(ensure(["user.session.start"], ["policy.branch.lifecycle.promote"])).rejects.toThrow(reason);
  okta.hooks.hooks.pop();
  await ensure(["user.session.start"]);
  expect(okta.hooks.hooks.at(-1)).toMatchObject({ url: wanted.url, verificationStatus: "VERIFIED" });
});

test("a hook of another kind in the org keeps nothing from being detail of ours", async () => {
  const ours = {
    id: "who1",
    name: "ours",
    status: "ACTIVE",
    verificationStatus: "VERIFIED",
    events: { type: "EVENT_TYPE", items: ["user.session.start"], filter: null },
    channel: { type: "HTTP", version: "1.0.0", config: { uri: wanted.url, headers: [], method: "POST" } },
  };
  const withoutUrl = { ...ours, id: "who0", channel: { ...ours.channel, config: { method: "POST" } } };
  const org = createServer((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify([withoutUrl, ours]));
  });
  await new Promise<void>((resolve) => org.listen(0, "127.0.0.1", resolve));
  const hooks = await apiOf(`http://127.0.0.1:${(org.address() as AddressInfo).port}`).list(signal);
  org.close();
  expect(hooks.map(({ id }) => id)).toEqual(["who1"]);
});

test("a filter without an expression, and a header in the secret's place, are not sent back", () => {
  const kept = {
    id: "who1",
    name: "ours",
    status: "ACTIVE",
    verificationStatus: "VERIFIED",
    events: {
      items: ["user.session.start", "user.session.end"],
      filter: {
        type: "EXPRESSION_LANGUAGE",
        eventFilterMap: [
          { event: "user.session.start", condition: { expression: null, version: null } },
          { event: "user.session.end", condition: { expression: "event.target.?[type eq 'User'].size()>0" } },
        ],
      },
    },
    channel: {
      config: {
        uri: "https://example.com/",
        headers: [
          { key: "AUTHORIZATION", value: "old" },
          { key: "X-Waf-Token", value: "let-okta-in" },
        ],
        authScheme: { type: "OAUTH2" },
      },
    },
  };
  const { events, channel } = toRequest({ ...wanted, eventTypes: kept.events.items }, kept);
  expect(events.filter).toEqual({
    type: "EXPRESSION_LANGUAGE",
    eventFilterMap: [kept.events.filter.eventFilterMap[1]],
  });
  expect(channel.config.headers).toEqual([{ key: "X-Waf-Token", value: "let-okta-in" }]);
  expect(sendsSecretAsOurs({ ...kept, channel: { config: { ...kept.channel.config, headers: null } } })).toBe(false);
});

test("a secret is given to the hook as it is by then, and nothing else of it is touched", async () => {
  await ensure(["user.session.start"]);
  const edited = {
    name: "renamed",
    description: "Do not touch",
    eventTypes: ["user.session.start", "user.session.end"],
    headers: [{ key: "X-Waf-Token", value: "let-okta-in" }],
    filter: {
      type: "EXPRESSION_LANGUAGE",
      eventFilterMap: [
        { event: "user.session.end", condition: { expression: "event.actor.type eq 'User'", version: null } },
      ],
    },
  } as const;
  Object.assign(theHook(), edited);
  await giveSecret(api, { ...wanted, eventTypes: ["user.session.start"], secret: "second" }, signal);
  expect(theHook()).toMatchObject({ ...edited, secret: "second", verificationStatus: "VERIFIED" });
});

test("no secret is given where the org has no such hook", async () => {
  expect(await giveSecret(api, wanted, signal)).toBeNull();
  expect(okta.asked.filter((each) => !each.startsWith("GET"))).toEqual([]);
});
