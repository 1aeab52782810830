import { describe, expect, test } from "vitest";
import { farthest, lag, oldestLink, retryFilterAfter } from "../../../lambda/core/reconciliation/position.ts";
import { logEvent, sessionStart } from "../../fixtures/events.ts";
import { oktaError } from "../../fixtures/okta-answer.ts";
import { parseTestRule, rule } from "../../fixtures/rules.ts";
import { minute, orgUrl, overlap, proxied, signIn, start, token, world } from "./world.ts";

const hour = 60 * minute;
const iso = (time: number) => new Date(time).toISOString();
const parametersOf = (url = "") => Object.fromEntries(new URL(url).searchParams);

describe("reconciliation", () => {
  test("alerts on what the hook did not deliver, and says that, and how late", async () => {
    const { happen, run, pass, published } = world();
    await run();
    await happen(signIn("delivered"), { delivered: [0] });
    await happen(signIn("missed"));
    await happen(signIn("direct", { securityContext: { isProxy: false } }));
    await pass(5 * minute);
    expect(await run()).toMatchObject({
      events: 3,
      known: 1,
      missed: 1,
      late: 0,
      awaited: 0,
      finished: true,
      restart: null,
      unseenBefore: null,
      lag: 0,
    });
    expect(published.map(({ okta, source }) => [okta.eventUuid, source])).toEqual([
      ["delivered", "hook"],
      ["missed", "reconciled"],
    ]);
    expect(published[1]).toMatchObject({
      delayedSeconds: 300,
      delayReason: "the event hook did not deliver it; it was found in Okta's System Log",
      okta: { org: "example.okta.com", deliveryId: null, eventHookId: null },
    });
    expect(published[0]).toMatchObject({ delayedSeconds: 0, delayReason: null });
    await pass(5 * minute);
    expect(await run()).toMatchObject({ events: 0, known: 0, missed: 0, finished: true });
  });

  test("starts polling at a time, and goes on at the link of the last run", async () => {
    const { happen, run, pass, asked, hidden } = world();
    const first = await run();
    expect(first.restart).toEqual({ reason: "firstRun", since: iso(start - lag - overlap) });
    expect(parametersOf(asked[0])).toEqual({
      since: iso(start - lag - overlap),
      sortOrder: "ASCENDING",
      limit: "1000",
      filter: 'eventType eq "user.session.start"',
    });
    await happen(signIn("missed"));
    await pass(5 * minute);
    expect((await run()).restart).toBeNull();
    expect(asked).toHaveLength(3);
    expect(parametersOf(asked[1])).toEqual({
      after: expect.any(String),
      sortOrder: "ASCENDING",
      limit: "1000",
      filter: 'eventType eq "user.session.start"',
    });
    expect(hidden.state).toMatchObject({ orgUrl, checkpoint: iso(start + 5 * minute), refusedFilter: null });
  });

  test("asks once in a run that finds nothing", async () => {
    const { run, pass, asked } = world();
    for (let count = 1; count <= 12; count += 1) {
      await run();
      await pass(5 * minute);
      expect(asked).toHaveLength(count);
    }
  });

  test("finds what Okta persists a day late, at once", async () => {
    const { happen, run, pass, published } = world();
    await run();
    await happen(signIn("late"), { persistedAfter: 24 * hour });
    for (let passed = 0; passed < 24 * hour; passed += hour) {
      expect(published).toEqual([]);
      await pass(hour);
      await run();
    }
    expect(published.map(({ okta, delayedSeconds }) => [okta.eventUuid, delayedSeconds])).toEqual([["late", 86_400]]);
  });

  test("does so much and no more in a run, and goes on in the next", async () => {
    const { happen, run, pass, published, log } = world();
    await run();
    log.pageSize = 2;
    for (let index = 0; index < 150; index += 1) await happen(signIn(`e${index}`));
    await pass(5 * minute);
    expect(await run()).toMatchObject({ pages: 50, missed: 100, finished: false, lag: 5 * minute });
    expect(await run()).toMatchObject({ pages: 26, missed: 50, finished: true, lag: 0 });
    expect(new Set(published.map(({ okta }) => okta.eventUuid)).size).toBe(150);
  });

  test("stops when its time is over, and goes on where it was", async () => {
    const { happen, run, pass } = world();
    await happen(signIn("missed"));
    await pass(5 * minute);
    expect(await run(undefined, AbortSignal.abort())).toMatchObject({ pages: 0, finished: false });
    expect(await run()).toMatchObject({ missed: 1, finished: true, restart: null });
  });

  test("stops amid a page when its time is over, says what it found, and reads the page again", async () => {
    const { happen, run, pass, published, hidden } = world();
    await run();
    const before = hidden.state;
    for (let index = 0; index < 120; index += 1) await happen(signIn(`e${index}`));
    await pass(5 * minute);
    // The time is over after the first fifty.
    const signal = Object.defineProperty(new AbortController().signal, "aborted", {
      get: () => published.length >= 50,
    });
    expect(await run(undefined, signal)).toMatchObject({ pages: 0, missed: 50, finished: false });
    expect(hidden.state).toEqual(before);
    expect(await run()).toMatchObject({ known: 50, missed: 70, finished: true });
    expect(new Set(published.map(({ okta }) => okta.eventUuid)).size).toBe(120);
    expect(published).toHaveLength(120);
  });

  test("keeps the time of its first start, however often that fails", async () => {
    const { happen, run, pass, published } = world();
    await happen(signIn("missed"));
    await expect(run(5)).rejects.toThrow("stopped before");
    await pass(2 * hour);
    expect(await run()).toMatchObject({ missed: 1, finished: true });
    expect(published).toHaveLength(1);
  });

  test("parks what cannot be judged once, however often the log shows it", async () => {
    const { log, run, pass, deadLetters, hidden } = world();
    const published = iso(start);
    log.add({ published, eventType: "user.session.start", securityContext: { isProxy: true }, uuid: 5 });
    for (let minutes = 0; minutes < 15; minutes += 5) {
      await pass(5 * minute);
      hidden.state = null;
      await run();
    }
    expect(deadLetters).toHaveLength(1);
  });

  test("sees to an event whose claim was left by a function that was stopped", async () => {
    const { claims, happen, run, pass, published, hidden, redrive } = world();
    await happen(signIn("stopped"));
    claims.records.set("stopped", null);
    await pass(5 * minute);
    await run();
    expect(hidden.queue).toHaveLength(1);
    // The claim expires; until then it is parked.
    claims.records.delete("stopped");
    await redrive();
    expect(published.map(({ source }) => source)).toEqual(["reconciled"]);
  });

  test("moves no link and no checkpoint past what could be neither alerted on nor parked", async () => {
    const { broken, happen, run, pass, published, hidden } = world();
    await run();
    const before = hidden.state;
    await happen(signIn("missed"));
    await pass(5 * minute);
    broken.add("publish").add("parkWork");
    await expect(run()).rejects.toThrow("1 events could be neither alerted on nor parked");
    expect(hidden.state).toEqual(before);
    broken.clear();
    await run();
    expect(published).toHaveLength(1);
  });
});

