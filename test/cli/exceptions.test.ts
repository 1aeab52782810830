import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createClaims } from "../../lambda/adapters/tables/claims.ts";
import { exceptionsOfAnyoneId } from "../../lambda/adapters/tables/exceptions.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { names } from "../../local/resources.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";
import { patientDynamodb } from "../fixtures/timing.ts";

let run: EmbeddedRun;
let folder: string;
const notices: string[] = [];
beforeAll(async () => {
  run = await startEmbeddedRun({
    port: 0,
    hookSecret: "secret",
    mismatchDistanceKm: 500,
    onError: () => {},
    onNotice: ({ email }) => void notices.push(email),
  });
  folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await run.stop();
});

const exceptions = (...args: readonly string[]): Promise<Output> =>
  runCli("exceptions", [...args, "--local", "--url", run.url]);

/** Makes one, without being asked. */
const add = (...args: readonly string[]): Promise<Output> => exceptions("add", ...args, "--by", "grace", "--yes");

async function deliver(...events: readonly Json[]): Promise<void> {
  const response = await fetch(run.url, {
    method: "POST",
    headers: { authorization: "secret", "content-type": "application/json" },
    body: JSON.stringify(delivery(events)),
  });
  expect(response.status).toBe(204);
}
const alerted = () => run.alerts.received.map(({ alert }) => alert.okta.eventUuid);
const vpn = (operator: string): Json => ({
  isProxy: true,
  asNumber: 64500,
  ipDetails: { ipServiceCategories: [{ type: "VPN", operator, isAnonymous: true }] },
});

test("an exception holds back what it covers and nothing else, says why, and has no effect once removed", async () => {
  const added = await add("--user", "Ada@Example.com", "--operator", "NORDVPN", "--reason", "asked her");
  expect(added).toMatchObject({ code: 0, stderr: expect.stringContaining("it covers 0 of 0 sessions") });
  expect(added.stdout).toMatch(/^[0-9a-f]{8} {2}ada@example\.com, operator NORDVPN\n {4}asked her \(grace\), until 20/);
  const [id = ""] = added.stdout.split(" ");
  const until = /until (\S+)/.exec(added.stdout)?.[1] ?? "";
  expect((Date.parse(until) - Date.now()) / 86_400_000).toBeCloseTo(90, 1);

  const covered = sessionStart({ securityContext: vpn("NORDVPN") });
  const other = sessionStart({ securityContext: vpn("MULLVAD") });
  await deliver(covered, other);
  await vi.waitUntil(() => run.alerts.received.length > 0, 60_000);
  expect(alerted()).toEqual([other.uuid]);
  // What came before it in the same delivery is known, excepted or not.
  expect(run.alerts.received[0]?.alert.history?.firstTime).toBe(false);

  const why = await exceptions("why", String(covered.uuid));
  expect(why.stdout).toContain(`was not alerted on, as exceptions cover it.\n  Covered by ${id}`);
  expect((await exceptions("why", String(other.uuid))).stdout).toContain("was alerted on.");
  expect(await exceptions("why", crypto.randomUUID())).toMatchObject({ code: 1 });
  const file = join(folder, "event.json");
  await writeFile(file, JSON.stringify(delivery([covered, other])));
  const both = (await exceptions("why", file)).stdout;
  expect(both).toContain(`Covered by ${id}`);
  expect(both).toContain(
    `Not by ${id} (ada@example.com, operator NORDVPN): the operator is MULLVAD (vpn), not NORDVPN alone.`,
  );

  expect((await exceptions("list")).stdout).toContain("1 exception.");
  expect(JSON.parse((await exceptions("list", "--json")).stdout)).toMatchObject({ id, reason: "asked her" });
  const unasked = await exceptions("remove", id);
  expect(unasked).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(`remove ${id} `) });
  expect(unasked.stderr).toContain(`${id}  `);
  expect((await exceptions("list")).stdout).toContain("1 exception.");
  expect(await exceptions("remove", "--yes", id.slice(0, 3))).toMatchObject({ code: 2, stdout: "" });
  expect((await exceptions("remove", "--yes", id.slice(0, 13))).stdout).toContain(`Removed: ${id}`);
  expect(await exceptions("remove", "--yes", id)).toMatchObject({ code: 2, stderr: expect.stringContaining(id) });
  const again = sessionStart({ securityContext: { ...vpn("NORDVPN"), asNumber: 64501 } });
  await deliver(again);
  await vi.waitUntil(() => alerted().includes(String(again.uuid)), 60_000);
  // What was excepted is kept in the history.
  expect(run.alerts.received.at(-1)?.alert.history).toMatchObject({ firstTime: false, firstTimeForAsn: true });
});

