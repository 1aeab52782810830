import { readFile, writeFile } from "node:fs/promises";
import { isInSet, type MetricSet } from "../lambda/metric-sets.ts";
import { ofType, type Synthesized, synthesize } from "../test/infra/synthesize.ts";

/*
 * Writes the table of docs/cost.md from unit prices and what one event takes; with --check, exit code 1 says that the table is
 * not that any more. Prices are AWS's list prices for us-east-1, as they were in 2026, in USD, without any free tier.
 */

/** Per million, per GB, per month... as each name says. */
const price = {
  /** https://aws.amazon.com/lambda/pricing/ (arm64) */
  lambdaMillionRequests: 0.2,
  lambdaGigabyteSecond: 0.0000133334,
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/ */
  dynamodbMillionWriteUnits: 0.625,
  dynamodbMillionReadUnits: 0.125,
  /** https://aws.amazon.com/sns/pricing/ */
  snsMillionPublishes: 0.5,
  snsMillionEmails: 20,
  /** https://aws.amazon.com/sqs/pricing/ */
  sqsMillionRequests: 0.4,
  /** https://aws.amazon.com/cloudwatch/pricing/ */
  logsGigabyte: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  /** https://aws.amazon.com/secrets-manager/pricing/ */
  secretMonth: 0.4,
  secretsManagerTenThousandCalls: 0.05,
  /** https://aws.amazon.com/kms/pricing/ */
  keyMonth: 1,
} as const;

/** What is taken, as measured or assumed; docs/cost.md says which. */
const assumed = {
  daysInMonth: 30.4,
  /** Of events: those that some detection matches, and of these those that are alerted on and not held back. */
  matchingShare: 0.02,
  alertedShare: 0.5,
  /** Billed milliseconds at 1 GB: of a delivery that matches nothing, of one that does, and of a cold start. */
  plainMilliseconds: 5,
  matchMilliseconds: 100,
  coldMilliseconds: 600,
  coldStartsADay: 150,
  /**
   * Bytes of log, with the 26 that CloudWatch counts for a line: our line of an invocation, of which a test measures that it is no
   * longer, and what a match adds to it and writes beside it. Lambda's own lines are warnings alone.
   */
  logBytesOfDelivery: { essential: 476, full: 726 },
  logBytesOfMatch: { essential: 900, full: 1_300 },
  /** DynamoDB: the one request for some seven small items; claim, window, record, end of the claim. */
  readUnitsOfMatch: 3.5,
  writeUnitsOfMatch: 5,
  /** Pollers of a queue with an event source mapping, each with three long polls a minute. */
  pollersOfQueue: 5,
  pollsAMinute: 3,
  /** Metrics with a value in every hour; in hours in which something matched; and in those in which an alert went out. */
  steadyMetrics: [
    "Deliveries",
    "EventsReceived",
    "EventsReceived_user.session.start",
    "EventsReceived_other",
    "AuthenticationDuration",
    "ParsingDuration",
    "MatchingDuration",
  ],
  matchMetrics: [
    "Matches_1",
    "Matches_2",
    "Matches_3",
    "Suppressed",
    "Excepted",
    "UnknownLocations",
    "LookUpDuration",
    "ClaimDuration",
    "SuppressionDuration",
    "RecordingDuration",
  ],
  alertMetrics: ["AlertsPublished", "AlertLatency", "PublishingDuration"],
} as const;

interface Volume {
  readonly eventsADay: number;
  /** Execution environments that are kept busy: each fetches two versions of the secret every two minutes in which a request comes. */
  readonly environments: number;
}
const volumes: readonly Volume[] = [
  { eventsADay: 1_000, environments: 1 },
  { eventsADay: 40_000, environments: 2 },
  { eventsADay: 400_000, environments: 8 },
];

/** What of a stack is paid by the month, and the settings that cost depends on. */
interface Deployed {
  readonly metrics: MetricSet;
  /** Metrics that alarms look at: an alarm with an expression is paid for each. */
  readonly alarmMetrics: number;
  readonly dashboards: number;
  readonly keys: number;
  readonly secrets: number;
  /** Queues that Lambda polls. */
  readonly polledQueues: number;
  readonly memoryGigabytes: number;
}

function readDeployed(stack: Synthesized, metrics: MetricSet): Deployed {
  const count = (type: string) => ofType(stack, type).length;
  const [[, { Properties: receiver }] = ["", { Properties: {} }]] = ofType(stack, "AWS::Lambda::Function").filter(
    ([path]) => path.startsWith("Receiver/"),
  );
  return {
    metrics,
    alarmMetrics: ofType(stack, "AWS::CloudWatch::Alarm")
      .map(
        ([, { Properties }]) =>
          (Properties.Metrics ?? []).filter((metric: object) => "MetricStat" in metric).length || 1,
      )
      .reduce((sum, each) => sum + each, 0),
    dashboards: count("AWS::CloudWatch::Dashboard"),
    keys: count("AWS::KMS::Key"),
    secrets: count("AWS::SecretsManager::Secret"),
    polledQueues: count("AWS::Lambda::EventSourceMapping"),
    memoryGigabytes: receiver.MemorySize / 1_024,
  };
}

