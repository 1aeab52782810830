import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ExceptionItems } from "../../lambda/adapters/tables/exceptions.ts";
import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import type { Exception, ExceptionScope } from "../../lambda/core/exceptions/exception.ts";
import { whyTooBroad } from "../../lambda/core/exceptions/measure.ts";
import { canonicalLogin } from "../../lambda/core/okta/person.ts";
import type { Json } from "../../lambda/core/values/object.ts";
import { html, trusted } from "../../pages/html.ts";
import { type WrittenPage, writePage } from "../../pages/page.ts";
import type { ReceivedAlert } from "../alert-feed.ts";
import { type ChaosName, isChaosName } from "../chaos.ts";
import { type LoggedDelivery, maximumDeliveries } from "../delivery-log.ts";
import type { PageRoutes } from "../http-front.ts";
import { createSampler, isPageSample } from "../samples.ts";
import {
  alertElementId,
  drawAlert,
  drawChaos,
  drawDelivery,
  drawExceptions,
  drawMap,
  drawQueues,
  drawSamples,
  exceptionChoices,
  type Queues,
} from "./draw.ts";
import { createFragments, type Fragments } from "./fragments.ts";
import { style } from "./style.ts";

/** What the page shows, and what its buttons do. */
export interface LivePageSource {
  /** What runs: the names of settings with their values. No secret is one of them. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly queues: () => Queues;
  readonly isBroken: (name: ChaosName) => boolean;
  readonly setChaos: (name: ChaosName, broken: boolean) => void;
  readonly exceptions: Pick<ExceptionItems, "list" | "add" | "remove">;
  /** Delivers as Okta does, with the secret. */
  readonly deliver: (delivery: Json) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** The alerts that the page keeps, each in all its forms: some 30 kB. */
const maximumAlerts = 30;
/** The browser windows that follow the run. */
const maximumFollowers = 20;
/** Milliseconds between two looks at what no call announces: queues, exceptions of commands. */
const lookEvery = 1_000;
/** Milliseconds between two messages to a follower: what changes meanwhile goes out once, as it is then. */
const sendEvery = 100;

const script = readFileSync(new URL("client.js", import.meta.url), "utf8");
const hour = 3_600_000;

/** A request of a button that cannot be followed; the message says why. */
class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";
}

/** Creates the page. It keeps the last deliveries and alerts, drawn. */
export function createLivePage(source: LivePageSource) {
  const run = crypto.randomUUID();
  const most = { deliveries: maximumDeliveries, alerts: maximumAlerts };
  const followers = new Set<Follower>();
  let scheduled: NodeJS.Timeout | null = null;
  const schedule = () => {
    if (followers.size > 0) scheduled ??= setTimeout(flush, sendEvery);
  };
  function flush(): void {
    scheduled = null;
    for (const follower of followers) send(follower);
  }
  const fragments = createFragments(most, schedule);
  const sample = createSampler();
  let alerts: readonly ShownAlert[] = [];
  let exceptions: readonly Exception[] = [];
  let isMapCurrent = false;

  /** Draws the map where alerts came since: it is the largest part, and not drawn for every alert of many. */
  function updateMap(): void {
    if (isMapCurrent) return;
    isMapCurrent = true;
    fragments.set("map", null, drawMap(alerts.map((each) => each.received)));
  }

  /** Sends a follower what changed since it was sent anything; one that reads slowly gets it once it has read. */
  function send(follower: Follower): void {
    if (follower.response.writableNeedDrain) return;
    updateMap();
    const changed = fragments.since(follower.version);
    follower.version = fragments.version();
    if (changed.length === 0) return;
    follower.response.write(`id: ${follower.version}\ndata: ${JSON.stringify({ fragments: changed, most })}\n\n`);
  }

  async function look(): Promise<void> {
    fragments.set("queues", null, drawQueues(source.queues()));
    fragments.set("chaos", null, drawChaos(source.isBroken));
    // With DynamoDB broken, the exceptions that were there are shown.
    exceptions = await source.exceptions.list().catch(() => exceptions);
    fragments.set("exceptions", null, drawExceptions(exceptions));
  }

  let looking = false;
  const timer = setInterval(() => {
    if (followers.size === 0 || looking) return;
    looking = true;
    void look()
      .catch(source.onError)
      .finally(() => {
        looking = false;
      });
  }, lookEvery);
  timer.unref();

  async function showPage(_: IncomingMessage, response: ServerResponse): Promise<void> {
    await look();
    updateMap();
    const { text, policy } = writeLivePage(run, source.facts, fragments, alerts);
    response
      .writeHead(200, {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": `${policy}; frame-ancestors 'none'`,
        "cross-origin-opener-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
      })
      .end(text);
  }

  function follow(request: IncomingMessage, response: ServerResponse): void {
    if (followers.size >= maximumFollowers) {
      response.writeHead(503, { "content-type": "text/plain" }).end("too many windows follow the run");
      return;
    }
    const query = new URL(request.url ?? "/", "http://localhost").searchParams;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 1000\n\n");
    if (query.get("run") !== run) {
      response.end("event: restarted\ndata: {}\n\n");
      return;
    }
    const since = Number(request.headers["last-event-id"] ?? query.get("since"));
    const follower = { response, version: Number.isSafeInteger(since) ? since : 0 };
    followers.add(follower);
    response.once("close", () => followers.delete(follower));
    response.on("drain", () => send(follower));
    send(follower);
  }

  /** A route of a form: does what it asks for, and leads back to the page. */
  const form =
    (act: (fields: URLSearchParams) => void | Promise<void>): PageRoutes[string] =>
    async (_, response, body) => {
      try {
        await act(new URLSearchParams(body));
      } catch (error) {
        if (!(error instanceof RefusedRequest)) throw error;
        response.writeHead(400, { "content-type": "text/plain; charset=utf-8" }).end(error.message);
        return;
      }
      await look();
      response.writeHead(303, { location: "/" }).end();
    };

  async function changeExceptions(fields: URLSearchParams): Promise<void> {
    const remove = fields.get("remove");
    if (remove !== null) {
      const exception = (await source.exceptions.list()).find(({ id }) => id === remove);
      if (exception === undefined) throw new RefusedRequest("This exception is not there any more.");
      await source.exceptions.remove(exception);
      return;
    }
    const shown = alerts.find(({ received: { alert } }) => alert.alertId === fields.get("alert"));
    if (shown === undefined) throw new RefusedRequest("This alert is not on the page any more.");
    const now = new Date();
    await source.exceptions.add(exceptionOf(shown.received, fields.get("scope"), now), now);
  }

  return {
    onDelivery: (delivery: LoggedDelivery) =>
      fragments.set(`delivery-${delivery.number}`, "deliveries", drawDelivery(delivery)),
    onAlert(received: ReceivedAlert) {
      const shown = { received, at: new Date() };
      const { alertId } = received.alert;
      alerts = [shown, ...alerts.filter((each) => each.received.alert.alertId !== alertId)].slice(0, maximumAlerts);
      isMapCurrent = false;
      fragments.set(alertElementId(alertId), "alerts", drawAlert(received, shown.at, false));
    },
    routes: {
      "GET /": showPage,
      "GET /_local/page/events": follow,
      "POST /_local/page/samples": form(async (fields) => {
        const name = fields.get("sample") ?? "";
        if (!isPageSample(name)) throw new RefusedRequest("There is no such sample.");
        for (const delivery of sample(name)) await source.deliver(delivery);
      }),
      "POST /_local/page/chaos": form((fields) => {
        const name = fields.get("break") ?? fields.get("mend") ?? "";
        if (!isChaosName(name)) throw new RefusedRequest("There is no such fault.");
        source.setChaos(name, fields.has("break"));
      }),
      "POST /_local/page/exceptions": form(changeExceptions),
    } satisfies PageRoutes,
    stop() {
      clearInterval(timer);
      clearTimeout(scheduled ?? undefined);
      for (const { response } of followers) response.end();
    },
  };
}

