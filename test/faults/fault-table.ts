import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import type { Service } from "../../local/emulators.ts";
import type { Fault } from "../../local/fault-proxy.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";
import { lisbon } from "../fixtures/places.ts";
import { endless, hangingTimes } from "../fixtures/timing.ts";

/** What a cell of the table expects of a delivery while something is broken. */
export interface Cell {
  readonly broken: readonly Service[];
  readonly fault: Fault;
  /** 204 when all is done or parked; 503 when it is neither. */
  readonly status: 204 | 503;
  /** Alerts that are out when the answer is there, before anything is mended. */
  readonly alertsAtOnce: "both" | "proxied" | "none";
  /** Pieces of work on the retry queue then. */
  readonly parked: number;
  /** Whether an alert may come twice: where the service acted, and we never heard. */
  readonly mayRepeat?: boolean;
}

/**
 * Milliseconds that a step and the work have. Without them, a request to a service that hangs would end when the SDK's client ends
 * it, `endless` later: an answer before that is owed to them.
 */
const times = { step: 1_500, work: 3_000 } as const;

const proxiedRule = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10";
const mismatchRule = "2b1c7e54-93ad-4c8f-b7e6-0d5e8f7a6c21";
const secret = "secret";

/**
 * Breaks services one way after the other, delivers, mends them, and asserts that nothing is lost: what was accepted is
 * alerted on, parked, dead-lettered or not matched, to the event.
 *
 * What the deadlines of a deployment are is for `test/core/time`; here they are the run's own.
 *
 * @param parking milliseconds until the answer when parking hangs
 *
 * Set FAULT_TABLE=1 to have what was seen printed as a table.
 */
export function faultTable(parking: number, cells: readonly Cell[]): void {
  let run: EmbeddedRun;
  const seen: string[] = [];

  beforeAll(async () => {
    run = await startEmbeddedRun({
      port: 0,
      hookSecret: secret,
      mismatchDistanceKm: 500,
      suppressMinutes: 0,
      timing: hangingTimes({ ...times, parking }),
      onError: () => {},
    });
    await run.putProfiles([{ user: "00u1lisbon", locations: [lisbon] }]);
    // Clients are loaded when first needed, which takes its time: not while it is measured.
    await deliver([sessionStart()]);
    await vi.waitFor(() => expect(run.alerts.received).toHaveLength(1), { timeout: 60_000 });
  });

  afterAll(async () => {
    await run.stop();
    if (process.env.FAULT_TABLE) process.stdout.write(`${seen.join("\n")}\n`);
  });

  async function deliver(
    events: readonly unknown[],
  ): Promise<{ readonly status: number; readonly milliseconds: number }> {
    const start = performance.now();
    const response = await fetch(run.url, {
      method: "POST",
      headers: { authorization: secret, "content-type": "application/json" },
      body: JSON.stringify(delivery(events)),
    });
    return { status: response.status, milliseconds: performance.now() - start };
  }

  const alertsAbout = (event: Json): Alert[] =>
    run.alerts.received.map(({ alert }) => alert).filter(({ okta }) => okta.eventUuid === event.uuid);
  const rulesOf = (alerts: readonly Alert[]) =>
    alerts.flatMap(({ detections }) => detections.map(({ id }) => id)).sort();
  const lettersAbout = (marker: string) => run.messagesOn("deadLetterQueue").filter((body) => body.includes(marker));
  const retriesAbout = (event: Json) =>
    run.messagesOn("retryQueue").filter((body) => body.includes(String(event.uuid)));

  test.each(cells.map((cell) => [describe(cell), cell] as const))("%s", async (name, cell) => {
    const proxied = sessionStart();
    const direct = sessionStart({ securityContext: { isProxy: false } });
    const marker = crypto.randomUUID();
    for (const service of cell.broken) run.faults[service].set(cell.fault);
    const first = await deliver([proxied, { marker, eventType: "malformed" }, direct]);
    expect(first.status).toBe(cell.status);
    expect(first.milliseconds).toBeLessThan(endless);
    expect(retriesAbout(proxied)).toHaveLength(cell.parked);
    const expectedAtOnce = { both: [mismatchRule, proxiedRule], proxied: [proxiedRule], none: [] }[cell.alertsAtOnce];
    if (expectedAtOnce.length > 0) {
      await expect.poll(() => alertsAbout(proxied).length, { timeout: 60_000 }).toBeGreaterThan(0);
    }
    if (!cell.mayRepeat) expect(rulesOf(alertsAbout(proxied))).toEqual([...expectedAtOnce].sort());

    for (const service of cell.broken) run.faults[service].set(null);
    // As Okta does after a 5xx.
    if (first.status === 503)
      expect((await deliver([proxied, { marker, eventType: "malformed" }, direct])).status).toBe(204);
    await expect.poll(() => retriesAbout(proxied), { timeout: 60_000, interval: 50 }).toEqual([]);
    await expect
      .poll(() => new Set(rulesOf(alertsAbout(proxied))), { timeout: 60_000 })
      .toEqual(new Set([mismatchRule, proxiedRule]));

    const alerts = alertsAbout(proxied);
    const ids = alerts.map(({ alertId }) => alertId);
    if (cell.mayRepeat) expect(new Set(ids).size).toBeLessThanOrEqual(2);
    else expect(rulesOf(alerts)).toEqual([mismatchRule, proxiedRule].sort());
    expect(alertsAbout(direct)).toEqual([]);
    expect(lettersAbout(marker).length).toBeGreaterThanOrEqual(1);
    const repeated = ids.length - new Set(ids).size;
    seen.push(
      `| ${name} | ${first.status} | ${(first.milliseconds / 1_000).toFixed(1)} s | ${cell.alertsAtOnce} | ${cell.parked} | ${alerts.length} | ${repeated} | 0 |`,
    );
  });
}

function describe({ broken, fault }: Cell): string {
  return `${broken.join(" and ")}: ${fault.kind}${fault.moment === undefined ? "" : ` ${fault.moment}`}`;
}
