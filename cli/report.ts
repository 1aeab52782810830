import { basename } from "node:path";
import { Option } from "commander";
import { defaultSuppressMinutes } from "../lambda/core/grouping/suppress-minutes.ts";
import { defaultMismatchDistanceKm } from "../lambda/core/profiles/mismatch-distance.ts";
import { defaultSourceAlerts } from "../lambda/core/storms/gathering.ts";
import { defaultStormAfter } from "../lambda/core/storms/storm.ts";
import { createCommand, InputError } from "./command.ts";
import { countedPeriod } from "./counted-period.ts";
import { addDeploymentOptions, type DeploymentOptions, findDeployment, sameTarget } from "./deployment.ts";
import { readDeployedDetections } from "./detections-folder.ts";
import { credentialHelp } from "./okta-credential-help.ts";
import { readTime, startOf, timeForms, type WrittenTime } from "./times.ts";

interface Options extends DeploymentOptions {
  readonly since: WrittenTime;
  readonly out: string;
  readonly anonymize: boolean;
  /** The org's URL; true where the environment names it. */
  readonly okta?: string | true;
  readonly profiles?: string;
}

const defaultSince = "30d";

/** Writes the report of a deployment's own history, or of the org's System Log. */
async function report(options: Options): Promise<void> {
  await (options.okta === undefined ? reportHistory(options) : reportLog(options.okta, options));
  process.stderr.write(`Written: ${options.out}\n`);
}

async function reportHistory(options: Options): Promise<void> {
  if (options.profiles !== undefined) throw new InputError("--profiles goes with --okta: the history has no exits");
  const [{ readDigestSources }, { composeHistoryReport }, { openReportFile }] = await Promise.all([
    import("../lambda/adapters/tables/digest-sources.ts"),
    import("./report/history-report.ts"),
    import("./report/report-file.ts"),
  ]);
  const now = new Date();
  const period = countedPeriod(options.since, now);
  const file = await openReportFile(options.out, { anonymize: options.anonymize, read: [] });
  const deployment = await findDeployment(options);
  const { days, incidents } = await readDigestSources(deployment.dynamodb, deployment.stateTable, period, now);
  const { rules, correlations } = await readDeployedDetections();
  if (days.size === 0)
    process.stderr.write(
      "note: nothing was counted on these days: is the setting digest on? Incidents alone are shown.\n",
    );
  const composed = composeHistoryReport({
    source: deployment.stack ?? "the embedded run",
    period,
    days,
    incidents,
    detections: new Map([...rules, ...correlations].map(({ content: { id, title, level } }) => [id, { title, level }])),
    target: sameTarget(options),
  });
  await file.write(composed);
}

/** Reads the System Log, as a backtest of the same time does. */
async function reportLog(okta: string | true, { since, out, anonymize, profiles }: Options): Promise<void> {
  const [{ backtest }, { askingOkta }] = await Promise.all([
    import("./run-backtest.ts"),
    import("./okta-credential.ts"),
  ]);
  await askingOkta(
    () =>
      backtest({
        okta,
        since: startOf(since),
        report: out,
        anonymize,
        ...(profiles === undefined ? {} : { profiles }),
        distanceKm: defaultMismatchDistanceKm,
        suppressMinutes: defaultSuppressMinutes,
        stormAfter: defaultStormAfter,
        sourceAlertsPerHour: defaultSourceAlerts,
        experimental: false,
        explain: false,
        all: false,
        strict: false,
        matchesOnly: false,
        printMatches: false,
      }),
    `${basename(out)} is written once all of it is read; backtest --cache FILE goes on where it was`,
  );
}

export const command = addDeploymentOptions(
  createCommand("report", "Writes a page about the past: of the deployment's own history, or of the org's System Log."),
)
  .addOption(
    new Option("--since <time>", `when it begins: ${timeForms}; of a history, whole days`)
      .argParser(readTime)
      .default(readTime(defaultSince), defaultSince),
  )
  .option("--out <file>", "the page, FILE.html; or FILE.json: its data", "report.html")
  .option("--anonymize", "persons and networks have pseudonyms, to show it to others", false)
  .option("--okta [url]", "read the org's System Log in place of the history (default: OKTA_CLIENT_ORGURL)")
  .option("--profiles <file.csv>", "with --okta: users' profile locations, as backtest takes them")
  .addHelpText(
    "after",
    `
The history holds what a deployment counts for the digest, for 35 days, and its incidents: sign-ins through anonymous
networks and alerts, no exits, hours, or other sign-ins. With --okta the report is that of a backtest.

With --okta: ${credentialHelp(["okta.logs.read"])}

Exit code: 0; 1 when Okta failed; 2 when options cannot be used, or there is no such deployment.`,
  )
  .action(report);
