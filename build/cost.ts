import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { contentsOf } from "../cli/detections-folder.ts";
import { sessionLoad, travelLoad } from "../cli/rules/compared-load.ts";
import { correlationLoads } from "../cli/rules/correlation-load.ts";
import { ofType, type Synthesized, synthesize } from "../infra/synthesize.ts";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { isInSet, type MetricSet } from "../lambda/adapters/telemetry/metric-sets.ts";
import { chooseCorrelated } from "../lambda/core/detections/choose-correlated.ts";
import { logSource } from "../lambda/core/detections/log-source.ts";
import { parseRule } from "../lambda/core/sigma/parse/parse-rule.ts";
import { readScriptOptions } from "./script-options.ts";
import { renderTable } from "./tables.ts";
import { writeOrCheck } from "./written-file.ts";

/*
 * Writes the tables of docs/cost.md, and the one of floods in docs/security.md, from unit prices and the use of one
 * event or request, and prints them; with --check it writes nothing, and exit code 1 reports an outdated table. Prices
 * are AWS's list prices for us-east-1 of 2026, in USD, without any free tier.
 */

const { options } = readScriptOptions(
  `Usage: node build/cost.ts [--check]

What npx okta-proxy-watch cost runs once it has built the functions.

  --check      write nothing; exit code 1 when a document has another table
  -h, --help   this text`,
  ["check"],
);

/** Per million, per GB, per month... as in each name. */
const price = {
  /** https://aws.amazon.com/lambda/pricing/ (arm64) */
  lambdaMillionRequests: 0.2,
  lambdaGigabyteSecond: 0.0000133334,
  /** https://aws.amazon.com/api-gateway/pricing/ (REST API) */
  restApiMillionRequests: 3.5,
  /** https://aws.amazon.com/waf/pricing/ */
  firewallMillionRequests: 0.6,
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

/** The quantities, measured or assumed; docs/cost.md says which. */
const assumed = {
  daysInMonth: 30.4,
  /** Shares: of events that match a detection, and of these, of those that are alerted on. */
  matchingShare: 0.02,
  alertedShare: 0.5,
  /** Billed milliseconds at 1 GB: of a delivery without a match, of one with a match, and of a cold start. */
  plainMilliseconds: 5,
  matchMilliseconds: 100,
  coldMilliseconds: 600,
  coldStartsADay: 150,
  /**
   * Bytes of log, with the 26 that CloudWatch counts for a line: our line of an invocation, whose length a test checks,
   * and the additional bytes and lines of a match. Lambda's own lines are warnings only.
   */
  logBytesOfDelivery: { essential: 476, full: 726 },
  logBytesOfMatch: { essential: 900, full: 1_300 },
  /** The same for a request without the right secret: its only line, whose length a test checks as well. */
  logBytesOfRefusal: 326,
  /** Billed milliseconds of such a request at 1 GB, the least that Lambda bills. */
  refusalMilliseconds: 1,
  /**
   * DynamoDB: one request for fourteen small items of a user with id and login, six of them of the profile table, whose
   * number a test checks; claim, window, source, record, completion of the claim; for each second match, which is alerted on,
   * its incident (two units) and the index of incidents (one).
   */
  readUnitsOfMatch: 7,
  writeUnitsOfMatch: 7.5,
  /** The write of what a delivery with a match adds to the counts of the digest: an item of 1 to 2 KB. */
  writeUnitsOfCounts: 2,
  /** Pollers of a queue with an event source mapping, each with three long polls a minute. */
  pollersOfQueue: 5,
  pollsAMinute: 3,
  /** Metrics with a value in every hour; in hours with a match; and in hours with an alert. */
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
  /** Busy execution environments: each fetches two versions of the secret in every two minutes with a request. */
  readonly environments: number;
}
const volumes: readonly Volume[] = [
  { eventsADay: 1_000, environments: 1 },
  { eventsADay: 40_000, environments: 2 },
  { eventsADay: 400_000, environments: 8 },
];

/** The parts of a stack with a monthly price, and the settings that the cost depends on. */
interface Deployed {
  readonly metrics: MetricSet;
  /** Metrics of alarms: an alarm with an expression is charged for each. */
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
    // Lambda's reads of a table's stream cost nothing: https://aws.amazon.com/dynamodb/pricing/on-demand/
    polledQueues: ofType(stack, "AWS::Lambda::EventSourceMapping").filter(
      ([, { Properties }]) => Properties.StartingPosition === undefined,
    ).length,
    memoryGigabytes: receiver.MemorySize / 1_024,
  };
}

