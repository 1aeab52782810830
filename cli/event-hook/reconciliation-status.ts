import type { OktaClient } from "../../lambda/adapters/okta-api/client.ts";
import { OktaRefusal } from "../../lambda/adapters/okta-api/errors.ts";
import { createSystemLogApi } from "../../lambda/adapters/okta-api/system-log-api.ts";
import type { Deployment } from "../deployment.ts";
import { checked, type HookCheck, hoursOf, inHour, lastOf, unknownMetric } from "./status.ts";

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
  const end = Math.ceil(Date.now() / hour) * hour;
  try {
    const last = lastOf((await hoursOf(stack, "ReconciliationsFinished")).filter(({ Sum = 0 }) => Sum > 0));
    if (last === Number.NEGATIVE_INFINITY) {
      const detail = "no run read the System Log to its end in the last day (with reconcileMinutes: 0 there are none)";
      return checked(what, null, detail, runbook);
    }
    const ok = last >= end - overdueHours * hour;
    const detail = `a run read the System Log to its end ${inHour(last)}`;
    return checked(what, ok, ok ? detail : `${detail}, and none has since`, runbook);
  } catch (error) {
    return unknownMetric(what, error);
  }
}

/** Sends reconciliation's request, for the last minute. */
async function requestFinding(client: OktaClient, filter: string | null, signal: AbortSignal): Promise<HookCheck> {
  const what = "its request";
  const log = createSystemLogApi(client);
  try {
    await log.pollPage(log.pollFrom({ since: new Date(Date.now() - 60_000), filter }), signal);
    return checked(what, true, "Okta takes what reconciliation asks for");
  } catch (error) {
    if (!(error instanceof OktaRefusal)) throw error;
    // Any other fault is that of this command's credential.
    return checked(what, error.status === 400 ? false : null, error.finding, error.diagnosis?.remedy ?? runbook);
  }
}
