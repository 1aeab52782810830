import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeCurrentSamples } from "../../local/current-samples.ts";
import type { LoggedDelivery } from "../../local/delivery-log.ts";
import { describeDelivery } from "../../local/delivery-log.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { drawAlert, drawExceptions, exceptionChoices } from "../../local/page/draw.ts";
import { sampleProfiles } from "../../local/sample-people.ts";
import { delivery, type Json, sessionStart, streamedEvent } from "../fixtures/events.ts";

const hookSecret = "a-secret-of-the-hook";
const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;

let run: EmbeddedRun;
let ended: LoggedDelivery[] = [];
beforeAll(async () => {
  run = await startEmbeddedRun({
    port: 0,
    hookSecret,
    mismatchDistanceKm: 500,
    suppressMinutes: 60,
    onError: () => {},
    page: { onDelivery: (each) => void ended.push(each) },
  });
  await run.putProfiles(sampleProfiles());
});
afterAll(() => run.stop());

const deliver = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(run.url, {
    method: "POST",
    headers: { authorization: hookSecret, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const readPage = async () => (await fetch(run.url, { headers: { accept: "text/html" } })).text();
const press = (form: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${run.url}_local/page/${form}`, {
    method: "POST",
    body: new URLSearchParams(fields),
    redirect: "manual",
    headers,
  });

/** The outcome of each event of a delivery, and the lines of the terminal. */
async function becameOf(body: unknown, headers: Record<string, string> = {}) {
  ended = [];
  const { status } = await deliver(body, headers);
  await expect.poll(() => ended.length).toBeGreaterThan(0);
  const last = ended.at(-1);
  return { status, outcomes: last?.events.map(({ outcome }) => outcome), lines: last ? describeDelivery(last) : [] };
}

/** The connection, at this process's end, of the next request to a path. */
function socketOf(path: string): Promise<Socket> {
  const started = "http.server.request.start";
  return new Promise((resolve) => {
    const onStart = (message: unknown) => {
      const { request, socket } = message as { readonly request: IncomingMessage; readonly socket: Socket };
      if (!request.url?.startsWith(path)) return;
      unsubscribe(started, onStart);
      resolve(socket);
    };
    subscribe(started, onStart);
  });
}

/** A sign-in of a new person, which nothing before it suppresses. */
const signInOfNew = (overrides: Json = {}) => {
  const login = `${crypto.randomUUID().slice(0, 8)}@example.com`;
  return sessionStart({
    published: new Date().toISOString(),
    actor: { id: `00u${login.slice(0, 8)}`, type: "User", alternateId: login, displayName: login },
    ...overrides,
  });
};

// The first of this run: what others deliver would be in its history.
test("the mail in the README is that of the sample, in a run that began on that day", async () => {
  const samples = await writeCurrentSamples(new Date());
  await deliver(await readFile(samples.pathOf("proxied-sign-in"), "utf8"));
  await samples.remove();
  await expect.poll(() => run.alerts.received.length).toBe(1);
  const [mail = ""] = run.alerts.received.map(({ email }) => email);
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, shown = ""] = /```text\n(HIGH:.*?)\n```/s.exec(readme) ?? [];
  const undated = (text: string) => text.replace(/since \d{4}-\d\d-\d\d/, "since DAY");
  expect(undated(mail).split("\n\n")[0]).toBe(undated(shown));
});

describe("what became of an event", () => {
  test("is an alert; the same delivery again is a duplicate; the same news is grouped; what matches nothing is no alert", async () => {
    const event = signInOfNew();
    const first = await becameOf(delivery([event]));
    expect(first).toMatchObject({ status: 204, outcomes: ["alerted"] });
    expect(first.lines[0]).toMatch(
      /^#\d+ event hook 204: alerted: user\.session\.start of \w+@example\.com from Toronto, Canada \(high\)$/,
    );
    expect(await becameOf(delivery([event]))).toMatchObject({ outcomes: ["duplicate"] });
    expect(await becameOf(delivery([{ ...event, uuid: crypto.randomUUID() }]))).toMatchObject({
      outcomes: ["grouped"],
    });
    expect(await becameOf(delivery([signInOfNew({ securityContext: { isProxy: false } })]))).toMatchObject({
      outcomes: ["unmatched"],
    });
  });

  test("is a refusal with its reason: a wrong secret, a wrong type, no JSON", async () => {
    expect(await becameOf(delivery([]), { authorization: "wrong" })).toMatchObject({
      status: 401,
      lines: [expect.stringMatching(/^#\d+ event hook 401: refused: the secret is missing or wrong$/)],
    });
    expect(await becameOf("{}", { "content-type": "text/plain" })).toMatchObject({
      lines: [expect.stringMatching(/415: refused: expected content-type application\/json/)],
    });
    expect(await becameOf("{")).toMatchObject({ lines: [expect.stringMatching(/400: refused: the body is no JSON/)] });
  });

  test("is a dead letter where the event is malformed, beside an alert on the other one", async () => {
    const { lines } = await becameOf(delivery([signInOfNew(), { published: "now" }]));
    expect(lines).toEqual([expect.stringMatching(/204: 2 events: 1 alerted, 1 dead-lettered$/)]);
  });

  test("is parked while SNS is down, and an alert when it is back", async () => {
    expect((await press("chaos", { break: "sns" })).status).toBe(303);
    try {
      expect(await becameOf(delivery([signInOfNew()]))).toMatchObject({ status: 204, outcomes: ["parked"] });
      expect(await readPage()).toMatch(/name="mend" value="sns" aria-pressed="true"/);
    } finally {
      await press("chaos", { mend: "sns" });
    }
    await expect.poll(() => ended.at(-1)?.events[0]?.outcome).toBe("alerted");
    expect(ended.at(-1)?.events[0]?.detail).toMatch(/^high, \d+ s late$/);
  });

  test("of the log stream is known too: a duplicate of what the hook delivered", async () => {
    const event = signInOfNew();
    await becameOf(delivery([event]));
    ended = [];
    await fetch(`${run.url}_local/stream`, { method: "POST", body: JSON.stringify(streamedEvent(event)) });
    await expect.poll(() => ended.at(-1)?.inlet).toBe("log stream");
    expect(ended.at(-1)?.events).toMatchObject([{ outcome: "duplicate" }]);
  });
});

test("the buttons deliver every sample, with what its text says, and the page shows the alerts in all forms", async () => {
  ended = [];
  const outcomesOf = async (name: string) => {
    ended = [];
    expect((await press("samples", { sample: name })).status).toBe(303);
    return ended.map(({ events }) => events.map(({ outcome }) => outcome));
  };
  expect(await outcomesOf("ordinary")).toEqual([["unmatched"]]);
  for (const name of ["near", "far", "tor", "failed"]) expect(await outcomesOf(name)).toEqual([["alerted"]]);
  expect(await outcomesOf("chain")).toEqual([["alerted"], [expect.any(String)], ["alerted"], ["alerted"]]);
  // Neither the failed attempt before it nor an earlier spray counts in a spray.
  for (const _ of [1, 2]) {
    const outcomes = (await outcomesOf("spray")).flat();
    expect(outcomes.filter((outcome) => outcome === "alerted")).toHaveLength(5 + 1);
    expect(outcomes.filter((outcome) => outcome === "inStorm")).toHaveLength(12 - 5);
    expect(outcomes.at(-1)).toBe("alerted");
  }
  const attemptsOfStorms = () =>
    run.alerts.received.flatMap(({ alert: { storm } }) => (storm?.report == null ? [] : [storm.attempts]));
  await expect.poll(attemptsOfStorms).toContain(12);
  expect(Math.max(...attemptsOfStorms())).toBe(12);
  expect((await press("samples", { sample: "none" })).status).toBe(400);
  await expect.poll(readPage).toContain("geographic mismatch");
  const page = await readPage();
  expect(page).toMatch(/<details class="alert card severity-\w+" id="alert-[\w-]+" data-announcement="[^"]+" open>/);
  for (const name of ["Mail", "Phone", "Slack", "Teams", "PagerDuty", "JSON"]) {
    expect(page).toContain(`<section class="view" tabindex="0" aria-label="${name}">`);
  }
  expect(page).toMatch(/<path class="journey severity-high" d="M/);
  expect(page).toContain('<a href="https://www.openstreetmap.org/?mlat=');
});

test("the page counts planned reports apart from what failed, though both wait on the retry queue", async () => {
  await press("samples", { sample: "spray" });
  await expect.poll(readPage).toMatch(/<dt>Planned for later<\/dt><dd>[1-9]\d* reports?<\/dd>/);
  expect(await readPage()).toContain("<dt>Waiting for a retry</dt><dd>0 events</dd>");
  await press("chaos", { break: "sns" });
  try {
    await deliver(delivery([signInOfNew()]));
    await expect.poll(readPage).toContain("<dt>Waiting for a retry</dt><dd>1 event</dd>");
  } finally {
    await press("chaos", { mend: "sns" });
  }
  await expect.poll(readPage).toContain("<dt>Waiting for a retry</dt><dd>0 events</dd>");
});

describe("an exception of the page", () => {
  test("covers the person's next sign-in, is listed, and can be removed", async () => {
    const event = signInOfNew();
    await becameOf(delivery([event]));
    const uuid = String(event.uuid);
    const alertOf = () => run.alerts.received.find(({ alert }) => alert.okta.eventUuid === uuid)?.alert.alertId ?? "";
    await expect.poll(alertOf).not.toBe("");
    expect((await press("exceptions", { alert: alertOf(), scope: "user" })).status).toBe(303);
    const again = { ...event, uuid: crypto.randomUUID() };
    expect(await becameOf(delivery([again]))).toMatchObject({ outcomes: ["excepted"] });
    const { alternateId } = event.actor as { alternateId: string };
    expect(await readPage()).toContain(`<li><span>${alternateId}`);
    const [, id = ""] = /name="remove" value="(\w+)"/.exec(await readPage()) ?? [];
    expect((await press("exceptions", { remove: id })).status).toBe(303);
    expect(await readPage()).not.toContain('name="remove"');
    expect((await press("exceptions", { remove: id })).status).toBe(400);
  });

  test("is offered neither for what is critical, in a storm, nor for a person who may be under attack, and made of none of them", async () => {
    await press("samples", { sample: "spray" });
    const inStorm = () => run.alerts.received.find(({ alert }) => alert.storm?.report === null);
    await expect.poll(inStorm).toBeDefined();
    const received = inStorm() ?? expect.unreachable();
    const { alert } = received;
    expect(exceptionChoices(alert)).toEqual([]);
    expect(exceptionChoices({ ...alert, storm: null, severity: "critical" })).toEqual([]);
    const through = (kinds: typeof alert.network.anonymous.kinds) => ({
      ...alert.network,
      anonymous: { ...alert.network.anonymous, kinds },
    });
    const plain = { ...alert, storm: null, severity: "high", network: through(["vpn"]) } as const;
    expect(exceptionChoices(plain)).toEqual(["user", "network"]);
    for (const kind of ["tor", "residential_proxy", "blockchain_vpn"] as const) {
      expect(exceptionChoices({ ...plain, network: through(["vpn", kind]) })).toEqual([]);
    }
    const verdict = { verdict: "true-positive", note: "", by: "ana", at: "2026-11-24T08:00:00.000Z" } as const;
    const judged = { ...plain, incident: { ...plain.incident, verdict } };
    expect(exceptionChoices(judged)).toEqual([]);
    expect(exceptionChoices({ ...plain, risk: { ...plain.risk, level: "HIGH" } })).toEqual([]);
    expect(drawAlert({ ...received, alert: judged }, new Date(0), false).toString()).toContain(
      "No exception is offered: an incident of this person was judged a true positive.",
    );
    const response = await press("exceptions", { alert: alert.alertId, scope: "user" });
    expect([response.status, await response.text()]).toEqual([400, "No exception is made of this alert."]);
  });

  test("is listed with the day of its end", () => {
    const [by, reason] = ["ops", "a gateway"];
    const [createdAt, until] = ["2026-11-26T12:00:00.000Z", "2027-02-24T12:00:00.000Z"];
    const exception = { id: "e1", scope: { asNumber: 64_499 }, by, reason, createdAt, until, noticedAt: null };
    expect(drawExceptions([exception]).toString()).toMatch(/until 2027-02-2[45] \d\d:\d\d, by ops/);
  });

  test("is refused for an alert that is not on the page", async () => {
    const response = await press("exceptions", { alert: "none", scope: "user" });
    expect([response.status, await response.text()]).toEqual([400, "This alert is not on the page any more."]);
  });
});

describe("the page", () => {
  test("is for a browser alone: Okta's requests and commands without a secret are refused as before", async () => {
    expect((await fetch(run.url)).status).toBe(401);
    expect((await fetch(run.url, { headers: { accept: "text/html", authorization: hookSecret } })).status).toBe(400);
    const response = await fetch(run.url, { headers: { accept: "text/html,*/*" } });
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  });

  test("holds no secret, and admits its own style and script alone", async () => {
    const response = await fetch(run.url, { headers: { accept: "text/html" } });
    expect(await response.text()).not.toContain(hookSecret);
    const policy = response.headers.get("content-security-policy");
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; .*frame-ancestors/,
    );
    expect(policy).not.toContain("unsafe");
  });

  test("shows names and user agents of strangers as text", async () => {
    const event = signInOfNew({
      actor: { id: "00uhostile", type: "User", alternateId: hostile, displayName: hostile },
      client: {
        ipAddress: "203.0.113.9",
        userAgent: { rawUserAgent: hostile },
        geographicalContext: { city: hostile },
      },
    });
    await becameOf(delivery([event]));
    const count = () => run.alerts.received.filter(({ alert }) => alert.okta.eventUuid === event.uuid).length;
    await expect.poll(count).toBe(1);
    const page = await readPage();
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(page).not.toMatch(/<img|<script>/);
  });

  test("masks what may be a password", async () => {
    await becameOf(
      delivery([
        signInOfNew({
          actor: { id: "unknown", type: "User", alternateId: "Hunter2-hunter2", displayName: "unknown" },
          outcome: { result: "FAILURE", reason: "VERIFICATION_ERROR" },
        }),
      ]),
    );
    expect(await readPage()).not.toContain("Hunter2-hunter2");
    expect(ended.at(-1)?.events[0]?.who).toBe("[masked]");
  });

  test("and /_local/ answer no website: neither by a name that it rebinds, nor by a form of its own", async () => {
    expect(await statusWithHost("evil.example", "/", { accept: "text/html" })).toBe(403);
    expect(await statusWithHost("localhost.evil.example:3000", "/_local/alerts")).toBe(403);
    expect(await statusWithHost("[::1]:3000", "/_local/alerts")).toBe(200);
    const before = run.alerts.received.length;
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:1" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ]) {
      expect((await press("samples", { sample: "tor" }, headers)).status).toBe(403);
      expect((await fetch(`${run.url}_local/chaos/sns`, { method: "PUT", headers })).status).toBe(403);
    }
    // What is reported of an earlier test's storm may come meanwhile.
    const since = run.alerts.received.slice(before).filter(({ alert }) => alert.storm?.report == null);
    expect(since).toEqual([]);
    expect(run.faults.sns.fault()).toBeNull();
    // Scripts and pictures of a website would take the places of the page's windows; a link may lead to the page.
    for (const site of ["cross-site", "same-site"]) {
      const embedded = { "sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
      expect(await statusWithHost("localhost", "/_local/page/events", embedded)).toBe(403);
      const link = { accept: "text/html", "sec-fetch-site": site, "sec-fetch-mode": "navigate" };
      expect(await statusWithHost("localhost", "/", { ...link, "sec-fetch-dest": "document" })).toBe(200);
      expect(await statusWithHost("localhost", "/", { ...link, "sec-fetch-dest": "iframe" })).toBe(403);
    }
    const own = { origin: new URL(run.url).origin, "sec-fetch-site": "same-origin" };
    expect((await press("samples", { sample: "ordinary" }, own)).status).toBe(303);
  });

  test("keeps nothing for a window that does not read, and sends it each part once, as it is then", async () => {
    const [, id] = /data-run="([^"]+)"/.exec(await readPage()) ?? [];
    const { hostname, port } = new URL(run.url);
    const socket = connect(Number(port), hostname);
    const served = socketOf("/_local/page/events");
    socket.write(`GET /_local/page/events?since=0&run=${id} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    // What the system itself would keep for the window is megabytes: nothing reaches it.
    (await served).cork();
    for (let count = 0; count < 12; count += 1) await becameOf(delivery([signInOfNew()]));
    (await served).uncork();
    const last = run.alerts.received.at(-1)?.alert.alertId ?? "none";
    await expect.poll(() => received.includes(`"id":"alert-${last}"`)).toBe(true);
    socket.destroy();
    // Before, at the first that is not read, and after.
    expect(received.split('"id":"map"').length - 1).toBeLessThanOrEqual(3);
  });

  test("sends what changed since it was drawn, and has a window of another run load anew", async () => {
    const page = await readPage();
    const [, version, id] = /data-version="(\d+)" data-run="([^"]+)"/.exec(page) ?? [];
    const stopping = new AbortController();
    const response = await fetch(`${run.url}_local/page/events?since=${version}&run=${id}`, {
      signal: stopping.signal,
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    await becameOf(delivery([signInOfNew({ securityContext: { isProxy: false } })]));
    let received = "";
    for await (const chunk of response.body ?? []) {
      received += new TextDecoder().decode(chunk as Uint8Array);
      if (received.includes('"list":"deliveries"')) break;
    }
    stopping.abort();
    expect(received).toMatch(/^retry: 1000\n\nid: \d+\ndata: \{"fragments":\[/);
    const other = await fetch(`${run.url}_local/page/events?since=0&run=other`);
    expect(await other.text()).toContain("event: restarted");
  });
});

/** The status of a request with another Host, which `fetch` does not send. */
function statusWithHost(host: string, path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(new URL(path, run.url), { headers: { ...headers, host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once("error", reject)
      .end();
  });
}
