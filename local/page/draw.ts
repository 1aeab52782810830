import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import { describeExit, describeKind, nameUser } from "../../lambda/core/alerts/wording.ts";
import { describeScope, type Exception } from "../../lambda/core/exceptions/exception.ts";
import { hostileKinds } from "../../lambda/core/incidents/doubt.ts";
import { sessionStart } from "../../lambda/core/okta/log-event.ts";
import { onTarget } from "../../lambda/core/text/on-target.ts";
import { plural, shorten } from "../../lambda/core/text/shorten.ts";
import { fieldsOf } from "../../lambda/core/values/object.ts";
import { drawViews } from "../../pages/alert-views.ts";
import { type Html, html, trusted } from "../../pages/html.ts";
import { severityClass } from "../../pages/theme.ts";
import { drawWorldMap, type Exit, type Home } from "../../pages/world-map.ts";
import type { ReceivedAlert } from "../alert-feed.ts";
import { type ChaosName, chaosFaults } from "../chaos.ts";
import { type LoggedDelivery, type LoggedEvent, type Outcome, outcomes } from "../delivery-log.ts";
import { type PageSample, samples } from "../samples.ts";

/** A time of the day on this machine. */
const clock = (at: Date) => at.toTimeString().slice(0, 8);

/** The day and the minute on this machine: an exception of a command may end in months. */
function dayAndMinute(at: Date): string {
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${day.join("-")} ${clock(at).slice(0, 5)}`;
}

/** The id of an alert's element. */
export const alertElementId = (alertId: string) => `alert-${alertId}`;

/** One delivery with what became of its events. */
export function drawDelivery(delivery: LoggedDelivery): Html {
  const { number, at, inlet, status, refusal, events, counts } = delivery;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const more = total - events.length;
  return html`<li class="delivery" id="delivery-${number}">
<p class="head"><span class="mono">#${number}</span> <time datetime="${at.toISOString()}">${clock(at)}</time> ${inlet}${
    status === null ? null : html` <span class="mono">${status}</span>`
  }</p>
${refusal === null ? null : html`<p>${drawOutcome("failed", "refused")} ${refusal}</p>`}
<ul>${events.map(drawEvent)}</ul>
${
  more > 0
    ? html`<p class="muted">${plural(more, "further event")}: ${Object.entries(counts)
        .map(([outcome, count]) => `${count} ${outcomes[outcome as Outcome]}`)
        .join(", ")}</p>`
    : null
}
</li>`;
}

function drawEvent({ eventType, who, where, outcome, detail, alertId }: LoggedEvent): Html {
  const badge = drawOutcome(outcome, outcomes[outcome]);
  return html`<li>${alertId === null ? badge : html`<a href="#${alertElementId(alertId)}">${badge}</a>`}
<span class="what"><strong>${who}</strong>${where === null ? null : ` from ${where}`} <span class="mono muted">${eventType}</span>${
    detail === "" ? null : html` <span class="muted">· ${detail}</span>`
  }</span></li>`;
}

const drawOutcome = (outcome: Outcome, word: string) => html`<span class="badge outcome-${outcome}">${word}</span>`;

/** One alert in all its forms, with what can be done about it. */
export function drawAlert(received: ReceivedAlert, at: Date, isOpen: boolean): Html {
  const { alert } = received;
  const { alertId, severity, summary } = alert;
  const kind = describeKind(alert);
  const title = `${kind}: ${nameUser(alert)}`;
  return html`<details class="alert card ${severityClass(severity)}" id="${alertElementId(alertId)}" data-announcement="${`${severity} alert: ${title}`}" ${isOpen ? open : null}>
