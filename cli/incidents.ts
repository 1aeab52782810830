import { basename, dirname, relative } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { readExceptionsOfPersons } from "../lambda/adapters/tables/exceptions-of-persons.ts";
import { openIncidents } from "../lambda/adapters/tables/incidents.ts";
import { advisedScope } from "../lambda/core/exceptions/advised-scope.ts";
import type { ExceptionScope } from "../lambda/core/exceptions/exception.ts";
import { isExcepted } from "../lambda/core/exceptions/is-excepted.ts";
import { type Verdict, verdicts } from "../lambda/core/history/verdict.ts";
import { describeDoubt } from "../lambda/core/incidents/doubt.ts";
import {
  type Incident,
  type IncidentAlert,
  incidentDays,
  isOpen,
  maximumIncidentAlerts,
  openedAt,
} from "../lambda/core/incidents/incident.ts";
import { leastJudged, type RuleScore, scoreAlerts, scoreRules } from "../lambda/core/incidents/score.ts";
import { canonicalLogin } from "../lambda/core/okta/person.ts";
import { bySeverity } from "../lambda/core/sigma/rule.ts";
import { plural } from "../lambda/core/text/shorten.ts";
import { createCommand, InputError, jsonLine, onOneLine, parseText, print, shellWord } from "./command.ts";
import {
  addDeploymentOptions,
  type Deployment,
  type DeploymentOptions,
  findDeployment,
  sameTarget,
} from "./deployment.ts";
import { readDeployedDetections } from "./detections-folder.ts";
import { findAuthor } from "./exceptions/author.ts";
import { authorOption, exceptionCommand } from "./exceptions/command-line.ts";
import { withProgress } from "./progress.ts";
import { casesFileOf } from "./rules/cases-file.ts";
import { readTime, startOf, timeForms, type WrittenTime } from "./times.ts";

const printJson = (value: unknown) => process.stdout.write(`${jsonLine(value)}\n`);
const day = 86_400_000;

const open = ({ dynamodb, stateTable }: Deployment) => openIncidents(dynamodb, stateTable);

/** The characters of an id that a list prints. */
const shortId = 8;
/** The least characters of an id that name an incident. */
const leastPrefix = 4;

interface SinceOptions extends DeploymentOptions {
  readonly since: WrittenTime;
  readonly json: boolean;
}

interface ListOptions extends SinceOptions {
  readonly open: boolean;
}

async function list(options: ListOptions): Promise<void> {
  const all = await readSince(options);
  const shown = all.filter((incident) => !options.open || isOpen(incident));
  if (options.json) {
    for (const incident of shown) printJson(toJson(incident));
    return;
  }
  for (const incident of shown) print(describeBriefly(incident));
  const waiting = all.filter(isOpen).length;
  const period = describePeriod(options.since);
  if (all.length === 0) {
    print(`No incident changed in ${period}.`);
    return;
  }
  print(`${plural(all.length, "incident")} of ${period}, ${waiting} without a verdict.`);
  const next = shown.find(isOpen) ?? shown[0];
  if (next === undefined) return;
  const what = isOpen(next) ? "To see one, and how to close it" : "To see one";
  print(`${what}: npx okta-proxy-watch incidents show ${next.id.slice(0, shortId)}${sameTarget(options)}`);
}

async function readSince(options: SinceOptions): Promise<readonly Incident[]> {
  const now = new Date();
  const since = findStart(options.since, now);
  return withProgress("reading the incidents", async () =>
    (await open(await findDeployment(options))).list(since, now),
  );
}

/** @throws InputError where incidents of that time are not kept any more, or it lies ahead */
function findStart(since: WrittenTime, now: Date): Date {
  const start = startOf(since, now.getTime());
  if (start > now.getTime()) throw new InputError("--since lies in the future");
  // A day that is given begins with its first second.
  const days = since.kind === "span" ? incidentDays : incidentDays + 1;
  if (start < now.getTime() - days * day) {
    throw new InputError(
      `an incident is kept for ${incidentDays} days after its last change: --since ${incidentDays}d`,
    );
  }
  return new Date(start);
}

