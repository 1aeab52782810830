import { type Command, InvalidArgumentError, Option } from "commander";
import { defaultSuppressMinutes, maximumSuppressMinutes } from "../lambda/core/grouping/suppress-minutes.ts";
import { domainPattern } from "../lambda/core/okta/login-domains.ts";
import { defaultMismatchDistanceKm } from "../lambda/core/profiles/mismatch-distance.ts";
import { defaultSourceAlerts, maximumSourceAlerts } from "../lambda/core/storms/gathering.ts";
import { defaultStormAfter, maximumStormAfter } from "../lambda/core/storms/storm.ts";
import { type BacktestOptions, cacheKeyVariable } from "./backtest/options.ts";
import { createCommand, InputError } from "./command.ts";
import { credentialHelp } from "./okta-credential-help.ts";
import { parseCount, parseDistance, parsePacks } from "./option-parsers.ts";
import { parseSince, parseUntil, timeForms } from "./times.ts";

function parseDomain(text: string, before: readonly string[] = []): readonly string[] {
  if (domainPattern.test(text)) return [...before, text.toLowerCase()];
  throw new InvalidArgumentError("Expected a domain such as example.com.");
}

export const command = createCommand(
  "backtest",
  "Runs rules over exported System Log events, to see what they would have matched.",
)
  .addOption(
    new Option("--events <file>", "export to read; - is standard input; may be given several times").argParser(
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    ),
  )
  .option(
    "--okta [url]",
    "read the org's System Log itself, of the event types that the rules name (default: OKTA_CLIENT_ORGURL)",
  )
  .option(
    "--cache <file>",
    `keep Okta's answers in this file, encrypted by ${cacheKeyVariable}: a stopped run resumes from it`,
  )
  .option("--rules <folder>", "rules to run, experimental ones too (default: the rules that are deployed)")
  .option(
    "--profiles <file.csv>",
    "users' profile locations, for rules that ask for the geographic mismatch; cities are placed as an import does",
  )
  .option(
    "--distance-km <number>",
    "a mismatch is farther than this from every profile location",
    parseDistance,
    defaultMismatchDistanceKm,
  )
  .option("--alerts <file>", "write the alerts that would have gone out to this file, one JSON line each")
  .option(
    "--report <file>",
    "write a report to this file, FILE.html: a page with map, calendar, persons, detections and what would quieten them; FILE.json: its data",
  )
  .option("--anonymize", "persons and networks of the report have pseudonyms, to show it to others", false)
  .option(
    "--incidents <file>",
    "incidents, as npx okta-proxy-watch incidents list --json prints them: the report proposes nothing that covers a true positive",
  )
  .option(
    "--exceptions <file>",
    "exceptions that are in force, as npx okta-proxy-watch exceptions list --json prints them",
  )
  .option(
    "--suppress-minutes <number>",
    "the same again is suppressed for so long after an alert; 0 for no suppression",
    parseCount("minutes", maximumSuppressMinutes),
    defaultSuppressMinutes,
  )
  .option(
    "--storm-after <number>",
    "failed attempts of one source within ten minutes that are alerted on singly; 0 for no storms",
    parseCount("attempts", maximumStormAfter),
    defaultStormAfter,
  )
  .option(
    "--source-alerts-per-hour <number>",
    "persons from one source in an hour whose sign-ins are alerted on singly; 0 for all",
    parseCount("persons", maximumSourceAlerts),
    defaultSourceAlerts,
  )
  .addOption(
    new Option(
      "--login-domains <domains...>",
      "the setting loginDomains: a login of another domain that Okta does not know is masked",
    ).argParser(parseDomain),
  )
  .option(
    "--since <time>",
    `only events published at or after this time: ${timeForms}; 30d and 12h are counted back from now`,
    parseSince,
  )
  .option("--until <time>", "only events published before this time, or on this day and before", parseUntil)
  .option("--experimental", "run deployed rules with status experimental as well", false)
  .option(
    "--packs <packs>",
    "run the deployed rules of these packs as well: admin,mfa (default: those of the settings)",
    parsePacks,
  )
  .option("--strict", "refuse an export at the first part that cannot be read, instead of counting it", false)
  .option("--all", "list rules without a match in the summary, too", false)
  .addOption(new Option("--json").hideHelp())
  .option("--explain", "add to each match the selections and values that made it", false)
  .option(
    "--matches-only",
    "find matches, and count no alerts: it takes about half of the time where many events match; not with options about alerts, such as --alerts, --report and --storm-after",
    false,
  )
  .addHelpText(
    "after",
    `
An export holds System Log events, whole, flattened or wrapped by a SIEM, or
event hook deliveries: as JSON lines, JSON or CSV, compressed by gzip or not
(docs/detections.md lists the forms). Every match is one JSON line on standard
output; the summary goes to standard error, with the forms that were read and
what could not be read.

The summary also counts the alerts that would have gone out: one for each event,
without what suppression and exceptions keep back. For that, the events that
match are taken in order of the time when they were published, whatever their
order in the export.

Columns of --profiles: userId or login, label, countryCode, state, city,
postalCode, latitude, longitude.

With --okta: ${credentialHelp(["okta.logs.read"])}
Rate limits are obeyed.

Exit code: 0; 1 when Okta failed; 2 when rules, events or options cannot be
used, or rows of --profiles, which are left out.`,
  );

/** The options about alerts, by their names as attributes. */
const aboutAlerts: ReadonlySet<string> = new Set<keyof BacktestOptions>([
  "alerts",
  "report",
  "anonymize",
  "incidents",
  "exceptions",
  "suppressMinutes",
  "stormAfter",
  "sourceAlertsPerHour",
]);

// Refuses a file without --events, also one of several that a pattern names, with the likely intent.
command.allowExcessArguments().action(async (options: BacktestOptions, self: Command) => {
  if (self.args.length > 0) {
    throw new InputError(`a file needs its option: ${self.args.map((file) => `--events ${file}`).join(" ")}`);
  }
  if (options.json === true) {
    throw new InputError(
      "there is no --json: every match is a line of JSON on standard output already; --alerts FILE has alerts as JSON, --report FILE.json a report",
    );
  }
  const ofAlerts = self.options.filter(
    (each) => aboutAlerts.has(each.attributeName()) && self.getOptionValueSource(each.attributeName()) === "cli",
  );
  if (options.matchesOnly && ofAlerts.length > 0) {
    const named = ofAlerts.map(({ long }) => long).join(", ");
    throw new InputError(`--matches-only counts no alerts: leave it out, or what is about them (${named})`);
  }
  if (options.report === undefined && (options.anonymize || options.incidents !== undefined)) {
    throw new InputError(
      `${options.anonymize ? "--anonymize" : "--incidents"} is about a report: add --report FILE.html`,
    );
  }
  if (options.events === undefined && options.okta === undefined) {
    throw new InputError("name an export, --events FILE, or --okta URL");
  }
  const hint =
    options.cache === undefined ? "--cache FILE makes it go on where it was" : "Run it again: it goes on there";
  // Its help starts without what a backtest takes to load.
  const { backtest } = await import("./run-backtest.ts");
  if (options.okta === undefined) return backtest(options);
  const { askingOkta } = await import("./okta-credential.ts");
  await askingOkta(() => backtest(options), hint);
});