interface ShownAlert {
  readonly received: ReceivedAlert;
  readonly at: Date;
}

/** A window that follows the run. */
interface Follower {
  readonly response: ServerResponse;
  /** The version of the fragments that it has. */
  version: number;
}

/** An exception of an hour for the person of an alert, or for its network. */
function exceptionOf({ alert }: ReceivedAlert, whom: string | null, now: Date): Exception {
  const { user, network } = alert;
  const { kinds } = network.anonymous;
  const choice = exceptionChoices(alert).find((each) => each === whom);
  const place = choice === "network" ? networkOf(network) : choice === "user" ? personOf(user) : null;
  if (place === null) throw new RefusedRequest("No exception is made of this alert.");
  const scope = kinds.length === 0 ? place : { ...place, kinds: [...kinds] };
  const tooBroad = whyTooBroad(scope);
  if (tooBroad !== null) throw new RefusedRequest(tooBroad);
  return {
    id: crypto.randomUUID().slice(0, 8),
    scope,
    by: "the embedded run's page",
    reason: "tried on the page",
    createdAt: now.toISOString(),
    until: new Date(now.getTime() + hour).toISOString(),
    noticedAt: null,
  };
}

const networkOf = ({ asNumber }: Alert["network"]): ExceptionScope | null => (asNumber === null ? null : { asNumber });

/** By the login, as the commands in mails: a list of ids says little. */
function personOf({ id, login }: Alert["user"]): ExceptionScope | null {
  const user = login === null ? id : canonicalLogin(login);
  return user === null ? null : { user };
}

function writeLivePage(
  run: string,
  facts: LivePageSource["facts"],
  fragments: Fragments,
  alerts: readonly ShownAlert[],
): WrittenPage {
  const part = (id: string) => trusted(fragments.get(id));
  return writePage(
    {
      title: "okta-proxy-watch, embedded run",
      style,
      script,
      body: html`<div class="page" data-version="${fragments.version()}" data-run="${run}">
<header class="top"><h1>okta-proxy-watch</h1><p class="muted">The deployed functions, on this machine. Everyone in the samples is invented.</p><span id="live">not live: it shows what was</span></header>
<aside class="side" aria-label="Deliver"><section class="card"><h2>Deliver a sample</h2>${drawSamples()}</section></aside>
<main class="main">
<h2 class="unseen">Map</h2>${part("map")}
<section aria-labelledby="alerts-title"><h2 id="alerts-title">Alerts</h2><div id="alerts">${alerts.map((each, index) => drawAlert(each.received, each.at, index === 0))}</div><p class="empty card">No alert so far. Deliver a sample, or paste a command that the terminal printed.</p></section>
<section class="card" aria-labelledby="deliveries-title"><h2 id="deliveries-title">Deliveries, and what became of each event</h2><ul id="deliveries">${trusted(fragments.listed("deliveries").join(""))}</ul><p class="empty">Nothing was delivered so far.</p></section>
</main>
<aside class="side" aria-label="The run"><section class="card"><h2>Break something</h2>${part("chaos")}</section>
<section class="card"><h2>Exceptions</h2>${part("exceptions")}</section>
<section class="card"><h2>What runs</h2>${part("queues")}<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section></aside>
<p id="announcement" class="unseen" role="status"></p>
</div>`,
    },
    true,
  );
}