/** `the last 30 days`, `the time since 2026-11-24 10:00 UTC`. */
function describePeriod(since: WrittenTime): string {
  if (since.kind !== "span") return `the time since ${minute(new Date(startOf(since)).toISOString())} UTC`;
  const { milliseconds } = since;
  const isDays = milliseconds % day === 0;
  return `the last ${plural(milliseconds / (isDays ? day : 3_600_000), isDays ? "day" : "hour")}`;
}

interface ShowOptions extends DeploymentOptions {
  readonly json: boolean;
}

async function show(id: string, options: ShowOptions): Promise<void> {
  const incidents = await open(await findDeployment(options));
  const incident = await find(id, incidents);
  if (options.json) {
    printJson(toJson(incident));
    return;
  }
  print(describeTimeline(incident, options));
  const isStorm = incident.alerts.some(({ storm }) => storm === incident.id);
  if (!isStorm) return;
  const changed = await incidents.list(new Date(openedAt(incident)), new Date());
  const successes = changed.filter((each) => each.id !== incident.id && standsIn(incident.id, each));
  if (successes.length > 0)
    print(["", "Sessions that started in the storm", ...successes.map(describeBriefly)].join("\n"));
}

function standsIn(storm: string, { alerts }: Incident): boolean {
  return alerts.some((alert) => alert.storm === storm);
}

/** Finds an incident by its id, or by the beginning of it that no other incident has. */
async function find(named: string, incidents: Awaited<ReturnType<typeof open>>): Promise<Incident> {
  const start = named.toLowerCase();
  if (!/^[0-9a-f-]+$/.test(start) || start.length < leastPrefix) {
    throw new InputError(
      `${named} is no id of an incident: give the incident.id of an alert, or at least ${leastPrefix} characters of it; list shows them`,
    );
  }
  const isWhole = start.length === crypto.randomUUID().length;
  const ids = isWhole ? [start] : await incidents.idsOf(start, new Date());
  if (ids.length > 1) {
    const some = ids.slice(0, 10).join(", ");
    throw new InputError(`${named} is the beginning of ${ids.length} ids: ${some}${ids.length > 10 ? ", …" : ""}`);
  }
  const incident = ids[0] === undefined ? null : await incidents.get(ids[0]);
  if (incident === null) {
    throw new InputError(
      `no incident has the id ${named}; list shows them. One is kept for ${incidentDays} days after its last change`,
    );
  }
  return incident;
}

interface CloseOptions extends DeploymentOptions {
  readonly verdict: Verdict["verdict"];
  readonly note: string;
  readonly by?: string;
}

async function close(id: string, { verdict, note, by: given, ...options }: CloseOptions): Promise<void> {
  const by = findAuthor(given);
  const incidents = await open(await findDeployment(options));
  const incident = await find(id, incidents);
  const at = new Date().toISOString();
  const made: Verdict = { verdict, note, by, at, seen: incident.alerts.at(-1)?.detectedAt ?? at };
  if (!(await incidents.close(incident.id, made))) {
    throw new InputError(`the incident ${incident.id} has expired meanwhile`);
  }
  if (incident.verdict !== null) print(`Before: ${describeVerdict(incident.verdict)}`);
  print(`Closed: ${describeBriefly({ ...incident, verdict: made })}`);
  if (verdict === "true-positive") {
    print(
      "The next session start of the person is alerted on, whatever was suppressed before, and says how this one was judged.",
    );
    return;
  }
  print("The next alert about the same person, network, place, device and detections says how this one was judged.");
  print(`To have no alert about the same again: npx okta-proxy-watch exceptions add --help${sameTarget(options)}`);
}

interface ScoreOptions extends SinceOptions {
  readonly all: boolean;
}

