import { readFile } from "node:fs/promises";
import { DeleteItemCommand, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { type Command, InvalidArgumentError } from "commander";
import { sdkDynamodb } from "../lambda/adapters/aws/dynamodb/sdk.ts";
import { createUsersApi } from "../lambda/adapters/okta-api/users-api.ts";
import { daysNaming, removePerson } from "../lambda/adapters/tables/day-counts.ts";
import { openIncidents } from "../lambda/adapters/tables/incidents.ts";
import { createLookUp } from "../lambda/adapters/tables/look-up.ts";
import { openProfileItems } from "../lambda/adapters/tables/profile-items.ts";
import { journeysOf, keysOfProfile } from "../lambda/adapters/tables/profile-look-up.ts";
import { createSyncState } from "../lambda/adapters/tables/sync-state.ts";
import { trailItemId } from "../lambda/adapters/tables/trails.ts";
import { userItemIds } from "../lambda/adapters/tables/user-item-ids.ts";
import { countryCode } from "../lambda/core/geo/country.ts";
import { loginUserKey, type UserKey } from "../lambda/core/history/user-key.ts";
import { type Incident, incidentDays } from "../lambda/core/incidents/incident.ts";
import type { GeographicalContext } from "../lambda/core/okta/log-event.ts";
import { canonicalLogin, personKeys } from "../lambda/core/okta/person.ts";
import { formatKm, judgeLocation } from "../lambda/core/profiles/judge-location.ts";
import {
  defaultAttributes,
  type LocationAttributes,
  readLocationAttributes,
} from "../lambda/core/profiles/okta-user.ts";
import { allLocations, type Profile } from "../lambda/core/profiles/profile.ts";
import type { ProfileLocation } from "../lambda/core/profiles/profile-location.ts";
import { syncProfiles } from "../lambda/core/profiles/sync.ts";
import { plural } from "../lambda/core/text/shorten.ts";
import { createCommand, InputError, jsonLine, onOneLine, onTerminal } from "./command.ts";
import { asksConsent, consentExit, yesOption } from "./consent.ts";
import { addDeploymentOptions, type Deployment, type DeploymentOptions, findDeployment } from "./deployment.ts";
import { openExport } from "./event-export.ts";
import { loadGeocoder } from "./geocoding/load-geocoder.ts";
import { placeLocation } from "./geocoding/place-location.ts";
import { askingOkta, openOkta } from "./okta-credential.ts";
import { credentialHelp } from "./okta-credential-help.ts";
import { parseDistance } from "./option-parsers.ts";
import { type BadRow, columnNames } from "./profile-file.ts";
import { type ImportReport, importProfiles } from "./profile-import.ts";
import { addJourney } from "./profile-journeys.ts";
import { createProgress } from "./progress.ts";
import { parseEnd, timeForms } from "./times.ts";

const print = (text: string) => process.stdout.write(`${text}\n`);
const count = (number: number) => number.toLocaleString("en-US");

const openItems = ({ dynamodb, profileTable }: Deployment) => openProfileItems(dynamodb, profileTable);

interface ImportCommandOptions extends DeploymentOptions {
  readonly dryRun: boolean;
}

async function importFile(file: string, options: ImportCommandOptions): Promise<void> {
  const [deployment, geocode] = await Promise.all([findDeployment(options), loadGeocoder()]);
  const progress = createProgress(process.stderr);
  const report = await importProfiles({
    file,
    items: openItems(deployment),
    geocode,
    dryRun: options.dryRun,
    now: new Date(),
    onProgress: ({ users, created, changed, unchanged, tooLarge }) =>
      progress.update(() => {
        const done = created + changed + unchanged + tooLarge.length;
        return `${count(done)} of ${count(users)} users (${Math.floor((100 * done) / users)} %)`;
      }),
  }).finally(() => progress.done());
  printReport(file, report, options.dryRun);
  if (report.bad.length > 0 || report.tooLarge.length > 0) process.exitCode = 1;
}

function printReport(file: string, report: ImportReport, dryRun: boolean): void {
  const would = dryRun ? "would be " : "";
  print(
    `${plural(report.rows, "row")}, ${plural(report.users, "user")}: ${count(report.created)} ${would}created, ${count(report.changed)} ${would}changed, ${count(report.unchanged)} unchanged`,
  );
  printTooLarge(report.tooLarge);
  const { ignoredColumns, encoding } = report;
  if (ignoredColumns.length > 0) print(`Columns that are not read: ${onTerminal(ignoredColumns.join(", "))}`);
  if (encoding?.inferredFrom) {
    print(
      `Letters are read as ${encoding.name}, which Excel writes for "CSV": "${onTerminal(encoding.inferredFrom)}". If that is wrong, save the file as "CSV UTF-8" and import it again.`,
    );
  }
  printRows(file, report.bad, "left out:");
  printRows(file, report.unplaced, "without coordinates; the country alone can be compared:");
  printRows(file, report.notes, "with a place that is not the only one of its name:");
}

const maximumPrinted = 50;

/** Keys may come from a file: they are printed as JSON, and shortened. */
function printTooLarge(users: readonly string[]): void {
  if (users.length === 0) return;
  print(
    `\n${plural(users.length, "user")} left unchanged: the locations exceed what an item of DynamoDB has room for (400 KB, a key of 2,048 bytes):`,
  );
  printFirst(users, (user) => JSON.stringify(user.slice(0, 100)).slice(1, -1));
}

function printRows(file: string, rows: readonly BadRow[], what: string): void {
  if (rows.length === 0) return;
  print(`\n${plural(rows.length, "row")} ${what}`);
  printFirst(rows, ({ line, reason }) => `${file}:${line}: ${onOneLine(reason)}`);
}

function printFirst<Item>(items: readonly Item[], write: (item: Item) => string): void {
  for (const item of items.slice(0, maximumPrinted)) print(`  ${write(item)}`);
  if (items.length > maximumPrinted) print(`  and ${count(items.length - maximumPrinted)} more`);
}

/**
 * The keys that a user as written on the command line may have: other tools may write a login in another Unicode form.
 */
const keysOf = (user: string) => [...new Set([user, user.toLowerCase(), canonicalLogin(user)])];

interface ListOptions extends DeploymentOptions {
  readonly json: boolean;
}

async function show(user: string, options: ListOptions): Promise<void> {
  const items = openItems(await findDeployment(options));
  const keys = keysOf(user).flatMap(keysOfProfile);
  const found = await items.get(keys);
  if (found.size === 0) throw new InputError(`no profile of ${user}; an Okta user id (00u...) or a login is expected`);
  // DynamoDB answers in an order of its own.
  for (const item of keys.flatMap((key) => found.get(key) ?? [])) print(options.json ? toJson(item) : describe(item));
}

async function list(options: ListOptions): Promise<void> {
  let users = 0;
  for await (const item of openItems(await findDeployment(options)).scan()) {
    print(options.json ? toJson(item) : describe(item));
    if (journeysOf(item) === null) users += 1;
  }
  if (options.json) return;
  print(users === 0 ? "There are no profiles." : `${plural(users, "profile")}.`);
}

/** An item as a line of JSON: a person's locations, or their journeys, which are kept apart. */
function toJson(profile: Profile): string {
  const { user, source, updatedAt, imported, okta } = profile;
  const traveler = journeysOf(profile);
  return jsonLine({
    user: traveler ?? user,
    kind: traveler === null ? "profile" : "journeys",
    source,
    updatedAt,
    imported: imported?.updatedAt ?? null,
    okta: okta?.updatedAt ?? null,
    locations: allLocations(profile),
  });
}

/** Describes an item: its sources with their times, then the locations. */
function describe(profile: Profile): string {
  const { user, locations, source, updatedAt, imported, okta } = profile;
  const sources = [
    ...(locations.length === 0 ? [] : [[source ?? "unknown source", updatedAt]]),
    ...(imported === null ? [] : [["import", imported.updatedAt]]),
    ...(okta === null ? [] : [["okta", okta.updatedAt]]),
  ].map((each) => each.filter(Boolean).join(", "));
  const lines = allLocations(profile).map(
    (location) => `  ${describeStored(location)}${location.until === null ? "" : `, until ${location.until}`}`,
  );
  const traveler = journeysOf(profile);
  const name = traveler === null ? user : `${traveler}, journeys`;
  return [`${name}${sources.length === 0 ? "" : `  (${sources.join("; ")})`}`, ...lines].map(onOneLine).join("\n");
}

function describeStored(location: ProfileLocation): string {
  return `${location.label}: ${describePlaceOf(location)}`;
}

function describePlaceOf({ city, state, countryCode: country, latitude, longitude }: ProfileLocation): string {
  const place = [city, state, country].filter(Boolean).join(", ") || "nowhere that is named";
  const coordinates = latitude !== null ? ` (${latitude}, ${longitude})` : " (no coordinates)";
  return `${place}${coordinates}`;
}

async function exportAll(options: DeploymentOptions): Promise<void> {
  print(columnNames.join(","));
  for await (const profile of openItems(await findDeployment(options)).scan()) {
    const { user } = profile;
    const key = user.startsWith("00u") ? { userId: user, login: "" } : { userId: "", login: user };
    for (const location of allLocations(profile)) {
      // Journeys expire: an export leaves them out.
      if (location.until !== null) continue;
      const row = { ...location, ...key };
      print(columnNames.map((column) => quote(row[column])).join(","));
    }
  }
}

function quote(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function remove(user: string, { yes, ...options }: DeploymentOptions & { readonly yes: boolean }): Promise<void> {
  const deployment = await findDeployment(options);
  const { dynamodb, stateTable } = deployment;
  // Without the key, items under a login cannot be found: nothing is deleted, rather than a part.
  const stateKey = await deployment.stateKey();
  const users: UserKey[] = [loginUserKey(user), ...keysOf(user).map((id) => `id#${id}` as const)];
  const ids = new Set(users.flatMap((each) => [...userItemIds(each, stateKey), trailItemId(each, stateKey)]));
  const login = canonicalLogin(user);
  const isPerson = (name: string) => name === user || canonicalLogin(name) === login;
  const isAbout = ({ user: person }: Incident) => person?.id === user || canonicalLogin(person?.login ?? "") === login;
  const items = openItems(deployment);
  const incidents = await openIncidents(dynamodb, stateTable);
  const keys = keysOf(user).flatMap(keysOfProfile);
  const stored = await items.get(keys);
  const now = new Date();
  const kept = describeKept({
    profiles: [...stored].map(([key, item]) => nameOfItem(key, item)),
    remembered: await countStored(ids, deployment),
    incidents: (await incidents.list(new Date(now.getTime() - incidentDays * 86_400_000), now)).filter(isAbout).length,
    days: (await daysNaming(dynamodb, stateTable, isPerson, now)).length,
  });
  if (kept.length === 0) throw new InputError(`nothing is kept of ${user}`);
  if (!yes) process.stderr.write(onTerminal(`Kept of ${user}: ${kept.join("; ")}\n`));
  if (!(await asksConsent("Delete it for good?", { yes }))) return;
  const removed = await items.remove(keys);
  const gone = describeKept({
    profiles: removed.map((key) => nameOfItem(key, stored.get(key))),
    remembered: await forgetUsers(ids, deployment),
    incidents: await incidents.removeOf(isAbout, now),
    days: await removePerson(dynamodb, stateTable, isPerson, now),
  });
  for (const each of gone) print(`Deleted: ${each}`);
}

interface Kept {
  /** Profile locations and journeys, by name. */
  readonly profiles: readonly string[];
  /** Items of users' states. */
  readonly remembered: number;
  readonly incidents: number;
  readonly days: number;
}

/** What is kept of a person, in words; an empty list for nothing. */
function describeKept({ profiles, remembered, incidents, days }: Kept): readonly string[] {
  return [
    ...(profiles.length > 0 ? [profiles.toSorted().join(", ")] : []),
    ...(remembered > 0 ? ["what is remembered of the user's sessions"] : []),
    ...(incidents > 0 ? [plural(incidents, "incident")] : []),
    ...(days > 0 ? [`the name in the digest's counts of ${plural(days, "day")}`] : []),
  ];
}

function nameOfItem(key: string, item: Parameters<typeof journeysOf>[0] | undefined): string {
  const traveler = item === undefined ? null : journeysOf(item);
  return traveler === null ? key : `journeys of ${traveler}`;
}

/** Counts the items of users' states that are there. */
async function countStored(ids: ReadonlySet<string>, { dynamodb, stateTable }: Deployment): Promise<number> {
  const found = await Promise.all(
    [...ids].map((id) =>
      dynamodb.send(new GetItemCommand({ TableName: stateTable, Key: { id: { S: id } }, ProjectionExpression: "id" })),
    ),
  );
  return found.filter(({ Item }) => Item !== undefined).length;
}

/** Removes items of users' states; returns their number. */
async function forgetUsers(ids: ReadonlySet<string>, { dynamodb, stateTable }: Deployment): Promise<number> {
  let removed = 0;
  for (const id of ids) {
    const { Attributes } = await dynamodb.send(
      new DeleteItemCommand({ TableName: stateTable, Key: { id: { S: id } }, ReturnValues: "ALL_OLD" }),
    );
    if (Attributes !== undefined) removed += 1;
  }
  return removed;
}

interface PlaceOptions {
  readonly city?: string;
  readonly state?: string;
  readonly country?: string;
}

interface TravelOptions extends DeploymentOptions, PlaceOptions {
  readonly until: Date;
}

async function travel(user: string, options: TravelOptions): Promise<void> {
  if (options.until.getTime() <= Date.now()) throw new InputError("--until lies in the past");
  if (options.country === undefined) throw new InputError("--country is missing");
  const { dynamodb, profileTable } = await findDeployment(options);
  const { until } = options;
  const location = await toLocation(options, "journey");
  const key = user.startsWith("00u") ? user : canonicalLogin(user);
  await addJourney(dynamodb, profileTable, { user: key, location, until }, new Date());
  print(`${user} may be in ${describePlaceOf(location)} until ${until.toISOString()}.`);
}

/** A location by name, with the coordinates of its city where that is known. */
async function toLocation({ city, state, country }: PlaceOptions, label: string): Promise<ProfileLocation> {
  const code = countryCode(country);
  if (country !== undefined && code === null) throw new InputError(`"${country}" is no country that is known`);
  const place = { city: city ?? null, state: state ?? null, countryCode: code };
  const geocoded = city === undefined ? null : (await loadGeocoder())(place);
  if (geocoded !== null && !geocoded.found) throw new InputError(geocoded.reason);
  if (geocoded?.note) process.stderr.write(`note: ${geocoded.note}\n`);
  return {
    label,
    ...place,
    postalCode: null,
    latitude: geocoded?.latitude ?? null,
    longitude: geocoded?.longitude ?? null,
  };
}

interface JudgeOptions extends DeploymentOptions, PlaceOptions {
  readonly event?: string;
  readonly distanceKm?: number;
}

async function judge(user: string | undefined, options: JudgeOptions): Promise<void> {
  const deployment = await findDeployment(options);
  const thresholdKm = options.distanceKm ?? deployment.mismatchDistanceKm;
  if (options.event !== undefined) {
    const { events } = await openExport(options.event);
    for await (const event of events) {
      const keys = personKeys(event);
      print(onOneLine(`${event.uuid}  ${keys.join(", ") || "no user"}`));
      await printJudgement(keys, event.fields.client?.geographicalContext ?? null, thresholdKm, deployment);
    }
    return;
  }
  if (user === undefined) throw new InputError("name a user and --country or --city, or --event FILE");
  if (options.country === undefined) throw new InputError("--country is missing");
  const { city, state, latitude, longitude } = await toLocation(options, "exit");
  const exit: GeographicalContext = {
    city,
    state,
    country: options.country,
    postalCode: null,
    geolocation: latitude === null ? null : { lat: latitude, lon: longitude },
  };
  await printJudgement(keysOf(user), exit, thresholdKm, deployment);
}

/** The same look-up and the same judgement as the detection's. */
async function printJudgement(
  keys: readonly string[],
  exit: GeographicalContext | null,
  thresholdKm: number,
  { profileTable, stateTable, dynamodb }: Deployment,
): Promise<void> {
  const noKey = () => Promise.reject(new Error("what is remembered of users is not asked for"));
  const lookUp = createLookUp(profileTable, stateTable, noKey, async () => sdkDynamodb(dynamodb));
  const found = await lookUp(
    { keys: new Set(keys), users: new Set(), incidents: new Set() },
    AbortSignal.timeout(30_000),
  );
  const locations = keys.flatMap((key) => found.locations.get(key) ?? []);
  const judgement = judgeLocation(exit, locations, thresholdKm);
  print(`verdict:   ${judgement.verdict}`);
  print(onOneLine(`reason:    ${judgement.reason}`));
  if (judgement.distanceKm !== null) print(`distance:  ${formatKm(judgement.distanceKm)}`);
  if (judgement.nearestProfileLocation !== null)
    print(onOneLine(`nearest:   ${describeStored(judgement.nearestProfileLocation)}`));
  print(onOneLine(`locations: ${locations.length === 0 ? "none" : locations.map(describeStored).join("; ")}`));
}

interface SyncOptions extends DeploymentOptions {
  readonly oktaUrl: string;
  readonly attributes: readonly LocationAttributes[];
  readonly full: boolean;
}

async function sync(options: SyncOptions): Promise<void> {
  const stopping = new AbortController();
  process.once("SIGINT", () => stopping.abort());
  const progress = createProgress(process.stderr);
  const tooLarge: string[] = [];
  await askingOkta(async () => {
    const client = openOkta(options.oktaUrl, ["okta.users.read"]);
    const [deployment, geocode] = await Promise.all([findDeployment(options), loadGeocoder()]);
    const report = await syncProfiles(
      {
        api: createUsersApi(client),
        items: openItems(deployment),
        ...createSyncState(deployment.dynamodb, deployment.stateTable),
        attributes: options.attributes,
        full: options.full,
        locate: (location) => placeLocation(location, geocode).location,
        now: () => new Date(),
        onTooLarge: (userId) => tooLarge.push(userId),
        onProgress: ({ users, changed }) =>
          progress.update(() => `${plural(users, "user")} read, ${plural(changed, "item")} changed`),
      },
      stopping.signal,
    );
    progress.done();
    print(
      `${plural(report.users, "user")} on ${plural(report.pages, "page")} (${report.full ? "all" : "those changed since the last sync"}): ${plural(report.changed, "item")} changed, the locations of ${plural(report.removed, "user")} removed`,
    );
    printTooLarge(tooLarge);
    if (tooLarge.length > 0) process.exitCode = 1;
    if (report.finished) return;
    print("Stopped before the end: the next sync goes on here.");
    process.exitCode = 1;
  }, "What was read is kept; the next sync goes on there.").finally(() => progress.done());
}

function parseAttributes(text: string): readonly LocationAttributes[] {
  const attributes = readLocationAttributes(text);
  if (attributes === null)
    throw new InvalidArgumentError(`Expected JSON such as ${JSON.stringify(defaultAttributes)}.`);
  return attributes;
}

async function readTemplate(): Promise<void> {
  print((await readFile(new URL("profiles-template.csv", import.meta.url), "utf8")).trimEnd());
}

export const command = createCommand(
  "profiles",
  "Manages users' profile locations, which the mismatch detection compares with.",
);
const subcommand = (name: string, description: string): Command =>
  addDeploymentOptions(command.command(name).description(description));
const addPlaceOptions = (each: Command): Command =>
  each
    .option("--city <name>", "city, in English or locally")
    .option("--state <name>", "state, province or Land, by name or code")
    .option("--country <name>", "country, by name or ISO code");

subcommand("import", "loads locations from a CSV file, and places their cities")
  .argument("<file>", "CSV file: an Okta user report, an HR export, or the template")
  .option("--dry-run", "show what would change, and write nothing", false)
  .addHelpText("after", "\nExit code: 0; 1 when rows or users were left out; 2 when the file cannot be used.")
  .action(importFile);
subcommand("show", "prints a user's locations")
  .argument("<user>", "Okta user id or login")
  .option("--json", "print each item as a JSON line", false)
  .addHelpText("after", "\nExit code: 0; 2 when there is no profile of the user.")
  .action(show);
subcommand("list", "prints all users' locations")
  .option("--json", "print each item as a JSON line", false)
  .addHelpText("after", "\nExit code: 0; 2 when the stack, or the embedded run, is not there.")
  .action(list);
subcommand(
  "export",
  "prints all locations as CSV, as import reads them: npx okta-proxy-watch profiles export > profiles.csv",
)
  .addHelpText("after", "\nExit code: 0; 2 when the stack, or the embedded run, is not there.")
  .action(exportAll);
subcommand("delete", "removes all that is stored of a user")
  .argument("<user>", "Okta user id or login")
  .option(...yesOption)
  .addHelpText(
    "after",
    `\nExit code: 0; ${consentExit}; 2 when nothing is kept of the user, or there is no terminal to ask at.`,
  )
  .action(remove);
addPlaceOptions(subcommand("travel", "adds a location that counts until a day"))
  .argument("<user>", "Okta user id or login")
  .requiredOption("--until <time>", `${timeForms}; a day counts whole`, parseEnd)
  .addHelpText("after", "\nExit code: 0; 2 when the place or the time cannot be used.")
  .action(travel);
addPlaceOptions(subcommand("judge", "judges a place as the detection does"))
  .argument("[user]", "Okta user id or login")
  .option("--event <file>", "judge the events of an export instead")
  .option("--distance-km <number>", "the threshold (default: that of the deployment)", parseDistance)
  .addHelpText("after", "\nExit code: 0, whatever the verdict; 2 when the place or the file cannot be used.")
  .action(judge);
subcommand("sync", "brings locations up to date with Okta's users, and places their cities")
  .requiredOption("--okta-url <url>", "the org: https://example.okta.com")
  .option("--full", "read all users, not only those changed since the last sync", false)
  .option("--attributes <json>", "which profile attributes hold locations", parseAttributes, defaultAttributes)
  .addHelpText(
    "after",
    `
${credentialHelp(["okta.users.read"])}

Exit code: 0; 1 when it was stopped, users were left out, or Okta failed; 2 when Okta refuses it.`,
  )
  .action(sync);
command
  .command("template")
  .description("prints a CSV file to fill in: npx okta-proxy-watch profiles template > profiles.csv")
  .addHelpText("after", "\nExit code: 0.")
  .action(readTemplate);