/** USD a month by item; each event comes in its own delivery, the most expensive case. */
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
  /** The share of hours with at least one of so many events a day, at random times (Poisson). */
  const hoursWith = (aDay: number) => 1 - Math.exp(-aDay / 24);
  const matchesADay = eventsADay * assumed.matchingShare;
  const inSet = (names: readonly string[]) => names.filter((name) => isInSet(name, metrics)).length;
  const metricMonths =
    inSet(assumed.steadyMetrics) +
    inSet(assumed.matchMetrics) * hoursWith(matchesADay) +
    inSet(assumed.alertMetrics) * hoursWith(matchesADay * assumed.alertedShare);
  const polls = deployed.polledQueues * assumed.pollersOfQueue * assumed.pollsAMinute * 60 * 24 * daysInMonth;
  const logBytes = events * assumed.logBytesOfDelivery[metrics] + matches * assumed.logBytesOfMatch[metrics];
  /** The share of the secrets' two-minute intervals with a request. */
  const askedFor = 1 - Math.exp(-eventsADay / 24 / 30 / environments);
  const hookSecretCalls = environments * 2 * 30 * askedFor * 24 * daysInMonth;
  /** Each environment fetches the key for hashing logins once. */
  const secretCalls = hookSecretCalls + assumed.coldStartsADay * daysInMonth;
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
/**
 * The stack with further inlets and fronts, in one synthesis, which takes seconds: none changes the cost of another.
 */
const extended = synthesize({ front: "restApi", firewall: true, eventBusName: "aws.partner/okta.com/example/okta" });
const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);
const total = (column: Readonly<Record<string, number>>) => sum(Object.values(column)).toFixed(2);

const monthTable = () =>
  monthlyTable(
    (volume) => costs(volume, defaults),
    [["all, with `metrics: full` and `dashboard`", ...volumes.map((volume) => total(costs(volume, observed)))]],
  );

/** The monthly cost of the log stream by item: each event that passes its rules invokes the function. */
function streamTable(): string {
  const streaming = readDeployed(extended, "essential");
  const alarms = (streaming.alarmMetrics - defaults.alarmMetrics) * price.alarmMonth;
  return monthlyTable(({ eventsADay }) => {
    const events = eventsADay * assumed.daysInMonth;
    const milliseconds =
      events * assumed.plainMilliseconds +
      events * assumed.matchingShare * assumed.matchMilliseconds +
      assumed.coldStartsADay * assumed.daysInMonth * assumed.coldMilliseconds;
    const gigabyteSeconds = (streaming.memoryGigabytes * milliseconds) / 1_000;
    return {
      "Lambda: requests and compute":
        (events / 1_000_000) * price.lambdaMillionRequests + gigabyteSeconds * price.lambdaGigabyteSecond,
      "CloudWatch: logs": ((events * assumed.logBytesOfDelivery.essential) / 1_000_000_000) * price.logsGigabyte,
      "CloudWatch: a metric of our own": price.metricMonth,
      "CloudWatch: alarms": alarms,
    };
  });
}

/** The monthly cost of the digest by item; its four runs and mails cost less than a cent. */
function digestTable(): string {
  return monthlyTable(({ eventsADay }) => {
    const matches = eventsADay * assumed.daysInMonth * assumed.matchingShare;
    return {
      "DynamoDB: writes of what is counted":
        (matches / 1_000_000) * assumed.writeUnitsOfCounts * price.dynamodbMillionWriteUnits,
      "CloudWatch: an alarm": price.alarmMonth,
    };
  });
}

const detections = contentsOf(await loadDetections(fileURLToPath(new URL("../detections", import.meta.url))));
/** USD of the groups of correlations for a million events. */
async function dollarsOfGroups(chosen: Parameters<typeof correlationLoads>[0]): Promise<number> {
  const loads = [...(await correlationLoads(chosen, 1_000_000)).values()];
  const reads = sum(loads.map((load) => load.reads));
  const writes = sum(loads.map((load) => load.writes));
  return (reads * price.dynamodbMillionReadUnits + writes * price.dynamodbMillionWriteUnits) / 1_000_000;
}