/** Prints what to tune, then the table it is by: a screen, unless all is asked for. */
async function score(options: ScoreOptions): Promise<void> {
  const since = findStart(options.since, new Date()).toISOString();
  const known = await readSince({ ...options, since: { kind: "span", milliseconds: incidentDays * day } });
  const incidents = known.filter(({ changed }) => changed >= since);
  const inForce = await readScopesInForce(incidents, options);
  const scores = scoreRules(incidents, known, (each) => inForce.some((scope) => isExcepted(scope, each)));
  if (options.json) {
    for (const each of scores) printJson(each);
    return;
  }
  if (scores.length === 0) {
    print(`No incident changed in ${describePeriod(options.since)}.`);
    return;
  }
  print(describeVerdicts(incidents, options));
  const files = await filesByRule();
  const advised = scores.flatMap((each) => {
    const lines = adviceLines(each, files.get(each.id) ?? null, options);
    return lines.length === 0 ? [] : [lines];
  });
  const shown = options.all ? advised : advised.slice(0, shownAdvice);
  const unjudged = scores.filter(({ advice }) => advice.kind === "judge");
  const left = advised.length - shown.length;
  const advice = [
    ...shown.flat(),
    ...(left === 0 ? [] : [`- and ${plural(left, "further detection")}: --all`]),
    ...stoppedLines(scores),
    ...(unjudged.length === 0 ? [] : judgeLines(unjudged, options)),
  ];
  if (advice.length > 0) print(["", "What to tune", ...advice.map(onOneLine)].join("\n"));
  const rows = options.all ? scores : scores.slice(0, shownScores);
  print(["", ...scoreTable(rows)].join("\n"));
  if (rows.length < scores.length) print(`and ${plural(scores.length - rows.length, "further detection")}: --all`);
  const unseen = incidents.reduce((sum, { count, alerts }) => sum + count - alerts.length, 0);
  if (unseen > 0)
    print(`${plural(unseen, "alert")} beyond the first ${maximumIncidentAlerts} of an incident left out.`);
}

/** The scopes of the exceptions that cover what comes now, of anyone and of the persons of these incidents. */
async function readScopesInForce(
  incidents: readonly Incident[],
  options: DeploymentOptions,
): Promise<readonly ExceptionScope[]> {
  const persons = incidents.flatMap(({ user }) =>
    [user?.id ?? [], user?.login ? canonicalLogin(user.login) : []].flat(),
  );
  const { dynamodb, stateTable } = await findDeployment(options);
  const exceptions = await readExceptionsOfPersons(dynamodb, stateTable, [...new Set(persons)]);
  const now = Date.now();
  return exceptions.flatMap(({ scope, until }) => (Date.parse(until) > now ? [scope] : []));
}

/** The most detections that are advised on, and that the table has, so that all of it fits a screen of 24 lines. */
const shownAdvice = 4;
const shownScores = 5;

/** `12 alerts of the last 90 days: 1 true positive, 8 harmless, and 3 that wait for a verdict.` */
function describeVerdicts(incidents: readonly Incident[], { since }: SinceOptions): string {
  const { alerts, truePositives, benign, expected, open: waiting } = scoreAlerts(incidents);
  const waits = waiting === 1 ? "1 that waits" : `${waiting} that wait`;
  return `${plural(alerts, "alert")} of ${describePeriod(since)}: ${plural(truePositives, "true positive")}, ${benign + expected} harmless, and ${waits} for a verdict.`;
}

function scoreTable(scores: readonly RuleScore[]): readonly string[] {
  const columns = ["alerts", "true", "benign", "expected", "open"];
  const cells = (each: RuleScore) => [each.alerts, each.truePositives, each.benign, each.expected, each.open];
  const row = (values: readonly unknown[]) => values.map((value) => String(value).padStart(8)).join(" ");
  return [`${row(columns)}  detection`, ...scores.map((each) => `${row(cells(each))}  ${onOneLine(each.title)}`)];
}

/** Where true positives stop all advice, in one line for all such detections. */
function stoppedLines(scores: readonly RuleScore[]): readonly string[] {
  const stopped = scores.filter(
    ({ truePositives, benign, expected }) => truePositives > 0 && benign + expected >= leastJudged,
  );
  const [first] = stopped;
  if (first === undefined) return [];
  const name = stopped.length === 1 ? first.title : plural(stopped.length, "detection");
  return [
    `- ${name}: no advice on the harmless alerts, as ${stopped.length === 1 ? "a true positive is among its" : "true positives are among their"} alerts.`,
  ];
}