describe("an event of the last two minutes", () => {
  test("is left to the hook: its page is read again, and what the hook delivered meanwhile is not missed", async () => {
    const { happen, run, pass, published, hidden, asked } = world();
    await run();
    await happen(signIn("old"));
    await pass(lag);
    await happen(signIn("young"), { delivered: [minute] });
    expect(await run()).toMatchObject({ events: 2, missed: 1, awaited: 1, finished: true, lag: 0 });
    expect(published.map(({ okta }) => okta.eventUuid)).toEqual(["old"]);
    expect(hidden.state?.link?.url).toBe(asked.at(-1));
    await pass(5 * minute);
    expect(await run()).toMatchObject({ events: 2, known: 2, missed: 0, awaited: 0, finished: true });
    expect(published.map(({ okta, source }) => [okta.eventUuid, source])).toEqual([
      ["old", "reconciled"],
      ["young", "hook"],
    ]);
  });

  test("is alerted on by the next run when the hook does not deliver it, and counts as missed", async () => {
    const { happen, run, pass, punctuality } = world();
    await run();
    await happen(signIn("young"));
    await pass(lag - 1);
    expect(await run()).toMatchObject({ missed: 0, awaited: 1 });
    await pass(1);
    expect(await run()).toMatchObject({ missed: 1, awaited: 0 });
    expect(punctuality).toEqual(new Map([["young", "missed"]]));
  });

  test("keeps no page when its claim says that the hook delivered it, nor when no rule matches it", async () => {
    const { happen, run } = world();
    await run();
    await happen(signIn("delivered"), { delivered: [0] });
    await happen(signIn("direct", { securityContext: { isProxy: false } }));
    expect(await run()).toMatchObject({ pages: 2, known: 1, awaited: 0 });
    expect(await run()).toMatchObject({ pages: 1, events: 0 });
  });

  test("is alerted on at once when it is of a type that no hook delivers", async () => {
    const { happen, run, enable, published } = world();
    enable([rule("high", token.id, { eventType: "security.threat.detected" })]);
    await run();
    await happen(sessionStart({ uuid: "threat", eventType: "security.threat.detected" }));
    expect(await run()).toMatchObject({ missed: 1, awaited: 0, pages: 2 });
    expect(published).toHaveLength(1);
  });

  test("keeps the checkpoint, whatever came after it", async () => {
    const { happen, run, pass, hidden } = world();
    await run();
    await pass(5 * minute);
    await happen(signIn("young"));
    await pass(minute);
    await happen(signIn("younger"), { delivered: [0] });
    expect(await run()).toMatchObject({ awaited: 1, known: 1, lag: minute });
    expect(hidden.state?.checkpoint).toBe(iso(start + 5 * minute));
  });

  test("moves no checkpoint back, where Okta persisted it after that", async () => {
    const { happen, run, pass, hidden } = world();
    await pass(4 * minute);
    await happen(signIn("young"), { persistedAfter: minute });
    await pass(minute - 1);
    await run();
    await pass(1);
    expect(await run()).toMatchObject({ awaited: 1 });
    expect(hidden.state?.checkpoint).toBe(iso(start + 5 * minute - 1));
  });

  test("whose time is far ahead is waited for by no run, and moves no checkpoint there", async () => {
    const { log, run, published, hidden } = world();
    log.add(signIn("ahead", { published: iso(start + hour) }));
    expect(await run()).toMatchObject({ missed: 1, awaited: 0 });
    expect(published).toHaveLength(1);
    expect(hidden.state?.checkpoint).toBe(iso(start));
  });
});

