import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedRun } from "../local/embedded-run.ts";
import { apiToken, type FakeOkta, fakeUser, startFakeOkta } from "../test/fixtures/okta.ts";
import { print, runProcess } from "./measure.ts";

/** The rate limit of the sync here: so many requests in so many seconds. */
const limit = { requests: 100, seconds: 10 };

/** Measures import and sync of this many users, into the embedded DynamoDB. */
export async function profiles(users: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-bench-"));
  const run = await startEmbeddedRun({ port: 0, hookSecret: "bench", mismatchDistanceKm: 500, onError: () => {} });
  const okta = await startFakeOkta();
  const command = (...args: readonly string[]) =>
    runProcess(["cli/okta-proxy-watch.js", "profiles", ...args, "--local", "--url", run.url], {
      OKTA_CLIENT_TOKEN: apiToken,
    });
  try {
    const few = await command("import", await writeProfiles(folder, Math.ceil(users / 10)), "--dry-run");
    const file = await writeProfiles(folder, users);
    const dry = await command("import", file, "--dry-run");
    const written = await command("import", file);
    const again = await command("import", file);
    const name = `import of ${users} rows`;
    print(
      { name: `${name}, written`, value: written.milliseconds, unit: "milliseconds" },
      { name: "the same as a dry run", value: dry.milliseconds, unit: "milliseconds" },
    );
    print(
      { name: `${name} once more, unchanged`, value: again.milliseconds, unit: "milliseconds" },
      { name: "the same as a dry run", value: dry.milliseconds, unit: "milliseconds" },
    );
    print(
      { name: `peak memory of an ${name}, as a dry run`, value: dry.peakMemory, unit: "bytes" },
      { name: "peak memory for a tenth of the rows", value: few.peakMemory, unit: "bytes" },
    );
    await sync(users, okta, command);
  } finally {
    await Promise.all([run.stop(), okta.stop(), rm(folder, { recursive: true })]);
  }
}

async function sync(
  users: number,
  okta: FakeOkta,
  command: (...args: readonly string[]) => ReturnType<typeof runProcess>,
): Promise<void> {
  okta.users.push(...Array.from({ length: users }, (_, index) => fakeUser(index)));
  okta.limit = limit;
  const { milliseconds, peakMemory } = await command("sync", "--okta-url", okta.orgUrl);
  const requests = okta.requests();
  if (okta.violations() > 0) throw new Error(`the sync went over the rate limit ${okta.violations()} times`);
  const atLeast = Math.floor((requests - 1) / limit.requests) * limit.seconds * 1_000;
  print(
    { name: `sync of ${users} users by ${requests} requests`, value: milliseconds, unit: "milliseconds" },
    // Where the limit is never reached, its least time is zero: a second replaces it.
    { name: "the least that the rate limit allows", value: Math.max(1_000, atLeast), unit: "milliseconds" },
  );
  print(
    { name: `peak memory of a sync of ${users} users`, value: peakMemory, unit: "bytes" },
    { name: "500 MB", value: 500_000_000, unit: "bytes" },
  );
}

const places = ["Lisbon,,PT", "Berlin,,DE", "Toronto,ON,CA", "Paris,TX,US", "Tokyo,,JP"];

async function writeProfiles(folder: string, rows: number): Promise<string> {
  const file = join(folder, `${rows}.csv`);
  const lines = Array.from({ length: rows }, (_, index) => `user${index}@example.com,${places[index % places.length]}`);
  await writeFile(file, ["login,city,state,countryCode", ...lines, ""].join("\n"));
  return file;
}