const byDefault = chooseCorrelated(detections, { experimental: false });
const dollarsByDefault = await dollarsOfGroups({ rules: byDefault.evaluated, correlations: byDefault.correlations });
/** What all add: they share items with those that run by default. */
const dollarsOfPack = (await dollarsOfGroups(detections)) - dollarsByDefault;

const loadOfTravel = await travelLoad(detections.rules, 1_000_000);
/** USD of the places that rules with `enrichment.travel` compare, for a million events. */
const dollarsOfTravel =
  (loadOfTravel.reads * price.dynamodbMillionReadUnits + loadOfTravel.writes * price.dynamodbMillionWriteUnits) /
  1_000_000;

/** A rule such as docs/detections.md has: what is opened with a session that has changed since its start. */
const { rule: ofSession } = parseRule(
  {
    title: "App Opened by Another Client From Another Network",
    logsource: logSource,
    detection: {
      selection: { eventType: "user.authentication.sso", "enrichment.session.changed|all": ["client", "asn"] },
      condition: "selection",
    },
  },
  { logsource: logSource },
);
const loadOfSession = await sessionLoad([ofSession], 1_000_000);
/** USD of the starts of sessions that such a rule compares with, for a million events. */
const dollarsOfSession =
  (loadOfSession.reads * price.dynamodbMillionReadUnits + loadOfSession.writes * price.dynamodbMillionWriteUnits) /
  1_000_000;

/** The monthly cost of what is compared between events: by default, and with a pack; and for a rule that an org may add. */
function correlationTable(): string {
  const ofOwnRule = volumes.map(({ eventsADay }) =>
    (((eventsADay * assumed.daysInMonth) / 1_000_000) * dollarsOfSession).toFixed(2),
  );
  const more = [["more with a rule of yours about changed sessions", ...ofOwnRule]];
  return monthlyTable(({ eventsADay }) => {
    const millions = (eventsADay * assumed.daysInMonth) / 1_000_000;
    return {
      "DynamoDB: correlations that run by default": millions * dollarsByDefault,
      "DynamoDB: those of the pack `sessions`": millions * dollarsOfPack,
      "DynamoDB: places, for its impossible travel": millions * dollarsOfTravel,
    };
  }, more);
}

/** A table of monthly costs by item, a column for each volume. What costs nothing is left out. @param more rows at the end */
function monthlyTable(
  itemsOf: (volume: Volume) => Readonly<Record<string, number>>,
  more: readonly (readonly string[])[] = [],
): string {
  const columns = volumes.map(itemsOf);
  const rows = Object.keys(columns[0] ?? {}).map((name) => [
    name,
    ...columns.map((column) => (column[name] ?? 0).toFixed(2)),
  ]);
  return renderTable(
    [
      ["USD a month", ...volumes.map(({ eventsADay }) => `${eventsADay.toLocaleString("en-US")} events a day`)],
      ...rows.filter(([, ...cells]) => cells.some((cell) => cell !== "0.00")),
      ["**all**", ...columns.map((column) => `**${total(column)}**`)],
      ...more,
    ],
    true,
  );
}

/** USD for a million requests without the right secret, by item. */
const refusal = {
  "Lambda: requests": price.lambdaMillionRequests,
  "Lambda: compute": assumed.refusalMilliseconds * 1_000 * defaults.memoryGigabytes * price.lambdaGigabyteSecond,
  "CloudWatch: logs": (assumed.logBytesOfRefusal / 1_000) * price.logsGigabyte,
} as const;
const refusalMillion = sum(Object.values(refusal));

function refusalTable(): string {
  const withApi = refusalMillion + price.restApiMillionRequests;
  return renderTable(
    [
      ["a million refused requests", "USD"],
      ...Object.entries(refusal).map(([name, usd]) => [name, usd.toFixed(2)]),
      ["**all**, at a Function URL", `**${refusalMillion.toFixed(2)}**`],
      ["with `front: restApi`", withApi.toFixed(2)],
      ["with `firewall` as well", (withApi + price.firewallMillionRequests).toFixed(2)],
      ["blocked by the firewall", price.firewallMillionRequests.toFixed(2)],
    ],
    true,
  );
}