describe("an event that Okta persists late", () => {
  test("is alerted on at once and once, and is not missed: the hook may deliver it a minute later", async () => {
    const { happen, run, pass, published, punctuality } = world();
    await run();
    await happen(signIn("late"), { persistedAfter: 25 * minute, delivered: [26 * minute] });
    for (let minutes = 0; minutes < 25; minutes += 5) {
      await pass(5 * minute);
      await run();
    }
    expect(published.map(({ okta, source }) => [okta.eventUuid, source])).toEqual([["late", "reconciled"]]);
    expect(punctuality).toEqual(new Map([["late", "late"]]));
    await pass(minute);
    expect(await run()).toMatchObject({ missed: 0, late: 0 });
    expect(published).toHaveLength(1);
  });

  test("is known by the events that came before it: it is more than two minutes older", async () => {
    const { happen, run, pass, punctuality } = world();
    await run();
    await happen(signIn("late"), { persistedAfter: 4 * minute });
    await pass(1);
    await happen(signIn("out of order"), { persistedAfter: 4 * minute });
    await pass(lag);
    await happen(signIn("punctual"));
    await pass(5 * minute);
    expect(await run()).toMatchObject({ missed: 2, late: 1 });
    expect(punctuality).toEqual(
      new Map([
        ["punctual", "missed"],
        ["out of order", "missed"],
        ["late", "late"],
      ]),
    );
  });

  test("is not late when the log shows it a second time", async () => {
    const { happen, run, pass, log, punctuality } = world();
    await run();
    const { answer } = log;
    const repeating = (url: URL) => {
      const { body, ...rest } = answer(url);
      const [first, ...others] = body as readonly unknown[];
      return { ...rest, body: first === undefined ? [] : [first, ...others, first] };
    };
    Object.assign(log, { answer: repeating });
    await happen(signIn("first"));
    await pass(5 * minute);
    await happen(signIn("second"));
    await pass(5 * minute);
    expect(await run()).toMatchObject({ missed: 2, late: 0 });
    expect([...punctuality.values()]).toEqual(["missed", "missed"]);
  });
});

