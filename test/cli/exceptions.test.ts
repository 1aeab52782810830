import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createClaims } from "../../lambda/adapters/tables/claims.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { names } from "../../local/resources.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";
import { patientDynamodb } from "../fixtures/timing.ts";

let run: EmbeddedRun;
let folder: string;
beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
  folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await run.stop();
});

const exceptions = (...args: readonly string[]): Promise<Output> =>
  runCli("exceptions", [...args, "--local", "--url", run.url]);

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
  const added = await exceptions("add", "--user", "Ada@Example.com", "--operator", "NORDVPN", "--reason", "asked her");
  expect(added).toMatchObject({ code: 0, stderr: "" });
  expect(added.stdout).toMatch(/^[0-9a-f]{8} {2}ada@example\.com, operator NORDVPN\n {4}asked her \(\S+\), until 20/);
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
  expect((await exceptions("remove", id)).stdout).toContain(`Removed: ${id}`);
  expect(await exceptions("remove", id)).toMatchObject({ code: 2, stderr: expect.stringContaining(id) });
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
  expect(stdout).toContain("npm run deadletters -- list");
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

test("an exception has no effect from the second at which it ends", async () => {
  const until = new Date(Date.now() + 4_000).toISOString();
  await exceptions("add", "--asn", "AS64999", "--reason", "a short while", "--by", "grace", "--until", until);
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
  ["ends at no time", ["add", "--user", "ada", "--reason", "x", "--until", "soon"], /a day \(2027-01-15\)/],
  ["ends in a number", ["add", "--user", "a", "--reason", "x", "--until", "90"], /: for 90 days write 90d/],
  ["ends on a guess", ["add", "--user", "a", "--reason", "x", "--until", "1 Jan 2099"], /a day \(2027-01-15\)/],
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
])("an exception that %s is refused", async (_, args, message) => {
  const { code, stderr } = await exceptions(...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test("one of an operator that has one already, in another spelling, says so", async () => {
  const first = await exceptions("add", "--operator", "EXPRESS_VPN", "--country", "PT", "--reason", "the office");
  const [id = ""] = first.stdout.split(" ");
  expect(first.stderr).toBe("");
  const { code, stderr, stdout } = await exceptions("add", "--operator", "express", "--reason", "once more");
  expect(code).toBe(0);
  expect(stderr).toContain(`note: an exception of the same operator is there: ${id}  `);
  await exceptions("remove", id, stdout.split(" ")[0] ?? "");
});