/** USD a month by what it is paid for; each event comes in a delivery of its own, the dearest case. */
function costs({ eventsADay, environments }: Volume, deployed: Deployed): Record<string, number> {
  const { daysInMonth } = assumed;
  const events = eventsADay * daysInMonth;
  const matches = events * assumed.matchingShare;
  const alerts = matches * assumed.alertedShare;
  const { metrics } = deployed;
  const gigabyteSeconds =
    (deployed.memoryGigabytes *
      (events * assumed.plainMilliseconds +
        matches * assumed.matchMilliseconds +
        assumed.coldStartsADay * daysInMonth * assumed.coldMilliseconds)) /
    1_000;
  /** The share of hours with at least one of so many a day, when each comes at any time (Poisson). */
  const hoursWith = (aDay: number) => 1 - Math.exp(-aDay / 24);
  const matchesADay = eventsADay * assumed.matchingShare;
  const inSet = (names: readonly string[]) => names.filter((name) => isInSet(name, metrics)).length;
  const metricMonths =
    inSet(assumed.steadyMetrics) +
    inSet(assumed.matchMetrics) * hoursWith(matchesADay) +
    inSet(assumed.alertMetrics) * hoursWith(matchesADay * assumed.alertedShare);
  const polls = deployed.polledQueues * assumed.pollersOfQueue * assumed.pollsAMinute * 60 * 24 * daysInMonth;
  const logBytes = events * assumed.logBytesOfDelivery[metrics] + matches * assumed.logBytesOfMatch[metrics];
  /** Of the two minutes for which an environment knows the secrets, those in which a request asks for them. */
  const askedFor = 1 - Math.exp(-eventsADay / 24 / 30 / environments);
  const secretCalls = environments * 2 * 30 * askedFor * 24 * daysInMonth;
  const million = 1_000_000;
  return {
    "Lambda: requests and compute":
      (events / million) * price.lambdaMillionRequests + gigabyteSeconds * price.lambdaGigabyteSecond,
    "DynamoDB: reads and writes for matches":
      (matches / million) *
      (assumed.readUnitsOfMatch * price.dynamodbMillionReadUnits +
        assumed.writeUnitsOfMatch * price.dynamodbMillionWriteUnits),
    "SNS: alerts, to one e-mail address": (alerts / million) * (price.snsMillionPublishes + price.snsMillionEmails),
    "SQS: polling the retry queue": (polls / million) * price.sqsMillionRequests,
    "CloudWatch: logs": (logBytes / 1e9) * price.logsGigabyte,
    "CloudWatch: metrics of our own": metricMonths * price.metricMonth,
    [`CloudWatch: ${deployed.alarmMetrics} alarms`]: deployed.alarmMetrics * price.alarmMonth,
    "CloudWatch: dashboards": deployed.dashboards * price.dashboardMonth,
    "Secrets Manager":
      deployed.secrets * price.secretMonth + (secretCalls / 10_000) * price.secretsManagerTenThousandCalls,
    "KMS: keys": deployed.keys * price.keyMonth,
  };
}

const defaults = readDeployed(synthesize(), "essential");
const observed = readDeployed(synthesize({ metrics: "full", dashboard: true }), "full");
const total = (column: Readonly<Record<string, number>>) =>
  Object.values(column)
    .reduce((sum, each) => sum + each, 0)
    .toFixed(2);

function table(): string {
  const columns = volumes.map((volume) => costs(volume, defaults));
  const [first = {}] = columns;
  const rows = Object.keys(first)
    .map((name) => [name, ...columns.map((column) => (column[name] ?? 0).toFixed(2))])
    .filter(([, ...cells]) => cells.some((cell) => cell !== "0.00"));
  const withMore = volumes.map((volume) => total(costs(volume, observed)));
  const all = [
    ["USD a month", ...volumes.map(({ eventsADay }) => `${eventsADay.toLocaleString("en-US")} events a day`)],
    ...rows,
    ["**all**", ...columns.map((column) => `**${total(column)}**`)],
    ["all, with `metrics: full` and `dashboard`", ...withMore],
  ];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const [heading = [], ...body] = all;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(heading), rule, ...body.map(line)].join("\n");
}

const file = new URL("../docs/cost.md", import.meta.url);
const document = await readFile(file, "utf8");
const written = document.replace(
  /(<!-- table: npm run cost -->\n\n).*?(\n\n<!-- end -->)/s,
  (_, start, end) => start + table() + end,
);
if (!process.argv.includes("--check")) await writeFile(file, written);
else if (written !== document) {
  process.stderr.write("docs/cost.md has another table than build/cost.ts makes: npm run cost\n");
  process.exitCode = 1;
}