describe("a link that does not serve", () => {
  test("as Okta does not take it any more is made anew in the same run, which says so and misses nothing", async () => {
    const { happen, run, pass, published, log } = world();
    await run();
    log.pageSize = 1;
    for (let index = 0; index < 60; index += 1) await happen(signIn(`e${index}`));
    await happen(signIn("late"), { persistedAfter: 30 * minute });
    await pass(5 * minute);
    await run();
    log.linkLifetime = hour;
    log.pageSize = 1_000;
    await pass(2 * hour);
    const report = await run();
    expect(report).toMatchObject({ known: 50, missed: 11, finished: true, unseenBefore: null });
    expect(report.restart).toEqual({ reason: "linkLost", since: iso(start - overlap) });
    expect(published).toHaveLength(61);
    await pass(5 * minute);
    expect((await run()).restart).toBeNull();
  });

  test("is made anew as well where it is the start of an earlier run", async () => {
    const { happen, run, pass, log, asked, hidden } = world();
    await happen(signIn("young"));
    await run();
    expect(hidden.state?.link?.url).toBe(asked[0]);
    await pass(5 * minute);
    const { answer } = log;
    const { since } = parametersOf(asked[0]);
    const refusing = (url: URL) => (parametersOf(url.href).since === since ? oktaError(400, "No") : answer(url));
    Object.assign(log, { answer: refusing });
    expect(await run()).toMatchObject({ missed: 1, finished: true, restart: { reason: "linkLost" } });
  });

  test("as a page has none ends the run; behind events the next one starts from a time", async () => {
    const { happen, run, pass, log, hidden, asked } = world();
    await run();
    const { answer } = log;
    Object.assign(log, { answer: (url: URL) => ({ ...answer(url), headers: {} }) });
    expect(await run()).toMatchObject({ finished: true, pages: 1 });
    expect(hidden.state?.link?.url).toBe(asked[1]);
    await happen(signIn("missed"));
    await pass(5 * minute);
    expect(await run()).toMatchObject({ finished: true, pages: 1, missed: 1, restart: null });
    expect(await run()).toMatchObject({ finished: true, known: 1, restart: { reason: "linkLost" } });
  });

  test.each([
    ["leads to another host", "https://elsewhere.example.com/api/v1/logs?after=1"],
    ["is no address", "garbage"],
  ])("as it %s is made anew by the next run, which gets on", async (_, url) => {
    const { happen, run, pass, hidden, published, filter } = world();
    await run();
    await happen(signIn("missed"));
    await pass(5 * minute);
    if (hidden.state !== null) hidden.state = { ...hidden.state, link: { url, filter: filter() } };
    expect(await run()).toMatchObject({ missed: 1, finished: true, restart: { reason: "linkLost" } });
    expect(published).toHaveLength(1);
  });

  test("as the checkpoint is a time to come starts from now, less the overlap", async () => {
    const { run, hidden } = world();
    hidden.state = { orgUrl, checkpoint: "9999-01-01T00:00:00.000Z", link: null, refusedFilter: null, underWay: null };
    expect((await run()).restart).toEqual({ reason: "linkLost", since: iso(start - overlap) });
    expect(hidden.state).toMatchObject({ checkpoint: iso(start) });
  });

  test("as Okta takes none at all is an error of each run, after what a start from a time finds", async () => {
    const { happen, run, pass, published, log, hidden } = world();
    await run();
    log.forgetsLinks = true;
    await happen(signIn("first"));
    await pass(5 * minute);
    await expect(run()).rejects.toThrow("Invalid paging request.");
    expect(hidden.state).toMatchObject({ link: null, checkpoint: iso(start) });
    await happen(signIn("second"));
    await pass(5 * minute);
    await expect(run()).rejects.toThrow("Invalid paging request.");
    expect(published.map(({ okta }) => okta.eventUuid)).toEqual(["first", "second"]);
    log.forgetsLinks = false;
    expect(await run()).toMatchObject({ known: 2, finished: true, restart: { reason: "linkLost" } });
  });

  test("as its page links to itself ends the run, and is made anew by the next, which gets on", async () => {
    const { happen, run, pass, published, log, asked, hidden } = world();
    await run();
    log.linksToSelf = true;
    log.pageSize = 2;
    for (let index = 0; index < 8; index += 1) {
      await happen(signIn(`e${index}`));
      await pass(10 * minute);
    }
    expect(await run()).toMatchObject({ pages: 1, missed: 2, finished: false, looped: true });
    expect(hidden.state).toMatchObject({ link: null, checkpoint: iso(start + 10 * minute) });
    expect(asked).toHaveLength(2);
    expect(await run()).toMatchObject({ pages: 1, looped: true, restart: { reason: "linkLost" } });
    log.linksToSelf = false;
    await run();
    expect(published).toHaveLength(8);
  });

  test("in a circle of pages ends the run", async () => {
    const { happen, run, pass, log, published } = world();
    await run();
    log.pageSize = 1;
    for (const uuid of ["a", "b", "c"]) await happen(signIn(uuid));
    await pass(5 * minute);
    const { answer } = log;
    const urls: string[] = [];
    Object.assign(log, {
      answer: (url: URL) => {
        urls.push(url.href);
        const found = answer(url);
        return urls.length < 3 ? found : { ...found, headers: { link: `<${urls[1]}>; rel="next"` } };
      },
    });
    expect(await run()).toMatchObject({ pages: 3, missed: 3, looped: true, finished: false });
    expect(published).toHaveLength(3);
  });

  test("as the rules ask for more is made anew, though a page of it is still to be read", async () => {
    const { happen, run, pass, enable, published, log, asked, hidden } = world();
    await run();
    log.pageSize = 1;
    for (let index = 0; index < 51; index += 1) await happen(signIn(`e${index}`));
    await happen(sessionStart({ uuid: "token", eventType: "system.api_token.create" }));
    await pass(5 * minute);
    expect(await run()).toMatchObject({ pages: 50, finished: false });
    const old = hidden.state?.link?.url;
    expect(parametersOf(old).after).toBeDefined();
    log.pageSize = 1_000;
    enable([proxied, token]);
    expect(await run()).toMatchObject({
      known: 50,
      missed: 2,
      finished: true,
      restart: { reason: "filterChanged", since: iso(start - overlap) },
    });
    expect(asked).not.toContain(old);
    expect(parametersOf(asked[51]).filter).toBe(
      'eventType eq "system.api_token.create" or eventType eq "user.session.start"',
    );
    expect(published.map(({ okta }) => okta.eventUuid)).toContain("token");
    await pass(5 * minute);
    expect((await run()).restart).toBeNull();
  });

  test("as it is older than claims are kept starts from six days ago, and says what it has not seen", async () => {
    const { happen, run, pass, published } = world();
    await run();
    await happen(signIn("lost"));
    await pass(oldestLink);
    await happen(signIn("recent"));
    await pass(5 * minute);
    const report = await run();
    const since = iso(start + oldestLink - farthest + 5 * minute);
    expect(report).toMatchObject({ unseenBefore: since, restart: { reason: "tooOld", since } });
    expect(published.map(({ okta }) => okta.eventUuid)).toEqual(["recent"]);
  });

  test("is made anew once, though the run that starts from six days ago is stopped", async () => {
    const { run, pass } = world();
    await run();
    await pass(2 * farthest);
    expect(await run(undefined, AbortSignal.abort())).toMatchObject({ pages: 0, restart: { reason: "tooOld" } });
    await pass(5 * minute);
    expect(await run()).toMatchObject({ restart: null, unseenBefore: null, finished: true });
  });

  test("serves for half a day longer, as claims are kept seven days", async () => {
    const { happen, run, pass, published } = world();
    await run();
    await happen(signIn("missed"));
    await pass(oldestLink);
    expect(await run()).toMatchObject({ restart: null, unseenBefore: null, missed: 1 });
    expect(published).toHaveLength(1);
  });
});