/** What to do where too few alerts are judged, once for all such detections. */
function judgeLines(scores: readonly RuleScore[], target: DeploymentOptions): readonly string[] {
  const waiting = scores.reduce((sum, each) => sum + each.open, 0);
  return [
    `- ${plural(scores.length, "detection")}: advice takes ${leastJudged} harmless alerts of each; ${waiting} wait for a verdict.`,
    `    npx okta-proxy-watch incidents list --open${sameTarget(target)}`,
  ];
}

/** The files of the deployed rules, ours and those of the setting `rulesFolder`, by rule id. */
async function filesByRule(): Promise<ReadonlyMap<string, string>> {
  const { rules, correlations } = await readDeployedDetections();
  return new Map([...rules, ...correlations].map(({ content, file }) => [content.id, file]));
}

function adviceLines(
  { title, advice, benign, expected }: RuleScore,
  file: string | null,
  target: DeploymentOptions,
): string[] {
  const harmless = benign + expected;
  switch (advice.kind) {
    case "keep":
    case "judge":
      return [];
    case "except": {
      const what = `- ${title}: ${advice.covers} of ${harmless} harmless alerts have this in common.`;
      return [what, `    ${exceptionCommand(advisedScope(advice.scope), sameTarget(target))}`];
    }
    case "doubt": {
      const { incident } = advice.doubt;
      return [
        `- ${title}: no exception is proposed, as ${describeDoubt(advice.doubt)}.`,
        ...(incident === null
          ? []
          : [`    npx okta-proxy-watch incidents show ${incident.slice(0, shortId)}${sameTarget(target)}`]),
      ];
    }
    case "switchOff": {
      const what = `- ${title}: all ${harmless} judged alerts were harmless, and have no network in common. Write a filter (docs/detections.md), or switch it off:`;
      if (file === null) return [`${what} it is no rule that is deployed from here.`];
      return [what, `    ${removalOf(file)} && npx okta-proxy-watch deploy`];
    }
  }
}

/** The command that takes a rule and its cases away, in the repository of their folder: it may be another one. */
function removalOf(file: string): string {
  const folder = relative(process.cwd(), dirname(file)) || ".";
  return `git -C ${[folder, "rm", "--ignore-unmatch", basename(file), basename(casesFileOf(file))].map(shellWord).join(" ")}`;
}

/** An incident with what it does not keep but tells. */
function toJson(incident: Incident) {
  return { ...incident, opened: openedAt(incident), open: isOpen(incident) };
}

function describeBriefly(incident: Incident): string {
  const { id, changed, alerts, count, verdict } = incident;
  const last = alerts.at(-1);
  const shown = alerts.findLast(({ severity }) => severity === severest(alerts));
  const state = verdict === null ? "open" : isOpen(incident) ? "open again" : verdict.verdict;
  const facts = [state, severest(alerts), plural(count, "alert"), minute(last?.detectedAt ?? changed)];
  return `${id.slice(0, shortId)}  ${facts.filter(Boolean).join(", ")}  ${describeUser(incident)}\n    ${onOneLine(shown?.summary ?? "")}`;
}

function severest(alerts: readonly IncidentAlert[]): string {
  return alerts.map(({ severity }) => severity).sort(bySeverity)[0] ?? "";
}

function describeUser({ user }: Incident): string {
  if (user === null) return "no single person";
  const { id, login, displayName } = user;
  const name = login ?? id ?? "unknown";
  return onOneLine(displayName === null || displayName === name ? name : `${displayName} (${name})`);
}

/** `2026-11-24 09:12`, in UTC. */
function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

function describeVerdict({ verdict, note, by, at }: Verdict): string {
  return onOneLine(`${verdict}, by ${by} on ${minute(at)} UTC: ${note}`);
}

