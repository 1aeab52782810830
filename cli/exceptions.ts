import { existsSync } from "node:fs";
import { isIPv4 } from "node:net";
import { type Command, InvalidArgumentError } from "commander";
import { distance } from "fastest-levenshtein";
import { sdkDynamodb } from "../lambda/adapters/aws/dynamodb/sdk.ts";
import { createTopic } from "../lambda/adapters/aws/topic.ts";
import { createClaims } from "../lambda/adapters/tables/claims.ts";
import { openExceptions } from "../lambda/adapters/tables/exceptions.ts";
import { compileRules, isEnabled } from "../lambda/core/detections/compile-rules.ts";
import {
  describeScope,
  type Exception,
  type ExceptionScope,
  exceptionSubject,
  hasPlace,
  whyNotCovered,
  worstKinds,
} from "../lambda/core/exceptions/exception.ts";
import { publishNotice } from "../lambda/core/exceptions/expiry-notice.ts";
import { defaultDays, maximumDays, whyTooBroad, whyTooMuch } from "../lambda/core/exceptions/measure.ts";
import { countryCode } from "../lambda/core/geo/country.ts";
import { defaultSuppressMinutes } from "../lambda/core/grouping/suppress-minutes.ts";
import { parseCidr } from "../lambda/core/network/cidr.ts";
import type { LogEvent } from "../lambda/core/okta/log-event.ts";
import { type NetworkKind, networkKinds } from "../lambda/core/okta/network-service.ts";
import { isOperator, knownOperators, operatorName } from "../lambda/core/okta/operator.ts";
import { canonicalLogin, personKeys } from "../lambda/core/okta/person.ts";
import { findCandidate } from "../lambda/core/pipeline/match.ts";
import { plural } from "../lambda/core/text/shorten.ts";
import { toError } from "../lambda/core/values/error.ts";
import { createCommand, InputError, jsonLine, once, onOneLine, onTerminal, parseText, print } from "./command.ts";
import { asksConsent, consentExit, yesOption } from "./consent.ts";
import {
  addDeploymentOptions,
  type Deployment,
  type DeploymentOptions,
  findDeployment,
  sameTarget,
} from "./deployment.ts";
import { contentsOf, readDeployedDetections } from "./detections-folder.ts";
import { openExport } from "./event-export.ts";
import { findAuthor } from "./exceptions/author.ts";
import { coverageOfEvents, coverageOfHistory, describeCoverage } from "./exceptions/preview.ts";
import { networkBase } from "./network-base.ts";
import { withProgress } from "./progress.ts";
import { parseEnd, timeForms } from "./times.ts";
import { countWaiting } from "./waiting-messages.ts";

/** What is no result of the command. */
const say = (text: string) => process.stderr.write(`${onTerminal(text)}\n`);
const day = 86_400_000;

const open = ({ dynamodb, stateTable }: Deployment) => openExceptions(dynamodb, stateTable);

interface AddOptions extends DeploymentOptions {
  readonly user?: string;
  readonly operator?: string;
  readonly asn?: number;
  readonly cidr?: string;
  readonly country?: string;
  readonly kind?: readonly NetworkKind[];
  readonly detection?: readonly string[];
  readonly reason: string;
  readonly by?: string;
  readonly until?: Date;
  readonly events?: string;
  readonly yes: boolean;
}

/** The least letters of a name for each edit that a misspelling has: a short name is soon that of another operator. */
const lettersPerEdit = 4;

/**
 * An operator that Okta's documents do not name may be of a later release, or misspelt.
 *
 * @throws InputError where it resembles a known one, and is not written as Okta writes names
 */
function checkOperator(operator: string): void {
  if (knownOperators.some((known) => isOperator(known, operator))) return;
  const name = operatorName(operator);
  const [nearest] = knownOperators
    .map((known) => ({
      known,
      edits: Math.min(distance(name, operatorName(known)), distance(name, operatorName(known.replace(/_[A-Z]+$/, "")))),
    }))
    .sort((a, b) => a.edits - b.edits);
  const isNear = nearest !== undefined && nearest.edits <= Math.min(2, Math.floor(name.length / lettersPerEdit));
  const meant = isNear ? ` Did you mean ${nearest.known}?` : "";
  const fault = `Okta's documents name no operator "${onOneLine(operator)}".${meant} Write it as an alert has it, under network.anonymous.operators.`;
  if (isNear && !/^[A-Z\d]+(?:_[A-Z\d]+)+$/.test(operator)) throw new InputError(fault);
  process.stderr.write(`note: ${fault}\n`);
}