describe("an error of Okta's", () => {
  /** Has the log answer a link with this status. */
  const answering = async (status: number) => {
    const org = world();
    await org.run();
    await org.happen(signIn("missed"));
    await org.pass(5 * minute);
    const { answer } = org.log;
    let isOn = true;
    const failing = (url: URL) => (isOn && url.searchParams.has("after") ? oktaError(status, "No") : answer(url));
    Object.assign(org.log, { answer: failing });
    const mend = () => {
      isOn = false;
    };
    return { ...org, mend };
  };

  test.each([400, 404, 410])("%i to a link means that the link serves no more", async (status) => {
    const { run, published, hidden } = await answering(status);
    await expect(run()).rejects.toThrow("No");
    expect(hidden.state?.link).toBeNull();
    expect(published).toHaveLength(1);
  });

  test.each([401, 403, 500])("%i keeps the link, and the next run goes on there", async (status) => {
    const { run, published, hidden, mend, asked } = await answering(status);
    const before = hidden.state;
    await expect(run()).rejects.toThrow("No");
    expect(hidden.state).toEqual(before);
    expect(published).toEqual([]);
    mend();
    expect(await run()).toMatchObject({ missed: 1, restart: null, finished: true });
    expect(asked.at(-2)).toBe(before?.link?.url);
  });

  test.each([401, 403, 404])("%i to a start from a time is no fault of the filter's", async (status) => {
    const { log, run, asked, hidden } = world();
    Object.assign(log, { answer: () => oktaError(status, "No") });
    await expect(run()).rejects.toThrow("No");
    expect(asked).toHaveLength(1);
    expect(hidden.state?.link?.url).toBe(asked[0]);
  });

  test("while the time runs out is none: the next run goes on", async () => {
    const { log, run, hidden } = world();
    await run();
    const before = hidden.state;
    const controller = new AbortController();
    const { answer } = log;
    const hanging = () => {
      controller.abort();
      return oktaError(429, "API call exceeded rate limit due to too many requests.");
    };
    Object.assign(log, { answer: hanging });
    expect(await run(undefined, controller.signal)).toMatchObject({ pages: 0, finished: false });
    expect(hidden.state).toEqual(before);
    Object.assign(log, { answer });
    expect(await run()).toMatchObject({ finished: true, restart: null });
  });

  test("while the time runs out, in the request without a filter that was refused, is none either", async () => {
    const { log, run, hidden } = world();
    const controller = new AbortController();
    const { answer } = log;
    const hanging = (url: URL) => {
      if (!url.searchParams.has("filter")) controller.abort();
      return oktaError(url.searchParams.has("filter") ? 400 : 429, "No");
    };
    Object.assign(log, { answer: hanging });
    expect(await run(undefined, controller.signal)).toMatchObject({ pages: 0, finished: false, refusedFilter: null });
    expect(hidden.state?.link).not.toBeNull();
    Object.assign(log, { answer });
    expect(await run()).toMatchObject({ finished: true, restart: null });
  });
});