test("why of an event of which nothing is recorded says where it may be, and how many messages wait on the retry queue", async () => {
  const sqs = new SQSClient({});
  const message = { QueueUrl: run.environment.RETRY_QUEUE_URL, MessageBody: "{}", DelaySeconds: 900 };
  await sqs.send(new SendMessageCommand(message));
  sqs.destroy();
  const { code, stdout } = await exceptions("why", crypto.randomUUID());
  expect(code).toBe(1);
  expect(stdout).toContain("It did not come, it matched no detection, or it is older than seven days.");
  expect(stdout).toContain("It still waits on the retry queue, which holds 1 message now.");
  expect(stdout).toContain("npx okta-proxy-watch deadletters list");
});

test("why of an event that is claimed says until when, and how many messages wait", async () => {
  const claims = createClaims(names.stateTable, patientDynamodb());
  const claim = (uuid: string, lease: number) => claims.claim(uuid, { lease }, AbortSignal.timeout(100_000));
  await claim("claimed", 600_000);
  expect((await exceptions("why", "claimed")).stdout).toMatch(
    /^The event claimed is in progress: a function has claimed it until 2\S+Z, and has published no alert yet\. On the retry queue: \d messages?\.$/m,
  );
  await claim("stopped", -1_000);
  expect((await exceptions("why", "stopped")).stdout).toContain("did not finish; its next try starts anew");
});

test("why of a suppressed event names the setting", async () => {
  await createClaims(names.stateTable, patientDynamodb()).complete(
    "suppressed",
    { outcome: "suppressed", undecided: [], exceptions: [] },
    AbortSignal.timeout(100_000),
  );
  expect((await exceptions("why", "suppressed")).stdout).toContain(
    "was suppressed, as an alert about the same went out within suppressMinutes before it (60 unless",
  );
});

test("why of a file says of an event that no detection matches it", async () => {
  const file = join(folder, "events.json");
  await writeFile(file, JSON.stringify(delivery([sessionStart(), sessionStart({ eventType: "user.session.end" })])));
  const [matched, unmatched] = (await exceptions("why", file)).stdout.split("user.session.end");
  expect(matched).not.toContain("No detection");
  expect(unmatched).toContain("No detection matches it: it is no alert");
});

test("an exception of a correlation is made, and its preview says that it counts no correlations", async () => {
  const spray = "3fbf7974-87e8-46a7-865f-e4701eceb584";
  const added = await add("--user", "ada@example.com", "--detection", spray, "--reason", "a test of passwords");
  expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining(spray) });
  expect(added.stderr).toMatch(
    /^What it would have covered of the correlation "Okta Sign-In Succeeded.*is not counted\.$/m,
  );
  expect(added.stderr).not.toContain("--events FILE");
});

test("an exception has no effect from the second at which it ends", async () => {
  const until = new Date(Date.now() + 4_000).toISOString();
  await add("--asn", "AS64999", "--reason", "a short while", "--until", until);
  const start = (): Json =>
    sessionStart({
      actor: { id: `00u${crypto.randomUUID()}`, type: "User" },
      securityContext: { isProxy: true, asNumber: 64999 },
    });
  const before = start();
  await deliver(before);
  await vi.waitUntil(() => Date.now() > Date.parse(until), 60_000);
  const after = start();
  await deliver(after);
  await vi.waitUntil(() => alerted().includes(String(after.uuid)), 60_000);
  expect(alerted()).not.toContain(before.uuid);
  expect((await exceptions("list")).stdout).toContain("1 more have ended");
  expect((await exceptions("list", "--ended")).stdout).toMatch(/a short while \(grace\), ended/);
});

