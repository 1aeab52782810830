import type { Measure } from "../../core/time/measure.ts";
import { once } from "../aws/client.ts";
import { isInSet, type MetricSet } from "./metric-sets.ts";
import { serviceName } from "./service-name.ts";
import { millisecondsUp } from "./uptime.ts";

/** The metrics of a function: docs/metrics.md lists them. */
export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Metrics of a function; Powertools, which writes them, is loaded with the first line.
 *
 * @param set the values that are metrics. Other values are properties of the line: the sum of counts, the longest time
 */
export function createMetrics(set: MetricSet) {
  /** The time since the process started; Lambda's own report of it is not logged. */
  let initDuration: number | null = Math.round(millisecondsUp());
  const getPowertools = once(async () => {
    const { Metrics, MetricUnit } = await import("@aws-lambda-powertools/metrics");
    return { powertools: new Metrics({ namespace: "OktaProxyWatch", serviceName }), MetricUnit };
  });
  let counts: (readonly [name: string, value: number])[] = [];
  let times: (readonly [name: string, value: number, unit: "Milliseconds" | "Seconds"])[] = [];
  let names: Readonly<Record<string, string>> = {};

  const milliseconds = (name: string, value: number) => void times.push([name, value, "Milliseconds"]);
  /** Measures the time of a step as a metric: `PublishingDuration`... */
  const measure: Measure = (step, work) => {
    const start = millisecondsUp();
    // Microseconds are exact enough, and keep the line short.
    const end = () => milliseconds(`${step}Duration`, Math.round((millisecondsUp() - start) * 1_000) / 1_000);
    const value = work();
    if (value instanceof Promise) return value.finally(end) as typeof value;
    end();
    return value;
  };
  return {
    /** Loads the module that writes the line, before the first line. */
    load: getPowertools,
    count: (name: string, value = 1) => void counts.push([name, value]),
    milliseconds,
    seconds: (name: string, value: number) => void times.push([name, value, "Seconds"]),
    measure,
    /** Adds names to the line. */
    about: (added: Readonly<Record<string, string>>) => {
      names = { ...names, ...added };
    },
    /**
     * Writes all values since the last call as one line in the embedded metric format, which is also the log's record of
     * an invocation. The first line of an execution environment has the time of its start: `initDuration`, in
     * milliseconds. Without a count that is a metric of the set it writes no line.
     */
    async publish(): Promise<void> {
      const taken = { counts, times, names };
      [counts, times, names] = [[], [], {}];
      if (!taken.counts.some(([name]) => isInSet(name, set))) return;
      const { powertools, MetricUnit } = await getPowertools();
      const properties: Record<string, string | number> = { ...taken.names };
      if (initDuration !== null) properties.initDuration = initDuration;
      initDuration = null;
      for (const [name, value] of taken.counts) {
        if (isInSet(name, set)) powertools.addMetric(name, MetricUnit.Count, value);
        else properties[name] = Number(properties[name] ?? 0) + value;
      }
      for (const [name, value, unit] of taken.times) {
        if (isInSet(name, set)) powertools.addMetric(name, MetricUnit[unit], value);
        else properties[name] = Math.max(Number(properties[name] ?? 0), value);
      }
      // Powertools declares text, but writes numbers as numbers, which queries compare.
      for (const [name, value] of Object.entries(properties)) powertools.addMetadata(name, value as string);
      powertools.publishStoredMetrics();
    },
  };
}