describe("a filter that Okta refuses", () => {
  test("gives way to every event, of which the rules choose, and the report says why", async () => {
    const { happen, run, pass, published, log, asked, hidden } = world();
    log.refusesFilters = true;
    await happen(signIn("missed"));
    await happen(sessionStart({ uuid: "token", eventType: "system.api_token.create" }));
    await pass(5 * minute);
    const reason = "Invalid filter 'eventType eq \"user.session.start\"'";
    expect(await run()).toMatchObject({ events: 2, missed: 1, finished: true, refusedFilter: reason });
    expect(asked.map((url) => parametersOf(url).filter === undefined)).toEqual([false, true, true]);
    expect(published.map(({ okta }) => okta.eventUuid)).toEqual(["missed"]);
    await pass(5 * minute);
    expect(await run()).toMatchObject({ refusedFilter: reason, restart: null, finished: true });
    expect(asked).toHaveLength(4);
    expect(hidden.state?.refusedFilter).toEqual({ at: iso(start + 5 * minute), reason });
  });

  test("is tried again after a day", async () => {
    const { run, pass, log, asked } = world();
    log.refusesFilters = true;
    await run();
    await pass(retryFilterAfter - 1);
    expect(await run()).toMatchObject({ restart: null });
    await pass(1);
    log.refusesFilters = false;
    expect(await run()).toMatchObject({ restart: { reason: "filterRetried" }, refusedFilter: null });
    expect(parametersOf(asked.at(-1)).filter).toBeDefined();
    await pass(retryFilterAfter);
    expect(await run()).toMatchObject({ restart: null, refusedFilter: null });
  });

  test("is asked for again when the rules change", async () => {
    const { run, pass, enable, log, asked } = world();
    log.refusesFilters = true;
    await run();
    log.refusesFilters = false;
    enable([token]);
    await pass(5 * minute);
    expect(await run()).toMatchObject({ restart: { reason: "filterChanged" }, refusedFilter: null });
    expect(parametersOf(asked.at(-1)).filter).toBe('eventType eq "system.api_token.create"');
  });

  test("is quoted in part where it is long", async () => {
    const { run, enable, log } = world();
    log.refusesFilters = true;
    enable([
      rule("low", token.id, { eventType: Array.from({ length: 60 }, (_, index) => `policy.rule.number_${index}`) }),
    ]);
    const { refusedFilter } = await run();
    expect(refusedFilter?.length).toBeLessThan(520);
    expect(refusedFilter).toMatch(/^Invalid filter 'eventType eq .* \.\.\. .*"policy\.rule\.number_9"'$/);
  });

  test("is not blamed when Okta refuses the request without it as well", async () => {
    const { run, pass, log, hidden, asked } = world();
    const { answer } = log;
    const refusing = (url: URL) => oktaError(400, url.searchParams.has("filter") ? "No filter" : "Nothing");
    Object.assign(log, { answer: refusing });
    await expect(run()).rejects.toThrow("No filter");
    expect(asked).toHaveLength(2);
    expect(hidden.state).toMatchObject({ link: null, refusedFilter: null });
    Object.assign(log, { answer });
    await pass(2 * hour);
    const since = iso(start - lag - 2 * overlap);
    expect(await run()).toMatchObject({ finished: true, restart: { reason: "linkLost", since } });
  });

  test("is not blamed when Okta fails at the request without it", async () => {
    const { run, log, hidden } = world();
    const failing = (url: URL) => {
      if (!url.searchParams.has("filter")) throw new Error("Okta failed");
      return oktaError(400, "No filter");
    };
    Object.assign(log, { answer: failing });
    await expect(run()).rejects.toThrow("Okta failed");
    expect(hidden.state?.refusedFilter).toBeNull();
  });

  test("is not there where the rules name no event type: a refusal is one of the request", async () => {
    const { run, enable, log, hidden, asked } = world();
    enable([parseTestRule({ selection: { "outcome.result": "FAILURE" }, condition: "selection" })]);
    log.refusal = "field is not valid: sortOrder";
    await expect(run()).rejects.toThrow("field is not valid: sortOrder");
    expect(asked).toHaveLength(1);
    expect(hidden.state).toMatchObject({ link: null, refusedFilter: null });
  });
});

