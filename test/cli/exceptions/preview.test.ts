import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, expect, test } from "vitest";
import { coverageOfEvents } from "../../../cli/exceptions/preview.ts";
import { exceptionSchema } from "../../../lambda/core/exceptions/exception.ts";
import { sessionStart } from "../../fixtures/events.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "preview-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  { chosen: { experimental: false }, matches: 1 },
  { chosen: { experimental: false, packs: ["admin"] }, matches: 1 },
  { chosen: { experimental: false, packs: ["mfa"] }, matches: 2 },
  { chosen: { experimental: true }, matches: 2 },
])("an export's matches are those of the detections that run: $chosen", async ({ chosen, matches }) => {
  const file = join(folder, "events.jsonl");
  const proxied = sessionStart();
  const locked = sessionStart({ eventType: "user.account.lock", securityContext: { isProxy: false, asNumber: 64500 } });
  await writeFile(file, `${JSON.stringify(proxied)}\n${JSON.stringify(locked)}\n`);
  const exception = v.parse(exceptionSchema, {
    id: "a",
    scope: { asNumber: 64500 },
    reason: "the gateway",
    by: "grace",
    createdAt: "2026-11-01T00:00:00.000Z",
    until: "2026-12-24T00:00:00.000Z",
    noticedAt: null,
  });
  const coverage = await coverageOfEvents(file, exception, chosen, new Date("2026-11-25T00:00:00Z"));
  expect(coverage).toMatchObject({ matches });
});
