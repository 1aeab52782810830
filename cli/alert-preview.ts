import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { loadSettings } from "../infra/settings.ts";
import type { Alert } from "../lambda/core/alerts/alert-schema.ts";
import { toMessage } from "../lambda/core/alerts/message.ts";
import { planCorrelations } from "../lambda/core/correlation/correlate.ts";
import { chooseCorrelated } from "../lambda/core/detections/choose-correlated.ts";
import { compileRules } from "../lambda/core/detections/compile-rules.ts";
import { parseDelivery } from "../lambda/core/okta/event-hook.ts";
import { compileAdjustments } from "../lambda/core/severity/compile-adjustments.ts";
import { sampleProfiles } from "../local/sample-people.ts";
import { createSampler, type PageSample } from "../local/samples.ts";
import { type DeliveredAlert, drawViews, viewsStyle } from "../pages/alert-views.ts";
import { html } from "../pages/html.ts";
import { type WrittenPage, writePage } from "../pages/page.ts";
import { severityClass } from "../pages/theme.ts";
import { replay } from "./backtest/replay.ts";
import { contentsOf, detectionSettings, readDetections, readSeverity } from "./detections-folder.ts";

/** The samples of the preview, all of invented people. */
const previewed: readonly PageSample[] = ["tor", "far", "failed", "chain", "spray"];

const fileName = "alerts.html";

/**
 * Writes a page with alerts about invented sign-ins, as each subscriber gets them, by the deployed detections and settings. It
 * asks nothing of AWS.
 *
 * @returns the whole path of the page
 */
export async function writeAlertPreview(folder: string, now: Date): Promise<string> {
  const { text } = drawPreview(await makeAlerts(now));
  const path = join(resolve(folder), fileName);
  await mkdir(resolve(folder), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** The alerts that the pipeline gives for the samples, each sample by itself: one is no history of another. */
async function makeAlerts(now: Date): Promise<readonly Alert[]> {
  const { folders, ...switches } = await detectionSettings();
  const loaded = contentsOf(await readDetections(...folders));
  const { evaluated, correlations, silent } = chooseCorrelated(loaded, switches);
  const { settings } = await loadSettings({});
  const deployment = {
    rules: await compileRules(evaluated),
    correlations: correlations.length === 0 ? null : { plan: planCorrelations(correlations), silent },
    severityAdjustments: await compileAdjustments(await readSeverity()),
    locations: new Map(sampleProfiles().map(({ user, locations: known }) => [user, known])),
    exceptions: [],
    mismatchDistanceKm: settings.mismatchDistanceKm,
    suppressMinutes: 0,
    stormAfter: settings.stormAfter,
    sourceAlertsPerHour: settings.sourceAlertsPerHour,
    loginDomains: ["example.com"],
    org: "example.okta.com",
  };
  const sample = createSampler(() => now);
  const alerts: Alert[] = [];
  for (const name of previewed) {
    const events = sample(name).flatMap((body) => {
      const parsed = parseDelivery(body);
      return parsed.ok ? parsed.delivery.events : [];
    });
    for await (const { alert } of replay(events, { ...deployment, onProgress: () => {} })) {
      // The attempts of a spray that come singly are as the failed one.
      if (alert !== null && (name !== "spray" || alert.storm !== null)) alerts.push(alert);
    }
  }
  return alerts;
}

/** An alert with the bodies that SNS hands to each protocol. */
function deliver(alert: Alert): DeliveredAlert {
  const { subject, message } = toMessage(alert);
  const { email, sms } = JSON.parse(message) as { readonly email: string; readonly sms: string };
  return { alert, subject, email, sms };
}

/** The page of a preview. */
export function drawPreview(alerts: readonly Alert[]): WrittenPage {
  return writePage({
    title: "Alerts, as their readers get them",
    style: `${viewsStyle}${style}`,
    body: html`<main><header><h1>Alerts, as their readers get them</h1>
<p class="muted">By the detections and the settings of this folder, about invented people. Printed, each alert is shown in every form.</p></header>
${alerts.map((alert, index) => {
  const delivered = deliver(alert);
  return html`<article class="card ${severityClass(alert.severity)}" aria-labelledby="alert-${index}"><h2 id="alert-${index}">${delivered.subject}</h2>
${drawViews(delivered, String(index))}</article>`;
})}
${alerts.length === 0 ? html`<p class="card">No detection that runs matches any of the samples.</p>` : null}
</main>`,
  });
}

const style = `
main{max-width:60rem;margin:0 auto;padding:1.5rem clamp(.75rem,3vw,2rem) 4rem;display:grid;gap:1.25rem;grid-template-columns:minmax(0,1fr)}
article.card{border-inline-start:4px solid var(--severity)}
article h2{margin-bottom:.8rem;overflow-wrap:anywhere}
@media print{article.card{break-before:page;border:0;padding:0}article.card:first-of-type{break-before:auto}}
`;