/** An operator has several spellings: says which exceptions are there already that cover the same. */
function noteSameOperator(operator: string, all: readonly Exception[], now: Date): void {
  for (const exception of all) {
    const { scope, until } = exception;
    if (scope.operator === undefined || Date.parse(until) <= now.getTime()) continue;
    if (!isOperator(scope.operator, operator) && !isOperator(operator, scope.operator)) continue;
    process.stderr.write(`note: an exception of the same operator is there: ${onTerminal(describe(exception, now))}\n`);
  }
}

async function add(options: AddOptions): Promise<void> {
  const { user, operator, asn, cidr, country, kind, detection } = options;
  const scope: ExceptionScope = {
    ...(user === undefined ? {} : { user: /^00u[^@]*$/.test(user) ? user : canonicalLogin(user) }),
    ...(operator === undefined ? {} : { operator }),
    ...(asn === undefined ? {} : { asNumber: asn }),
    ...(cidr === undefined ? {} : { cidr }),
    ...(country === undefined ? {} : { countryCode: country }),
    ...(kind === undefined ? {} : { kinds: [...new Set(kind)] }),
    ...(detection === undefined ? {} : { detections: [...detection] }),
  };
  if (!hasPlace(scope)) {
    throw new InputError(
      "say whom or what it covers: --user, --operator, --asn, --cidr, --country, or several of them",
    );
  }
  const correlated = detection === undefined ? [] : await findCorrelated(detection);
  const tooBroad = whyTooBroad(scope);
  if (tooBroad !== null) throw new InputError(tooBroad);
  if (operator !== undefined) checkOperator(operator);
  const now = new Date();
  const until = findUntil(scope, options.until, now);
  const exception: Exception = {
    id: crypto.randomUUID().slice(0, 8),
    scope,
    by: findAuthor(options.by),
    reason: options.reason,
    createdAt: now.toISOString(),
    until: until.toISOString(),
    noticedAt: null,
  };
  const deployment = await findDeployment(options);
  const exceptions = await open(deployment);
  const others = operator === undefined && cidr === undefined ? [] : await exceptions.list();
  if (operator !== undefined) noteSameOperator(operator, others, now);
  const tooMuch = whyTooMuch(exception, others, now);
  if (tooMuch !== null) throw new InputError(tooMuch);
  const count = () => preview(exception, deployment, options.events, now);
  const isCounted = detection === undefined || correlated.length < detection.length;
  const counted = isCounted ? await withProgress("counting what it would have covered", count) : [];
  for (const line of counted) say(onOneLine(line));
  if (correlated.length > 0) {
    const titles = correlated.map((title) => `"${title}"`).join(", ");
    say(onOneLine(`What it would have covered of the correlation ${titles} is not counted.`));
  }
  if (!(await asksConsent(onOneLine(`Except ${describeScope(scope)}, until ${exception.until}?`), options))) return;
  try {
    await exceptions.add(exception, now);
  } catch (error) {
    if (!/size has exceeded/i.test(toError(error).message)) throw error;
    throw new InputError(
      "there are more exceptions of this kind than DynamoDB keeps together (400 kB): remove some, or write a Sigma filter",
    );
  }
  print(describe(exception, now));
}

/** The end that is given, or the default; within the limit of the scope. */
function findUntil(scope: ExceptionScope, given: Date | undefined, now: Date): Date {
  const until = given ?? new Date(now.getTime() + defaultDays * day);
  if (until <= now) throw new InputError("--until lies in the past");
  const days = maximumDays(scope);
  // A day that is given lasts until its end.
  if (until.getTime() > now.getTime() + (days + 1) * day) {
    const last = new Date(now.getTime() + days * day).toISOString().slice(0, 10);
    const whom = scope.user === undefined ? "for anyone" : "for one user";
    throw new InputError(
      `an exception ${whom} lasts ${days} days at most: --until ${last}. For what is known for good, write a Sigma filter: docs/detections.md`,
    );
  }
  return until;
}

/** What it would have covered: of an export, or of what the deployment remembers. */
async function preview(
  exception: Exception,
  deployment: Deployment,
  file: string | undefined,
  now: Date,
): Promise<readonly string[]> {
  if (file !== undefined) {
    const { experimentalDetections: experimental, packs } = deployment;
    const coverage = await coverageOfEvents(file, exception, { experimental, packs }, now);
    return describeCoverage(coverage, { things: "matches", source: `In ${file}`, namesPersons: true });
  }
  const coverage = await coverageOfHistory(deployment, exception, now);
  if (coverage === null) {
    return [
      "What it would have covered is not remembered: the history keeps neither addresses nor detections. --events FILE counts it in an export.",
    ];
  }
  const source = "Of the sessions that are remembered, the last two of each person and network,";
  return describeCoverage(coverage, { things: "sessions", source, namesPersons: false });
}

