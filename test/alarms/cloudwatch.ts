import { ofType, type Synthesized } from "../../infra/synthesize.ts";

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

/** CloudWatch, as far as the stack's alarms use it: metrics, statistics over periods, metric math, missing data. */
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
  readonly AlarmDescription: string;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: MetricSource; readonly Period: number; readonly Stat: string };
  }[];
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly ComparisonOperator: "GreaterThanOrEqualToThreshold" | "LessThanThreshold";
  readonly TreatMissingData: "breaching" | "notBreaching";
}

/** A data point of a period: whether it breaches the threshold; null for a period without data. */
export type DataPoint = boolean | null;

/** How an alarm decides. */
export interface Evaluation {
  /** Periods that are looked at: N of "M out of N". */
  readonly periods: number;
  /** Periods of those that have to breach: M. */
  readonly breaching: number;
  readonly missing: "breaching" | "notBreaching";
}

/**
 * Data points beyond the evaluation periods that CloudWatch retrieves. AWS names no number; its example retrieves five for
 * three periods. An alarm of silence therefore comes some periods later than its evaluation periods.
 */
const furtherPoints = 2;

/**
 * Evaluates the data points that CloudWatch retrieves, the newest last: where enough of them have data, the newest that do
 * decide, whatever is missing among them; where not, missing ones are filled in, and no more of them than needed.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function evaluate(points: readonly DataPoint[], { periods, breaching, missing }: Evaluation): AlarmState {
  const real = points.filter((point) => point !== null).slice(-periods);
  const filled = missing === "breaching" ? periods - real.length : 0;
  return real.filter((point) => point).length + filled >= breaching ? "ALARM" : "OK";
}

/** A series of metric math: a value for each period; null where there is none. */
type Series = readonly (number | null)[];

/**
 * The functions of metric math that our alarms use, by what AWS says of series with missing data.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
function metricMath(starts: readonly number[]) {
  const at = (value: Series | number, index: number) => (typeof value === "number" ? value : (value[index] ?? null));
  return {
    /** "a new non-sparse time series where each value is based on its timestamp"; Monday is 1. */
    DAY: (_: Series): Series => starts.map((start) => new Date(start).getUTCDay() || 7),
    /** Fills gaps. Of a series without any data AWS does not say that it is filled: here it is not. */
    FILL: (series: Series, filler: number): Series =>
      series.every((value) => value === null) ? series : series.map((value) => value ?? filler),
    /** Dropped where the condition has no value; 0 where it is true and the second series has none. */
    IF: (condition: Series, yes: Series | number, no: Series | number): Series =>
      condition.map((value, index) => {
        if (value === null) return null;
        return value === 0 ? at(no, index) : (at(yes, index) ?? 0);
      }),
    /** `<` of a series and a number: 0 or 1 for each value. */
    below: (series: Series, limit: number): Series =>
      series.map((value) => (value === null ? null : Number(value < limit))),
  };
}

/** What AWS refuses when an alarm is created; CloudFormation would roll the deployment back. */
function refusals(name: string, { AlarmDescription, Metrics = [], ...alarm }: AlarmProperties, period: number) {
  const { EvaluationPeriods: periods, DatapointsToAlarm: breaching = periods } = alarm;
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
  const longest = period < 3_600 ? 86_400 : 604_800;
  return [
    ...(periods * period > longest ? [`${name} looks at more than ${longest} seconds`] : []),
    ...(breaching > periods ? [`${name} wants more breaching periods than it looks at`] : []),
    ...(AlarmDescription.length > 1_024 ? [`${name} has a description over 1024 characters`] : []),
    ...(period % 60 !== 0 ? [`${name} has a period that is no number of minutes`] : []),
    ...(Metrics.length > 10 ? [`${name} has more than 10 metrics`] : []),
    ...Metrics.filter(({ Id }) => !/^[a-z][A-Za-z0-9_]*$/.test(Id)).map(({ Id }) => `${name} has the id ${Id}`),
  ];
}

