import { ofType, type Synthesized } from "../infra/synthesize.ts";

/** A value of a metric. */
export interface Datum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The state of an alarm, but for INSUFFICIENT_DATA, which ours never have: each says what missing data means. */
export type AlarmState = "OK" | "ALARM";

/** CloudWatch, as far as the stack's alarms use it: metrics, statistics over periods, math on one metric, missing data. */
export interface CloudWatch {
  readonly put: (datum: Datum) => void;
  /** Takes lines in the embedded metric format, as the agent behind a function's log does. */
  readonly putEmbedded: (line: string) => void;
  /** Names of the alarms, without their paths. */
  readonly alarms: readonly string[];
  readonly stateOf: (alarm: string, now: number) => AlarmState;
}

interface MetricSource {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

interface Metric extends MetricSource {
  readonly Period: number;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
}

interface AlarmProperties extends Metric {
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: MetricSource; readonly Period: number; readonly Stat: string };
  }[];
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly ComparisonOperator: "GreaterThanOrEqualToThreshold" | "LessThanThreshold";
  readonly TreatMissingData: "breaching" | "notBreaching";
}

/** Evaluates the alarms of a synthesized stack. */
export function createCloudWatch(synthesized: Synthesized): CloudWatch {
  const data: Datum[] = [];
  const alarms = new Map(
    ofType(synthesized, "AWS::CloudWatch::Alarm").map(([path, { Properties }]) => [
      path.replace(/^Alarms\//, ""),
      Properties as AlarmProperties,
    ]),
  );

  /** A metric's statistic over the period that starts then; null without data. */
  function statistic(metric: MetricSource, period: number, stat: string, start: number): number | null {
    const dimensions = (metric.Dimensions ?? []).map(
      ({ Name, Value }) => [Name, String(synthesized.readable(Value))] as const,
    );
    const values = data
      .filter(({ namespace, name }) => namespace === metric.Namespace && name === metric.MetricName)
      .filter((each) => Object.keys(each.dimensions).length === dimensions.length)
      .filter((each) => dimensions.every(([name, value]) => each.dimensions[name] === value))
      .filter(({ at }) => at >= start && at < start + period * 1_000)
      .map(({ value }) => value)
      .sort((first, second) => first - second);
    if (values.length === 0) return null;
    if (stat === "Sum") return values.reduce((sum, value) => sum + value, 0);
    if (stat === "Maximum") return values.at(-1) ?? null;
    const [, percent] = /^p(\d+)$/.exec(stat) ?? [];
    if (percent === undefined) throw new Error(`the statistic ${stat} is not known here`);
    return values[Math.ceil((values.length * Number(percent)) / 100) - 1] ?? null;
  }

  function valueIn(alarm: AlarmProperties, period: number, start: number): number | null {
    if (alarm.Metrics === undefined) {
      return statistic(alarm, period, alarm.Statistic ?? alarm.ExtendedStatistic ?? "", start);
    }
    const expression = alarm.Metrics.find((metric) => metric.Expression !== undefined)?.Expression ?? "";
    const sources = alarm.Metrics.flatMap(({ Id, MetricStat }) =>
      MetricStat ? [[Id, statistic(MetricStat.Metric, period, MetricStat.Stat, start)] as const] : [],
    );
    // Metric math for one period: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    const functions = {
      IF: (condition: boolean, yes: number, no: number) => (condition ? yes : no),
      FILL: (value: number | null, filler: number) => value ?? filler,
      SUM: (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0),
      DAY: () => new Date(start).getUTCDay() || 7,
    };
    const scope = { ...functions, ...Object.fromEntries(sources) };
    const evaluate = new Function(...Object.keys(scope), `return ${expression};`);
    return evaluate(...Object.values(scope)) as number | null;
  }

  return {
    put: (datum) => void data.push(datum),
    putEmbedded(line) {
      const document = JSON.parse(line) as Readonly<Record<string, unknown>> & {
        readonly _aws: {
          readonly Timestamp: number;
          readonly CloudWatchMetrics: readonly {
            readonly Namespace: string;
            readonly Dimensions: readonly (readonly string[])[];
            readonly Metrics: readonly { readonly Name: string }[];
          }[];
        };
      };
      const { Timestamp: at, CloudWatchMetrics } = document._aws;
      for (const { Namespace: namespace, Dimensions, Metrics } of CloudWatchMetrics) {
        for (const names of Dimensions) {
          const dimensions = Object.fromEntries(names.map((name) => [name, String(document[name])]));
          for (const { Name: name } of Metrics) {
            for (const value of [document[name]].flat() as number[])
              data.push({ namespace, name, dimensions, value, at });
          }
        }
      }
    },
    alarms: [...alarms.keys()],
    stateOf(name, now) {
      const alarm = alarms.get(name);
      if (alarm === undefined) throw new Error(`there is no alarm ${name}`);
      const period = alarm.Period ?? alarm.Metrics?.find(({ MetricStat }) => MetricStat)?.MetricStat?.Period ?? 0;
      const last = Math.floor(now / (period * 1_000)) * period * 1_000;
      const starts = Array.from({ length: alarm.EvaluationPeriods }, (_, index) => last - index * period * 1_000);
      const breaches = starts.every((start) => {
        const value = valueIn(alarm, period, start);
        if (value === null) return alarm.TreatMissingData === "breaching";
        return alarm.ComparisonOperator === "LessThanThreshold" ? value < alarm.Threshold : value >= alarm.Threshold;
      });
      return breaches ? "ALARM" : "OK";
    },
  };
}
