import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { loadSettings } from "../infra/settings.ts";
import { createAlert } from "../lambda/core/alerts/alert.ts";
import type { Alert } from "../lambda/core/alerts/alert-schema.ts";
import { toMessage } from "../lambda/core/alerts/message.ts";
import { compileRules, isEnabled } from "../lambda/core/detections/compile-rules.ts";
import { parseDelivery } from "../lambda/core/okta/event-hook.ts";
import { personOf } from "../lambda/core/okta/person.ts";
import { decide } from "../lambda/core/pipeline/judge.ts";
import { findCandidates } from "../lambda/core/pipeline/match.ts";
import { compileAdjustments } from "../lambda/core/severity/compile-adjustments.ts";
import { sampleProfiles } from "../local/sample-people.ts";
import { createSampler, type PageSample } from "../local/samples.ts";
import { type DeliveredAlert, drawViews, viewsStyle } from "../pages/alert-views.ts";
import { html } from "../pages/html.ts";
import { type WrittenPage, writePage } from "../pages/page.ts";
import { severityClass } from "../pages/theme.ts";
import { detectionSettings, readDetections, readSeverity } from "./detections-folder.ts";

/** The samples of the preview, all of invented people. */
const previewed: readonly PageSample[] = ["tor", "far", "failed", "chain"];

/** The name of the page. */
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

/** The alerts that the detections give for the samples. */
async function makeAlerts(now: Date): Promise<readonly Alert[]> {
  const { folders, ...chosen } = await detectionSettings();
  const { rules } = await readDetections(...folders);
  const enabled = rules.map(({ content }) => content).filter((rule) => isEnabled(rule, chosen));
  const set = await compileRules(enabled);
  const adjustments = await compileAdjustments(await readSeverity());
  const { mismatchDistanceKm } = (await loadSettings({})).settings;
  const locations = new Map(sampleProfiles().map(({ user, locations: known }) => [user, known]));
  const sample = createSampler(() => now);
  const deliveries = previewed.flatMap((name) => sample(name)).map((body) => parseDelivery(body));
  return deliveries.flatMap((parsed) => {
    if (!parsed.ok) return [];
    const { delivery } = parsed;
    return findCandidates(delivery.events, set).flatMap((candidate) => {
      const { judgement, enrichment, detections } = decide(candidate, locations, mismatchDistanceKm);
      if (detections.length === 0) return [];
      const { event } = candidate;
      const severity = { adjustments, enrichment };
      const isLogin = (login: string) => login === personOf(event)?.login;
      const source = { event, delivery, detections, judgement, detectedAt: now, isLogin, severity };
      return [createAlert({ ...source, thresholdKm: mismatchDistanceKm })];
    });
  });
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