/**
 * The titles of the correlations among the detections that are named.
 *
 * @throws InputError for an id that neither a rule nor a correlation has
 */
async function findCorrelated(ids: readonly string[]): Promise<readonly string[]> {
  const { rules, correlations } = contentsOf(await readDeployedDetections());
  const known = new Map([...rules, ...correlations].map(({ id, title }) => [id, title]));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length === 0) return correlations.filter(({ id }) => ids.includes(id)).map(({ title }) => title);
  const near = nearestDetections(unknown, known).map(({ id, title }) => `  ${id}  ${title}`);
  throw new InputError(
    `no detection has the id ${unknown.join(", ")}. The nearest, of ${known.size} that npx okta-proxy-watch rules lists:\n${near.join("\n")}`,
  );
}

/** The most detections that are named for an id that no detection has. */
const maximumNearest = 5;

/** The detections whose ids or titles come nearest to what was written: titles that hold it first, then by edits. */
function nearestDetections(written: readonly string[], known: ReadonlyMap<string, string>) {
  const fold = (text: string) => text.toLowerCase().replaceAll(/[\s_-]+/g, " ");
  const edits = (name: string) => {
    const words = fold(name).split(" ");
    return Math.min(
      ...written.map((each) => {
        if (fold(name).includes(fold(each))) return -1;
        return Math.min(distance(fold(each), fold(name)), ...words.map((word) => distance(fold(each), word)));
      }),
    );
  };
  return [...known]
    .map(([id, title]) => ({ id, title, edits: Math.min(edits(id), edits(title)) }))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, maximumNearest);
}

interface ListOptions extends DeploymentOptions {
  readonly ended: boolean;
  readonly json: boolean;
}

async function list(options: ListOptions): Promise<void> {
  const now = new Date();
  const all = await (await open(await findDeployment(options))).list();
  const shown = all.filter(({ until }) => options.ended || Date.parse(until) > now.getTime());
  if (options.json) {
    for (const exception of shown) process.stdout.write(`${jsonLine(exception)}\n`);
    return;
  }
  for (const exception of shown) print(describe(exception, now));
  const ended = all.length - shown.length;
  print(shown.length === 0 ? "There are no exceptions." : `${plural(shown.length, "exception")}.`);
  if (ended > 0) print(`${ended} more have ended: --ended shows them.`);
}

/** The fewest first characters that stand for an id, as for that of an incident. */
const leastStart = 4;

/** The exception with an id, or else the one whose id starts so; undefined for none. Several are refused: one of them is meant. */
function findByStart(id: string, all: readonly Exception[]): Exception | undefined {
  const exact = all.find((each) => each.id === id);
  if (exact !== undefined || id.length < leastStart) return exact;
  const found = all.filter((each) => each.id.startsWith(id.toLowerCase()));
  if (found.length > 1) {
    throw new InputError(`${id} is the beginning of ${found.length} ids: ${found.map((each) => each.id).join(", ")}`);
  }
  return found[0];
}

async function remove(
  ids: readonly string[],
  { yes, ...options }: DeploymentOptions & { readonly yes: boolean },
): Promise<void> {
  const exceptions = await open(await findDeployment(options));
  const all = await exceptions.list();
  const missing: string[] = [];
  const named = ids.map((id) => ({ id, exception: findByStart(id, all) }));
  const found = named.flatMap(({ exception }) => exception ?? []);
  if (found.length > 0) {
    if (!yes) for (const each of found) say(describe(each, new Date()));
    if (!(await asksConsent(`Remove ${found.length === 1 ? "it" : plural(found.length, "exception")}?`, { yes })))
      return;
  }
  for (const { id, exception } of named) {
    if (exception === undefined || !(await exceptions.remove(exception))) missing.push(id);
    else print(`Removed: ${describe(exception, new Date())}`);
  }
  if (missing.length > 0) throw new InputError(`no exception has the id ${missing.join(", ")}; list shows them`);
}

