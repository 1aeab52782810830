import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import type { OktaClient } from "../../lambda/adapters/okta-api/client.ts";
import { OktaRefusal } from "../../lambda/adapters/okta-api/errors.ts";
import { createSystemLogApi } from "../../lambda/adapters/okta-api/system-log-api.ts";
import { toError } from "../../lambda/core/values/error.ts";
import type { Deployment } from "../deployment.ts";
import { awsProxySettings } from "../proxy.ts";
import type { HookCheck } from "./status.ts";

const hour = 3_600_000;
/** The alarm ReconciliationOverdue evaluates two hours; the third is the hour in progress. */
const overdueHours = 3;
const runbook = "see the runbook, ReconciliationOverdue";

/**
 * Checks by a metric whether reconciliation reads the System Log to its end, and whether Okta accepts its request.
 *
 * @param filter the filter of the request: see `logFilter`
 * @returns no check for a deployment without reconciliation
 */
export async function reconciliationFindings(
  client: OktaClient,
  { stack, oktaOrgUrl }: Pick<Deployment, "stack" | "oktaOrgUrl">,
  filter: string | null,
  signal: AbortSignal,
): Promise<readonly HookCheck[]> {
  if (stack === null || oktaOrgUrl === null) return [];
  return [await runFinding(stack), await requestFinding(client, filter, signal)];
}

async function runFinding(stack: string): Promise<HookCheck> {
  const what = "reconciliation";
  const client = new CloudWatchClient(awsProxySettings());
  const end = Math.ceil(Date.now() / hour) * hour;
  try {
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand({
        Namespace: "OktaProxyWatch",
        MetricName: "ReconciliationsFinished",
        Dimensions: [{ Name: "service", Value: stack }],
        StartTime: new Date(end - 24 * hour),
        EndTime: new Date(end),
        Period: 3_600,
        Statistics: ["Sum"],
      }),
    );
    const last = Math.max(...Datapoints.filter(({ Sum = 0 }) => Sum > 0).map((each) => each.Timestamp?.getTime() ?? 0));
    if (last === Number.NEGATIVE_INFINITY) {
      const detail = "no run read the System Log to its end in the last day (with reconcileMinutes: 0 there are none)";
      return { what, ok: null, detail, remedy: runbook };
    }
    const ok = last >= end - overdueHours * hour;
    const detail = `a run read the System Log to its end in the hour from ${new Date(last).toISOString().slice(0, 16)}Z`;
    return { what, ok, detail: ok ? detail : `${detail}, and none has since`, remedy: ok ? null : runbook };
  } catch (error) {
    const detail = `not known: ${toError(error).message}`;
    return { what, ok: null, detail, remedy: "allow cloudwatch:GetMetricStatistics" };
  } finally {
    client.destroy();
  }
}

/** Sends reconciliation's request, for the last minute. */
async function requestFinding(client: OktaClient, filter: string | null, signal: AbortSignal): Promise<HookCheck> {
  const what = "its request";
  const log = createSystemLogApi(client);
  try {
    await log.pollPage(log.pollFrom({ since: new Date(Date.now() - 60_000), filter }), signal);
    return { what, ok: true, detail: "Okta takes what reconciliation asks for", remedy: null };
  } catch (error) {
    if (!(error instanceof OktaRefusal)) throw error;
    // Any other fault is that of this command's credential.
    const ok = error.status === 400 ? false : null;
    return { what, ok, detail: error.finding, remedy: error.diagnosis?.remedy ?? runbook };
  }
}