<summary><span class="badge ${severityClass(severity)}">${severity}</span> <span class="title">${kind}</span> <span class="who">${nameUser(alert)}</span> <time class="muted" datetime="${at.toISOString()}">${clock(at)}</time><span class="sum muted">${shorten(summary, 240)}</span></summary>
${drawExceptionForms(alert)}
${trusted(onTarget(drawViews(received, alertId).toString(), " --local"))}
</details>`;
}

const open = html`open`;

/**
 * What an exception of an alert may be for. None is offered where nothing speaks for an ordinary sign-in: for another act, for
 * what is critical, in a storm, and about a person who may be under attack.
 */
export function exceptionChoices(alert: Alert): readonly ("user" | "network")[] {
  const { severity, okta, user, network, storm } = alert;
  if (okta.eventType !== sessionStart || severity === "critical" || storm !== null) return [];
  if (doubtAbout(alert) !== null) return [];
  return [
    ...(user.id === null && user.login === null ? [] : (["user"] as const)),
    ...(network.asNumber === null ? [] : (["network"] as const)),
  ];
}

/** Why the person of an alert may be under attack; null for no sign of it. */
function doubtAbout({ incident, risk, network }: Alert): string | null {
  if (incident.verdict?.verdict === "true-positive") return "an incident of this person was judged a true positive";
  if (incident.before.some(({ eventType }) => eventType !== sessionStart))
    return "an act of this session was alerted on";
  if (network.anonymous.kinds.some((kind) => hostileKinds.has(kind)))
    return "attackers use this kind of network more than customers do";
  return risk.level?.toUpperCase() === "HIGH" ? "Okta rates the risk as high" : null;
}

/** The buttons that make an exception of an alert, or why there are none. */
function drawExceptionForms(alert: Alert): Html | null {
  const doubt = doubtAbout(alert);
  if (doubt !== null) return html`<p class="except muted">No exception is offered: ${doubt}.</p>`;
  const choices = exceptionChoices(alert);
  if (choices.length === 0) return null;
  const label = { user: "this person", network: `AS${alert.network.asNumber}` };
  return html`<form class="except" method="post" action="/_local/page/exceptions"><input type="hidden" name="alert" value="${alert.alertId}"><span class="muted">Known and harmless? Except for an hour:</span> ${choices.map(
    (scope) => html`<button name="scope" value="${scope}">${label[scope]}</button> `,
  )}</form>`;
}

/** The map of the alerts' exits and profile locations. */
export function drawMap(alerts: readonly ReceivedAlert[]): Html {
  const homes = new Map<string, Home>();
  const exits = alerts.flatMap(({ alert }): Exit[] => {
    const { exit, nearestProfileLocation: home, distanceKm } = alert.geo;
    if (exit.latitude === null || exit.longitude === null) return [];
    const known = home !== null && home.latitude !== null && home.longitude !== null;
    const near = known ? { latitude: Number(home.latitude), longitude: Number(home.longitude) } : null;
    const city = home?.city ?? home?.countryCode ?? "";
    if (near !== null) {
      const title = `${city}: ${shorten(home?.label ?? "", 30)} of ${shorten(nameUser(alert), 40)}`;
      homes.set(title, { ...near, title });
    }
    const far =
      distanceKm === null || city === "" ? "" : `, ${Math.round(distanceKm).toLocaleString("en-US")} km from ${city}`;
    return [
      {
        latitude: exit.latitude,
        longitude: exit.longitude,
        title: `${alert.severity}: ${describeKind(alert)}, ${shorten(nameUser(alert), 40)}, ${shorten(describeExit(alert), 40)}${far}`,
        severity: alert.severity,
        href: `#${alertElementId(alert.alertId)}`,
        ...(near === null ? {} : { home: near }),
      },
    ];
  });
  return html`<figure id="map" class="card">${drawWorldMap({
    title: `Map: ${plural(exits.length, "exit")} and ${plural(homes.size, "profile location")}`,
    exits,
    homes: [...homes.values()],
  })}<figcaption class="muted"><span><span class="key-exit">●</span> exit of a network, in the colour of its alert</span><span><span class="key-home">◆</span> profile location</span></figcaption></figure>`;
}

/** The buttons of the samples. */
export function drawSamples(): Html {
  return html`<form method="post" action="/_local/page/samples"><ul class="samples">${Object.entries(samples).map(
    ([name, { label, expected }]) =>
      html`<li><button class="sample" name="sample" value="${name satisfies PageSample | string}" aria-describedby="about-${name}">${label}</button><span class="muted" id="about-${name}">${expected}</span></li>`,
  )}</ul></form>`;
}

/** What each fault breaks. */
const chaosLabels: Readonly<Record<ChaosName, string>> = {
  sns: "SNS is down",
  dynamodb: "DynamoDB is down",
  sqs: "SQS is down",
  "slow-sns": "SNS is slow",
  "slow-dynamodb": "DynamoDB is slow",
  "slow-sqs": "SQS is slow",
};

/** A switch for each fault. */
export function drawChaos(active: (name: ChaosName) => boolean): Html {
  return html`<form id="chaos" class="switches" method="post" action="/_local/page/chaos">${(
    Object.keys(chaosFaults) as ChaosName[]
  ).map(
    (name) =>
      html`<button id="chaos-${name}" name="${active(name) ? "mend" : "break"}" value="${name}" aria-pressed="${String(active(name))}">${chaosLabels[name]}</button> `,
  )}</form>`;
}

/** The exceptions, each with a button that removes it. */
export function drawExceptions(exceptions: readonly Exception[]): Html {
  return html`<div id="exceptions">${
    exceptions.length === 0
      ? html`<p class="muted">None. An alert about a sign-in has buttons that make one.</p>`
      : html`<form method="post" action="/_local/page/exceptions"><ul>${exceptions.map(
          ({ id, scope, until, by }) =>
            html`<li><span>${shorten(describeScope(scope), 120)}<br><span class="muted">until ${dayAndMinute(new Date(until))}, by ${shorten(by, 40)}</span></span> <button id="except-${id}" name="remove" value="${id}" aria-label="${`Remove the exception ${id}`}">Remove</button></li>`,
        )}</ul></form>`
  }</div>`;
}

/** The messages that wait. */
export interface Queues {
  /** Those that are tried again, as something failed. */
  readonly retry: number;
  /** Those of the retry queue that wait for a planned report: of suppressed events, of a storm, of gathered sign-ins. */
  readonly planned: number;
  readonly deadLetters: number;
}

/** Counts the messages that wait, by their bodies. */
export function countQueues(retryQueue: readonly string[], deadLetterQueue: readonly string[]): Queues {
  const planned = retryQueue.filter(isPlanned).length;
  return { retry: retryQueue.length - planned, planned, deadLetters: deadLetterQueue.length };
}

/** Whether a message of the retry queue handles no event: the function reports something when its time has come. */
function isPlanned(body: string): boolean {
  const { report, storm, gathering } = fieldsOf(JSON.parse(body));
  return [report, storm, gathering].some((plan) => plan != null);
}

/** How many messages wait on each queue. */
export function drawQueues({ retry, planned, deadLetters }: Queues): Html {
  return html`<dl id="queues"><dt>Waiting for a retry</dt><dd>${plural(retry, "event")}</dd><dt>Planned for later</dt><dd>${plural(planned, "report")}</dd><dt>Dead letters</dt><dd>${plural(deadLetters, "message")}</dd></dl>`;
}