/** @param target what the command was asked about, for the line that closes the incident */
function describeTimeline(incident: Incident, target: DeploymentOptions): string {
  const { id, alerts, count, verdict } = incident;
  const isWaiting = isOpen(incident);
  const left = count - alerts.length;
  const nextStep = alerts.at(-1)?.nextStep ?? null;
  const storms = [...new Set(alerts.flatMap(({ storm }) => storm ?? []))].filter((storm) => storm !== id);
  return [
    `Incident ${id}`,
    `${describeUser(incident)}; ${plural(count, "alert")} since ${minute(openedAt(incident))} UTC`,
    "",
    ...alerts.flatMap((alert, index) => [
      ...(left > 0 && index === alerts.length - 1 ? [`  … ${plural(left, "alert")} more …`, ""] : []),
      ...alertLines(alert),
      "",
    ]),
    `Verdict    ${verdict === null ? "none" : describeVerdict(verdict)}`,
    ...(verdict !== null && isWaiting
      ? ["           Alerts came after it: the incident waits for a verdict again."]
      : []),
    ...storms.map((storm) => `Storm      npx okta-proxy-watch incidents show ${shellWord(storm)}${sameTarget(target)}`),
    ...(isWaiting && nextStep !== null ? [`Next       ${onOneLine(nextStep)}`] : []),
    ...(isWaiting
      ? [
          `Close it   npx okta-proxy-watch incidents close ${id.slice(0, shortId)} --verdict VERDICT --note "..."${authorOption()}${sameTarget(target)}`,
          `           VERDICT is one of ${verdicts.join(", ")}.`,
        ]
      : []),
  ].join("\n");
}

function alertLines(alert: IncidentAlert): readonly string[] {
  const { detectedAt, severity, summary, detections, from, through, network, eventUuid, outcome } = alert;
  const rows: readonly (readonly [name: string, value: string | null])[] = [
    ["What", [detections.map(({ title }) => title).join("; "), outcome].filter(Boolean).join(": ")],
    ["From", from],
    ["Through", through],
    ["Network", network],
    ["Event", eventUuid],
  ];
  return [
    `${minute(detectedAt)} UTC  ${severity}  ${onOneLine(summary)}`,
    ...rows.flatMap(([name, value]) => (value === null ? [] : [`    ${name.padEnd(9)}${onOneLine(value)}`])),
  ];
}

/** @param standard the default */
const sinceOption = (standard: string) =>
  new Option("--since <time>", `changed since then, ${incidentDays}d at the most: ${timeForms}`)
    .argParser(readTime)
    .default(readTime(standard), standard);

/** The longest note, and name of its author: a mail prints them. */
const maximumNote = 500;
const maximumName = 100;

const shortText = (maximum: number) => (text: string) => {
  const trimmed = parseText(text);
  if (trimmed.length > maximum) {
    throw new InvalidArgumentError(`a text of 1 to ${maximum} characters is expected`);
  }
  return trimmed;
};

export const command = createCommand(
  "incidents",
  "Shows incidents, which are all alerts about one person and session, and closes them with a verdict.",
);
const subcommand = (name: string, description: string): Command =>
  addDeploymentOptions(command.command(name).description(description));
const exitCodes = "\nExit code: 0; 2 when options or the id cannot be used.";

subcommand("list", "lists those of the last days, the last changed first")
  .option("--open", "only those that wait for a verdict", false)
  .addOption(sinceOption("30d"))
  .option("--json", "print each as a JSON line", false)
  .addHelpText("after", exitCodes)
  .action(list);
subcommand(
  "show",
  "prints the timeline of one: what came when, from where, through what; its verdict, and what is next",
)
  .argument("<id>", "incident.id of an alert, or the beginning of it")
  .option("--json", "print it as a JSON line", false)
  .addHelpText("after", exitCodes)
  .action(show);
subcommand("close", "closes one with a verdict, which the next alert of the same kind names")
  .argument("<id>", "incident.id of an alert, or the beginning of it")
  .addOption(new Option("--verdict <verdict>", "how it was judged").choices(verdicts).makeOptionMandatory())
  .requiredOption("--note <text>", "why", shortText(maximumNote))
  .option(
    "--by <name>",
    "who says so (default: the user of this machine, where that is a person)",
    shortText(maximumName),
  )
  .addHelpText("after", exitCodes)
  .action(close);
subcommand("score", "counts alerts and verdicts by detection, and says what to tune")
  .addOption(sinceOption(`${incidentDays}d`))
  .option("--all", "every detection: by default as many as fit a screen", false)
  .option("--json", "print each detection as a JSON line", false)
  .addHelpText("after", exitCodes)
  .action(score);