const periodOf = ({ Period, Metrics }: AlarmProperties) =>
  Period ?? Metrics?.find(({ MetricStat }) => MetricStat)?.MetricStat?.Period ?? 0;

/**
 * Evaluates the alarms of a synthesized stack.
 *
 * @throws when AWS would refuse one of them
 */
export function createCloudWatch(synthesized: Synthesized): CloudWatch {
  const data: Datum[] = [];
  const alarms = new Map(
    ofType(synthesized, "AWS::CloudWatch::Alarm").map(([path, { Properties }]) => [
      path.replace(/^Alarms\//, ""),
      Properties as AlarmProperties,
    ]),
  );
  const refused = [...alarms].flatMap(([name, alarm]) => refusals(name, alarm, periodOf(alarm)));
  if (refused.length > 0) throw new Error(`AWS refuses these alarms: ${refused.join("; ")}`);

  /** A metric's statistic over the period that starts then; null without data. */
  function statistic(metric: MetricSource, period: number, stat: string, start: number): number | null {
    const dimensions = (metric.Dimensions ?? []).map(
      ({ Name, Value }) => [Name, String(synthesized.readable(Value))] as const,
    );
    const values = data
      .filter(({ namespace, name }) => namespace === metric.Namespace && name === metric.MetricName)
      .filter((each) => Object.keys(each.dimensions).length === dimensions.length)
      .filter((each) => dimensions.every(([name, value]) => each.dimensions[name] === value))
      .filter(({ at }) => at > start && at <= start + period * 1_000)
      .map(({ value }) => value)
      .sort((first, second) => first - second);
    if (values.length === 0) return null;
    if (stat === "Sum") return values.reduce((sum, value) => sum + value, 0);
    if (stat === "SampleCount") return values.length;
    if (stat === "Maximum") return values.at(-1) ?? null;
    // However few the values are, a percentile is evaluated (EvaluateLowSampleCountPercentile: evaluate, the default): of fewer
    // than a hundred, p99 is the largest. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    const [, percent] = /^p(\d+)$/.exec(stat) ?? [];
    if (percent === undefined) throw new Error(`the statistic ${stat} is not known here`);
    return values[Math.ceil((values.length * Number(percent)) / 100) - 1] ?? null;
  }

  /** The values of what an alarm looks at, for the periods that start then. */
  function seriesOf(alarm: AlarmProperties, period: number, starts: readonly number[]): Series {
    const { Metrics } = alarm;
    if (Metrics === undefined) {
      return starts.map((start) => statistic(alarm, period, alarm.Statistic ?? alarm.ExtendedStatistic ?? "", start));
    }
    const sources = Metrics.flatMap(({ Id, MetricStat }) =>
      MetricStat ? [[Id, starts.map((start) => statistic(MetricStat.Metric, period, MetricStat.Stat, start))]] : [],
    );
    const expression = Metrics.find((metric) => metric.Expression !== undefined)?.Expression ?? "";
    const scope = { ...metricMath(starts), ...(Object.fromEntries(sources) as Record<string, Series>) };
    const script = expression.replace(/(DAY\(\w+\)) < (\d+)/g, "below($1, $2)");
    return new Function(...Object.keys(scope), `return ${script};`)(...Object.values(scope)) as Series;
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
      const period = periodOf(alarm);
      const { EvaluationPeriods: periods, DatapointsToAlarm: breaching = periods, TreatMissingData: missing } = alarm;
      // The window slides: it ends now, to the minute, which is the resolution of standard metrics.
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
      const end = Math.ceil(now / 60_000) * 60_000;
      const starts = Array.from(
        { length: periods + furtherPoints },
        (_, index) => end - (periods + furtherPoints - index) * period * 1_000,
      );
      const isBreaching = (value: number) =>
        alarm.ComparisonOperator === "LessThanThreshold" ? value < alarm.Threshold : value >= alarm.Threshold;
      const points = seriesOf(alarm, period, starts).map((value) => (value === null ? null : isBreaching(value)));
      return evaluate(points, { periods, breaching, missing });
    },
  };
}