async function why(named: string, options: DeploymentOptions): Promise<void> {
  const deployment = await findDeployment(options);
  const all = await (await open(deployment)).list();
  const now = new Date();
  if (named !== "-" && !existsSync(named)) {
    if (!/^[\w-]{1,255}$/.test(named)) throw new InputError(`${named}: no such file, and no uuid of an event`);
    await printEnd(named, deployment, all, { now, target: sameTarget(options) });
    return;
  }
  const events: LogEvent[] = [];
  for await (const event of (await openExport(named)).events) events.push(event);
  if (events.length === 0) throw new InputError(`${named} holds no event`);
  const { rules } = await readDeployedDetections();
  const { experimentalDetections: experimental, packs } = deployment;
  const ruleSet = await compileRules(
    rules.map(({ content }) => content).filter((rule) => isEnabled(rule, { experimental, packs })),
  );
  for (const event of events) {
    const users = personKeys(event);
    print(onOneLine(`${event.uuid}  ${event.eventType}  ${users.join(", ") || "no user"}`));
    if (findCandidate(event, ruleSet) === null)
      print("  No detection matches it: it is no alert, whatever exceptions cover.");
    const subject = exceptionSubject(event, users);
    const reasons = all.map((exception) => ({ exception, reason: whyNotCovered(exception, subject, now) }));
    const covering = reasons.filter(({ reason }) => reason === null);
    if (covering.length === 0) print("  No exception covers it.");
    for (const { exception } of covering) print(`  Covered by ${describe(exception, now)}`);
    for (const { exception, reason } of reasons) {
      if (reason !== null) print(onOneLine(`  Not by ${exception.id} (${describeScope(exception.scope)}): ${reason}.`));
    }
  }
}

async function notify(options: DeploymentOptions): Promise<void> {
  const deployment = await findDeployment(options);
  const publish = createTopic(deployment.alertTopicArn, { client: deployment.sns });
  const now = new Date();
  const named = await publishNotice(
    await open(deployment),
    (message) => publish(message, AbortSignal.timeout(10_000)),
    now,
  );
  if (named.length === 0) print("Every exception that ends within a week has had its notice.");
  for (const exception of named) print(`Reported: ${describe(exception, now)}`);
}

/** Prints the result of an event of the last seven days, or where it may be. */
async function printEnd(
  uuid: string,
  deployment: Deployment,
  all: readonly Exception[],
  { now, target }: { readonly now: Date; readonly target: string },
): Promise<void> {
  const { dynamodb, stateTable } = deployment;
  const found = await createClaims(stateTable, async () => sdkDynamodb(dynamodb)).find(
    uuid,
    AbortSignal.timeout(10_000),
  );
  if (found?.kind !== "done") {
    const waiting = plural(await countWaiting(deployment), "message");
    if (found !== null) {
      print(`The event ${uuid} is in progress: ${describeClaim(found.until, now)}. On the retry queue: ${waiting}.`);
      return;
    }
    print(
      [
        `Nothing is recorded of the event ${uuid}. One of this is so:`,
        "  It did not come, it matched no detection, or it is older than seven days.",
        `  It still waits on the retry queue, which holds ${waiting} now.`,
        `  It lies on the dead-letter queue: npx okta-proxy-watch deadletters list${target} shows what does.`,
      ].join("\n"),
    );
    process.exitCode = 1;
    return;
  }
  const outcomes = {
    alerted: "was alerted on",
    excepted: "was not alerted on, as exceptions cover it",
    suppressed: `was suppressed, as an alert about the same went out within suppressMinutes before it (${defaultSuppressMinutes} unless settings.yml says otherwise)`,
    inStorm: "was not alerted on singly, as the alerts about the storm of failed sign-ins from its source report it",
    gathered: "was not alerted on singly, as one alert reports the sign-ins of many persons from its source",
    deadLettered: "lies on the dead-letter queue, as its alert may have been sent too often",
  } as const;
  print(`The event ${uuid} ${outcomes[found.end.outcome]}.`);
  for (const id of found.end.exceptions) {
    const exception = all.find((each) => each.id === id);
    print(`  Covered by ${exception === undefined ? `${id}, which is no more` : describe(exception, now)}`);
  }
}

/** @param until when the claim expires, null where that is not known */
function describeClaim(until: Date | null, now: Date): string {
  if (until === null || until > now) {
    const end = until === null ? "" : ` until ${until.toISOString()}`;
    return `a function has claimed it${end}, and has published no alert yet`;
  }
  return "a function claimed it and did not finish; its next try starts anew";
}

function describe({ id, scope, by, reason, until }: Exception, now: Date): string {
  const ended = Date.parse(until) <= now.getTime();
  return `${onOneLine(`${id}  ${describeScope(scope)}`)}\n    ${onOneLine(`${reason} (${by})`)}, ${ended ? "ended" : "until"} ${until}`;
}