describe("a saved position", () => {
  const checkpoint = iso(start - hour);

  test.each([
    ["of an earlier release", { orgUrl, checkpoint, underWay: null }],
    [
      "of an earlier release that was stopped",
      {
        orgUrl,
        checkpoint,
        underWay: { until: iso(start), filter: null, next: `${orgUrl}/api/v1/logs?until=x&after=1` },
      },
    ],
  ])("%s is started from, by polling", async (_, saved) => {
    const { run, log, hidden, asked, published } = world();
    log.add(signIn("missed", { published: checkpoint }), start - hour);
    hidden.state = saved;
    const since = iso(start - hour - overlap);
    expect(await run()).toMatchObject({ missed: 1, finished: true, restart: { reason: "earlierRelease", since } });
    expect(parametersOf(asked[0])).toMatchObject({ since, sortOrder: "ASCENDING" });
    expect(parametersOf(asked[0])).not.toHaveProperty("until");
    expect(published).toHaveLength(1);
  });

  test("is one that the earlier release can start from", async () => {
    const { run, hidden } = world();
    await run();
    expect(hidden.state).toMatchObject({ orgUrl, checkpoint: iso(start), underWay: null });
  });

  test.each([
    ["without a checkpoint", { orgUrl, underWay: null }],
    ["whose checkpoint is no time", { orgUrl, checkpoint: "yesterday", link: null, refusedFilter: null }],
    ["that is a list", []],
  ])("%s counts as none, and everything of six days is read", async (_, saved) => {
    const { run, log, hidden, published } = world();
    log.add(signIn("old", { published: iso(start - farthest) }), start - farthest);
    hidden.state = saved as never;
    const since = iso(start - farthest);
    expect(await run()).toMatchObject({ restart: { reason: "unreadablePosition", since }, finished: true });
    expect(published).toHaveLength(1);
  });

  test("of another org counts as none", async () => {
    const { run, hidden } = world();
    hidden.state = { orgUrl: "https://other.okta.com", checkpoint, link: null, refusedFilter: null, underWay: null };
    expect(await run()).toMatchObject({ restart: { reason: "firstRun", since: iso(start - lag - overlap) } });
    expect(hidden.state).toMatchObject({ orgUrl, checkpoint: iso(start) });
  });
});

test("the pipeline's own claims decide about an event that both bring at once", async () => {
  const { happen, run, pass, claims, published } = world();
  await run();
  await happen(signIn("both"));
  await pass(5 * minute);
  await claims.claim(logEvent(signIn("both")).uuid, { lease: minute }, AbortSignal.timeout(1_000));
  expect(await run()).toMatchObject({ known: 0, missed: 0, finished: true });
  expect(published).toEqual([]);
});
