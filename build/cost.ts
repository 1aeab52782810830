import { readFile, writeFile } from "node:fs/promises";
import { synthesize } from "../test/infra/synthesize.ts";

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
  /** Bytes of log: our metrics line and Lambda's own lines for an invocation, and what a match adds. */
  logBytesOfDelivery: 1_600,
  logBytesOfMatch: 1_300,
  /** DynamoDB: the one request for some seven small items; claim, window, record, end of the claim. */
  readUnitsOfMatch: 3.5,
  writeUnitsOfMatch: 5,
  /** Five long-polling pollers of the retry queue, three requests a minute each. */
  pollsOfMonth: 5 * 3 * 60 * 24 * 30.4,
  /** Metrics that have values all the time, and those that have some in hours in which something matched. */
  steadyMetrics: 11,
  matchMetrics: 16,
} as const;

interface Volume {
  readonly eventsADay: number;
  /** Execution environments that are kept busy: each fetches two versions of the secret every two minutes. */
  readonly environments: number;
}
const volumes: readonly Volume[] = [
  { eventsADay: 1_000, environments: 1 },
  { eventsADay: 40_000, environments: 2 },
  { eventsADay: 400_000, environments: 8 },
];

const alarms = Object.keys(synthesize().template.findResources("AWS::CloudWatch::Alarm")).length;

/** USD a month by what it is paid for; each event comes in a delivery of its own, the dearest case. */
function costs({ eventsADay, environments }: Volume): Record<string, number> {
  const { daysInMonth } = assumed;
  const events = eventsADay * daysInMonth;
  const matches = events * assumed.matchingShare;
  const alerts = matches * assumed.alertedShare;
  const seconds =
    (events * assumed.plainMilliseconds +
      matches * assumed.matchMilliseconds +
      assumed.coldStartsADay * daysInMonth * assumed.coldMilliseconds) /
    1_000;
  const hoursWithMatches = Math.min(1, (eventsADay * assumed.matchingShare) / 24);
  const secretCalls = environments * 2 * 30 * 24 * daysInMonth;
  const million = 1_000_000;
  return {
    "Lambda: requests and compute":
      (events / million) * price.lambdaMillionRequests + seconds * price.lambdaGigabyteSecond,
    "DynamoDB: reads and writes for matches":
      (matches / million) *
      (assumed.readUnitsOfMatch * price.dynamodbMillionReadUnits +
        assumed.writeUnitsOfMatch * price.dynamodbMillionWriteUnits),
    "SNS: alerts, to one e-mail address": (alerts / million) * (price.snsMillionPublishes + price.snsMillionEmails),
    "SQS: polling the retry queue": (assumed.pollsOfMonth / million) * price.sqsMillionRequests,
    "CloudWatch: logs":
      ((events * assumed.logBytesOfDelivery + matches * assumed.logBytesOfMatch) / 1e9) * price.logsGigabyte,
    "CloudWatch: metrics": (assumed.steadyMetrics + assumed.matchMetrics * hoursWithMatches) * price.metricMonth,
    [`CloudWatch: ${alarms} alarms and the dashboard`]: alarms * price.alarmMonth + price.dashboardMonth,
    "Secrets Manager": price.secretMonth + (secretCalls / 10_000) * price.secretsManagerTenThousandCalls,
    "KMS: the key of the operations topic": price.keyMonth,
  };
}

function table(): string {
  const columns = volumes.map(costs);
  const [first = {}] = columns;
  const rows = Object.keys(first).map((name) => [name, ...columns.map((column) => (column[name] ?? 0).toFixed(2))]);
  const totals = columns.map((column) =>
    Object.values(column)
      .reduce((sum, each) => sum + each, 0)
      .toFixed(2),
  );
  const all = [
    ["USD a month", ...volumes.map(({ eventsADay }) => `${eventsADay.toLocaleString("en-US")} events a day`)],
    ...rows,
    ["**all**", ...totals.map((total) => `**${total}**`)],
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