/** The limits on the charged requests of a flood. */
function floodLimits() {
  const [[, { Properties: stage }] = ["", { Properties: {} }]] = ofType(extended, "AWS::ApiGateway::Stage");
  const [[, { Properties: webAcl }] = ["", { Properties: {} }]] = ofType(extended, "AWS::WAFv2::WebACL");
  const fiveMinutes: number = webAcl.Rules.map(
    ({ Statement }: { Statement: { RateBasedStatement?: { Limit: number } } }) => Statement.RateBasedStatement?.Limit,
  ).find((limit: number | undefined) => limit !== undefined);
  return {
    /** Requests a second of a function, for each of its executions at once: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html */
    perExecution: 10,
    /**
     * Concurrent executions of an account: the usual quota, and that of new accounts.
     * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
     */
    usualQuota: 1_000,
    newQuota: 10,
    /** Requests a second that the REST API accepts. */
    restApi: stage.MethodSettings[0].ThrottlingRateLimit as number,
    /** Requests a second of one address that the firewall lets through. */
    address: fiveMinutes / 300,
  };
}

function floodTable(): string {
  const limits = floodLimits();
  /** USD a day of so many requests a second. */
  const aDay = (requests: number, million: number) =>
    `${Math.ceil(((requests * 86_400) / 1_000_000) * million).toLocaleString("en-US")} USD`;
  const count = (number: number) => number.toLocaleString("en-US");
  const [usual, few] = [limits.usualQuota, limits.newQuota].map((quota) => quota * limits.perExecution);
  const withApi = refusalMillion + price.restApiMillionRequests;
  const withFirewall = withApi + price.firewallMillionRequests;
  const blocked = `${price.firewallMillionRequests.toFixed(2)} USD a million`;
  return renderTable([
    ["front", "a day costs at most", "Okta's deliveries are lost"],
    [
      "Function URL",
      `${aDay(usual ?? 0, refusalMillion)} with Lambda's usual quota of ${count(limits.usualQuota)} executions at once; ${aDay(few ?? 0, refusalMillion)} with ${limits.newQuota}, as new accounts have`,
      `over ${count(usual ?? 0)} requests a second, or ${count(few ?? 0)}: 429, never retried`,
    ],
    [
      `Function URL, \`reservedConcurrency: ${limits.newQuota}\``,
      aDay(few ?? 0, refusalMillion),
      `over ${count(few ?? 0)} requests a second: 429, never retried`,
    ],
    [
      "Function URL, `allowedCidrs`",
      "the same as without: each request is an invocation",
      "at the same rate as without",
    ],
    ["REST API", aDay(limits.restApi, withApi), `over ${count(limits.restApi)} requests a second: 503, retried once`],
    [
      "REST API, `firewall`",
      `${aDay(limits.address, withFirewall)} for each address that stays under the limit, ${aDay(limits.restApi, withFirewall)} in all; ${blocked} for what is blocked`,
      `over ${count(limits.restApi)} requests a second, which takes ${Math.ceil(limits.restApi / limits.address)} addresses`,
    ],
    [
      "REST API, `allowedCidrs`",
      "nothing",
      "only if refused requests use up the region's quota of 10,000 a second: AWS does not say",
    ],
    ["REST API, `allowedCidrs`, `firewall`", blocked, "as above"],
  ]);
}

/** Tables by the document and the name in the comment before them. */
const tables = [
  { document: "docs/cost.md", name: "table", make: monthTable },
  { document: "docs/cost.md", name: "stream", make: streamTable },
  { document: "docs/cost.md", name: "digest", make: digestTable },
  { document: "docs/cost.md", name: "correlations", make: correlationTable },
  { document: "docs/cost.md", name: "refusals", make: refusalTable },
  { document: "docs/security.md", name: "floods", make: floodTable },
] as const;

// The reader may have seen enough: `| head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
for (const document of new Set(tables.map((each) => each.document))) {
  let written = await readFile(new URL(`../${document}`, import.meta.url), "utf8");
  const made: string[] = [];
  for (const { name, make } of tables.filter((each) => each.document === document)) {
    const place = new RegExp(`(<!-- ${name}: npm run cost -->\\n\\n).*?(\\n\\n<!-- end -->)`, "s");
    if (!place.test(written)) throw new Error(`${document} has no place for the table "${name}"`);
    const table = make();
    made.push(`${name}:\n\n${table}`);
    written = written.replace(place, (_, start, end) => start + table + end);
  }
  process.stdout.write(`${document}\n\n${made.join("\n\n")}\n\n`);
  await writeOrCheck(
    document,
    written,
    options.has("check"),
    "has another table than build/cost.ts makes: npm run cost",
  );
}