function parseAsn(text: string): number {
  const number = /^(?:AS)?(\d{1,10})$/i.exec(text)?.[1];
  // No system has the number zero (RFC 7607).
  if (number === undefined || Number(number) === 0) {
    throw new InvalidArgumentError("a number such as 64500 is expected");
  }
  return Number(number);
}

function parseCountry(text: string): string {
  const code = countryCode(text);
  if (code === null) throw new InvalidArgumentError("a country, or its two-letter code, is expected");
  return code;
}

function checkCidr(text: string): string {
  const network = parseCidr(text);
  if (network === null) throw new InvalidArgumentError("a network such as 192.0.2.0/24 or 2001:db8::/32 is expected");
  const base = networkBase(network);
  const single = networkBase({ ...network, prefix: isIPv4(network.address) ? 32 : 128 });
  const addressOf = (cidr: string) => cidr.split("/")[0];
  if (addressOf(base) !== addressOf(single)) {
    throw new InvalidArgumentError(`it is an address of the network ${base}: give that, or ${single} for it alone`);
  }
  return text;
}

function collectKinds(text: string, before: readonly NetworkKind[] = []): readonly NetworkKind[] {
  const kind = networkKinds.find((each) => each === text.trim().toLowerCase().replaceAll("-", "_"));
  if (kind === undefined) throw new InvalidArgumentError(`one of ${networkKinds.join(", ")} is expected`);
  return [...before, kind];
}

/** No login that an alert has is a pattern, or several. */
function parseUser(text: string): string {
  if (/[*%?,;\s<>"()]/.test(text.trim())) {
    throw new InvalidArgumentError(
      "one login or Okta user id is expected, in full: for several make an exception each, for a pattern write a Sigma filter",
    );
  }
  return parseText(text);
}

export const command = createCommand(
  "exceptions",
  "Manages exceptions: matches that are declared harmless until a date. They are counted, not alerted on.",
);
const subcommand = (name: string, description: string): Command =>
  addDeploymentOptions(command.command(name).description(description));

subcommand("add", "adds one; what is given has to be met all together")
  .option("--user <user>", "an Okta user id (00u...) or a login", once(parseUser))
  .option("--operator <name>", "Okta's name of the operator: NORD_VPN, APPLE_ICLOUD_RELAY_PROXY…", once(parseText))
  .option("--asn <number>", "an autonomous system", once(parseAsn))
  .option("--cidr <network>", "a network, IPv4 or IPv6", once(checkCidr))
  .option("--country <country>", "a country, by name or two-letter code", once(parseCountry))
  .option(
    "--kind <kinds...>",
    `only these kinds of network: ${networkKinds.join(", ")} (default: all but ${worstKinds.join(" and ")})`,
    collectKinds,
  )
  .option(
    "--detection <ids...>",
    "only these detections (default: each rule about a session start; no correlation, and nothing else)",
  )
  .requiredOption("--reason <text>", "why it is harmless", once(parseText))
  .option("--by <name>", "who says so (default: the user of this machine, where that is a person)", once(parseText))
  .option("--until <when>", `${timeForms}; a day counts whole (default: ${defaultDays}d)`, once(parseEnd))
  .option("--events <file>", "count what it would have covered in this export, in place of what is remembered")
  .option(...yesOption)
  .addHelpText(
    "after",
    "\nExit code: 0; 1 when the answer was no; 2 when it cannot be made, or there is no terminal to ask at: then nothing is changed.",
  )
  .action(add);
subcommand("list", "lists them, the one that ends next first")
  .option("--ended", "those that have ended as well", false)
  .option("--json", "print each as a JSON line", false)
  .addHelpText("after", "\nExit code: 0; 2 when the stack, or the embedded run, is not there.")
  .action(list);
subcommand("remove", "removes some")
  .argument("<ids...>", "ids, as list prints them, or the beginning of each")
  .option(...yesOption)
  .addHelpText(
    "after",
    `\nExit code: 0; ${consentExit}; 2 when there is no terminal to ask at, or one is not there: the others are removed.`,
  )
  .action(remove);
subcommand("why", "shows why an event was not alerted on, or which exceptions would cover one")
  .argument("<event>", "the uuid of an event of the last seven days, or a file that holds events, or alerts")
  .addHelpText("after", "\nExit code: 0; 1 when nothing is recorded of the event; 2 when the file cannot be used.")
  .action(why);
subcommand("notify", "publishes a notice about those that end within a week, as is done every day by itself")
  .addHelpText("after", "\nExit code: 0; 2 when the stack, or the embedded run, is not there.")
  .action(notify);