test.each<[string, string[], RegExp]>([
  ["covers everything", ["add", "--reason", "x"], /say whom or what it covers/],
  ["covers everything of a detection", ["add", "--reason", "x", "--detection", "y"], /say whom or what it covers/],
  ["says no reason", ["add", "--user", "ada"], /--reason/],
  ["has ended", ["add", "--user", "ada", "--reason", "x", "--until", "2020-01-01"], /lies in the past/],
  ["ends at no time", ["add", "--user", "ada", "--reason", "x", "--until", "soon"], /a day \(2026-12-31\)/],
  ["ends in a number", ["add", "--user", "a", "--reason", "x", "--until", "90"], /: for 90 days write 90d/],
  ["ends on a guess", ["add", "--user", "a", "--reason", "x", "--until", "1 Jan 2099"], /a day \(2026-12-31\)/],
  ["has no network", ["add", "--cidr", "192.0.2.0", "--reason", "x"], /192\.0\.2\.0\/24/],
  [
    "names an address with the prefix of its network",
    ["add", "--cidr", "192.0.2.5/24", "--reason", "x"],
    /an address of the network 192\.0\.2\.0\/24: give that, or 192\.0\.2\.5\/32 for it alone/,
  ],
  ["has no country", ["add", "--country", "Nowhere", "--reason", "x"], /two-letter code/],
  ["has no ASN", ["add", "--asn", "AS", "--reason", "x"], /64500/],
  [
    "names no detection of ours",
    ["add", "--user", "a", "--reason", "x", "--detection", "y"],
    /no detection has the id y/,
  ],
  [
    "names a detection by its title, of which five at most are near",
    ["add", "--user", "a", "--reason", "x", "--detection", "okta-org-under-attack"],
    /The nearest, of \d+ that npx okta-proxy-watch rules lists:\n {2}[\w-]{36} {2}Okta Org Under Attack\n(?: {2}[\w-]{36} {2}.+\n){4}$/,
  ],
  [
    "covers all of IPv4",
    ["add", "--cidr", "0.0.0.0/0", "--reason", "x"],
    /network 0\.0\.0\.0\/0 covers a part of the internet, for anyone: name a network of at least \/8/,
  ],
  ["covers all of IPv6", ["add", "--cidr", "::/0", "--reason", "x"], /::\/0 covers a part of the internet/],
  [
    "covers a country, for anyone",
    ["add", "--country", "US", "--reason", "x"],
    /country US alone covers all who sign in from there.*add --user, --operator, --asn or --cidr/,
  ],
  ["is of an operator of Tor", ["add", "--operator", "ANY_TOR", "--reason", "x"], /add --kind tor/],
  [
    "is of Tor, as people write it",
    ["add", "--operator", "Tor", "--reason", "x"],
    /operator Tor is Tor.*add --kind tor/,
  ],
  [
    "is of a misspelt operator, which would cover nothing",
    ["add", "--operator", "NordVPM", "--reason", "x"],
    /^error: Okta's documents name no operator "NordVPM"\. Did you mean NORD_VPN\?/,
  ],
  ["has a pattern for a user", ["add", "--user", "*@example.com", "--reason", "x"], /one login or Okta user id/],
  ["has a sign for a user", ["add", "--user", "%", "--reason", "x"], /one login or Okta user id/],
  [
    "has two networks",
    ["add", "--cidr", "192.0.2.0/24", "--cidr", "198.51.100.0/24", "--reason", "x"],
    /--cidr.*given twice/,
  ],
  ["has dots for a reason", ["add", "--user", "a", "--reason", "..."], /--reason.*text is expected/],
  ["has dots for an author", ["add", "--user", "a", "--reason", "x", "--by", "…"], /--by.*text is expected/],
  ["names no kind", ["add", "--user", "a", "--kind", "onion", "--reason", "x"], /one of relay, vpn, proxy/],
  [
    "lasts for years, for anyone",
    ["add", "--asn", "64500", "--reason", "x", "--by", "grace", "--until", "900d"],
    /an exception for anyone lasts 90 days at most: --until 20.*write a Sigma filter/,
  ],
  [
    "lasts for years, for one user",
    ["add", "--user", "a", "--reason", "x", "--by", "grace", "--until", "2099-01-01"],
    /an exception for one user lasts 365 days at most: --until 20/,
  ],
])("an exception that %s is refused", async (_, args, message) => {
  const { code, stderr } = await exceptions(...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test("an operator that Okta's documents do not name is noted, and a short name suggests no other operator", async () => {
  const noted = await exceptions("add", "--operator", "Zor", "--reason", "x", "--by", "grace");
  expect(noted.stderr).toContain('note: Okta\'s documents name no operator "Zor". Write it as an alert has it');
  // As Okta writes names it may be one of a later release.
  const later = await exceptions("add", "--operator", "NORT_VPN", "--reason", "x", "--by", "grace");
  expect(later.stderr).toContain('note: Okta\'s documents name no operator "NORT_VPN". Did you mean NORD_VPN?');
});

test("what others wrote stays within its line", async () => {
  const added = await add("--user", "lin@example.com", "--reason", "fine\n0000  anyone");
  const [id = ""] = added.stdout.split(" ");
  expect((await exceptions("list")).stdout).toMatch(/^ {4}fine 0000 {2}anyone \(grace\), until /m);
  const file = join(folder, "forged.json");
  const forged = { id: "00uforged", type: "User", alternateId: "eve\n  Covered by everything", displayName: "Eve" };
  await writeFile(file, JSON.stringify(delivery([sessionStart({ actor: forged })])));
  expect((await exceptions("why", file)).stdout).not.toMatch(/^ {2}Covered by everything/m);
  await exceptions("remove", "--yes", id);
});

test("one of an operator that has one already, in another spelling, says so", async () => {
  const first = await add("--operator", "EXPRESS_VPN", "--country", "PT", "--reason", "the office");
  const [id = ""] = first.stdout.split(" ");
  expect(first.stderr).not.toContain("note:");
  const { code, stderr, stdout } = await add("--operator", "express", "--reason", "once more");
  expect(code).toBe(0);
  expect(stderr).toContain(`note: an exception of the same operator is there: ${id}  `);
  await exceptions("remove", "--yes", id, stdout.split(" ")[0] ?? "");
});

test("without a terminal nothing is made, and the line to paste is printed", async () => {
  const before = (await exceptions("list")).stdout;
  const args = ["add", "--asn", "64777", "--reason", "the office's line", "--by", "grace"];
  const { code, stdout, stderr } = await exceptions(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("it covers 0 of");
  expect(stderr).toContain("there is no terminal to ask at, and nothing was changed");
  expect(stderr).toContain(
    `npx okta-proxy-watch exceptions add --asn 64777 --reason 'the office'\\''s line' --by grace --local --url ${run.url} --yes`,
  );
  expect((await exceptions("list")).stdout).toBe(before);
});

test.each([
  ["root, as in CI", { CI: "true" }],
  ["in CI, whoever the user is", { CI: "1" }],
])("an author is asked for: %s", async (_, environment) => {
  const args = ["add", "--asn", "64777", "--reason", "x", "--yes", "--local", "--url", run.url];
  const { code, stderr } = await runCli("exceptions", args, { environment });
  expect(code).toBe(2);
  expect(stderr).toMatch(/--by is missing: .*Say who: --by ada@example\.com/);
});

test("a preview counts what it would have covered, of what is remembered and of an export", async () => {
  const of = (login: string, asNumber: number, operator: string): Json =>
    sessionStart({
      actor: { id: `00u${login}`, type: "User", alternateId: `${login}@example.com` },
      securityContext: { ...vpn(operator), asNumber },
    });
  const events = [of("bob", 64800, "MULLVAD"), of("cy", 64800, "MULLVAD"), of("cy", 64801, "NORD_VPN")];
  await deliver(...events);
  await vi.waitUntil(() => events.every(({ uuid }) => alerted().includes(String(uuid))), 60_000);
  const asn = ["add", "--asn", "64800", "--reason", "x", "--by", "grace"];
  expect((await exceptions(...asn)).stderr).toMatch(
    /it covers 2 of \d+ sessions, of 2 of \d+ persons, from 2026-11-24 to 2026-11-24\.\n {2}by kind: vpn 2\n/,
  );
  // Of a user it counts that user's alone.
  const ofUser = await exceptions(
    "add",
    "--user",
    "cy@example.com",
    "--operator",
    "nord",
    "--reason",
    "x",
    "--by",
    "grace",
  );
  expect(ofUser.stderr).toContain("it covers 1 of 2 sessions, of 1 of 1 persons");
  const network = await exceptions("add", "--cidr", "203.0.113.0/24", "--reason", "x", "--by", "grace");
  expect(network.stderr).toContain("--events FILE counts it in an export");

  const file = join(folder, "month.jsonl");
  const lines = [...events, of("dee", 64801, "NORD_VPN"), sessionStart({ eventType: "user.session.end" })];
  await writeFile(file, lines.map((line) => JSON.stringify(line)).join("\n"));
  const counted = await exceptions(...asn, "--events", file);
  expect(counted.stderr).toContain(`In ${file} it covers 2 of 4 matches, of 2 of 3 persons, from 2026-11-24`);
  expect(counted.stderr).toContain("  by person: bob@example.com 1, cy@example.com 1\n");
  const all = await exceptions("add", "--cidr", "203.0.113.0/24", "--reason", "x", "--by", "grace", "--events", file);
  expect(all.stderr).toContain("it covers 4 of 4 matches, of 3 of 3 persons");
  expect(all.stderr).toContain("That is every person there is: consider --user.");
});

test("the topic is told of an exception that is made, changed or removed, by the command or past it", async () => {
  const made = await add("--asn", "64950", "--reason", "the proxy of the office");
  const [id = ""] = made.stdout.split(" ");
  await vi.waitUntil(() => notices.some((email) => email.includes(`Its id is ${id}.`)), 60_000);
  expect(notices.at(-1)).toContain("- made: anyone, AS64950, until 20");
  // With a key of the account, and without the command.
  const client = new DynamoDBClient({ endpoint: run.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "" });
  await client.send(
    new UpdateItemCommand({
      TableName: names.stateTable,
      Key: { id: { S: exceptionsOfAnyoneId } },
      UpdateExpression: "SET #exception.#scope = :everyone",
      ExpressionAttributeNames: { "#exception": `exception#${id}`, "#scope": "scope" },
      ExpressionAttributeValues: { ":everyone": { M: { cidr: { S: "0.0.0.0/0" } } } },
    }),
  );
  client.destroy();
  await vi.waitUntil(() => notices.some((email) => email.includes("- changed: anyone, network 0.0.0.0/0")), 60_000);
  expect(notices.at(-1)).toContain("The command refuses such an exception: it was written past it");
  await exceptions("remove", "--yes", id);
  await vi.waitUntil(() => notices.some((email) => email.includes("- removed: anyone, network 0.0.0.0/0")), 60_000);
});

test("Tor is excepted only where its kind is named", async () => {
  const tor = (): Json =>
    sessionStart({
      actor: { id: "00uresearcher", type: "User", alternateId: "eve@example.com" },
      securityContext: {
        isProxy: true,
        asNumber: 64900,
        ipDetails: { ipServiceCategories: [{ type: "Tor", operator: null, isAnonymous: true }] },
      },
    });
  await add("--user", "eve@example.com", "--reason", "a researcher");
  const alertedOn = tor();
  await deliver(alertedOn);
  await vi.waitUntil(() => alerted().includes(String(alertedOn.uuid)), 60_000);
  const file = join(folder, "tor.json");
  await writeFile(file, JSON.stringify(delivery([alertedOn])));
  expect((await exceptions("why", file)).stdout).toContain("only where it names them (--kind)");
  await add("--user", "eve@example.com", "--kind", "tor", "--reason", "research on Tor");
  expect((await exceptions("why", file)).stdout).toMatch(/Covered by \w+ {2}eve@example\.com, kind tor\n/);
});
