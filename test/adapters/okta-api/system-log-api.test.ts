import { afterEach, beforeEach, expect, test } from "vitest";
import { authorizeByToken } from "../../../lambda/adapters/okta-api/authorization.ts";
import { createOktaClient, pagesFrom } from "../../../lambda/adapters/okta-api/client.ts";
import { createSystemLogApi, type SystemLogApi } from "../../../lambda/adapters/okta-api/system-log-api.ts";
import { sessionStart } from "../../fixtures/events.ts";
import { apiToken, type FakeOkta, startFakeOkta } from "../../fixtures/okta.ts";

const hour = 3_600_000;
let okta: FakeOkta;
let api: SystemLogApi;
let start: number;

beforeEach(async () => {
  okta = await startFakeOkta();
  start = Date.now() - 24 * hour;
  api = createSystemLogApi(
    createOktaClient({
      orgUrl: okta.orgUrl,
      authorize: authorizeByToken(apiToken),
      wait: async () => {},
      now: Date.now,
      scopes: ["okta.logs.read"],
    }),
  );
});
afterEach(async () => {
  await okta.stop();
  expect(okta.invalid).toEqual([]);
});

const signal = () => AbortSignal.timeout(100_000);
/** An event of so many hours after the start, which Okta persists so many hours after it. */
const add = (uuid: string, published: number, late = 0) =>
  okta.log.add(
    sessionStart({ uuid, published: new Date(start + published * hour).toISOString() }),
    start + (published + late) * hour,
  );
const uuids = (items: readonly unknown[]) => (items as readonly { readonly uuid: string }[]).map(({ uuid }) => uuid);

/** Pages within two times, as far as these lead. */
async function readWithin(since: number, until: number): Promise<string[][]> {
  const query = { since: new Date(start + since * hour), until: new Date(start + until * hour), filter: null };
  const pages: string[][] = [];
  for await (const items of pagesFrom(api.firstPage(query), api.fetchPage, signal())) pages.push(uuids(items));
  return pages;
}

test("polling brings events in the order in which Okta persisted them, and its last link goes on", async () => {
  okta.log.pageSize = 2;
  add("late", 1, 5);
  add("first", 2);
  add("second", 3);
  const first = await api.pollPage(api.pollFrom({ since: new Date(start), filter: null }), signal());
  expect(uuids(first.items)).toEqual(["first", "second"]);
  const second = await api.pollPage(first.next ?? "", signal());
  expect(uuids(second.items)).toEqual(["late"]);
  const empty = await api.pollPage(second.next ?? "", signal());
  expect(empty.items).toEqual([]);
  add("third", 4, 6);
  expect(uuids((await api.pollPage(empty.next ?? "", signal())).items)).toEqual(["third"]);
  expect(okta.asked[0]).toMatch(/^GET \/api\/v1\/logs\?since=[^&]+&sortOrder=ASCENDING&limit=1000$/);
});

test("reading between two times goes by the time of publishing, and misses what is persisted after it was read", async () => {
  okta.log.pageSize = 2;
  add("late", 1, 5);
  add("first", 2);
  add("second", 3);
  okta.log.now = () => start + 4 * hour;
  expect(await readWithin(0, 4)).toEqual([["first", "second"]]);
  okta.log.now = () => start + 6 * hour;
  expect(await readWithin(4, 6)).toEqual([[]]);
  expect(await readWithin(0, 6)).toEqual([["late", "first"], ["second"]]);
});

test("pages that link to themselves end the list", async () => {
  add("first", 2);
  okta.log.linksToSelf = true;
  expect(await readWithin(0, 4)).toEqual([["first"]]);
});

test("a page without events ends the list within two times, though it links to further ones for ever", async () => {
  let asked = 0;
  const answer = (url: URL) => {
    asked += 1;
    const next = new URL(`${url.pathname}${url.search}&after=${asked}`, okta.orgUrl).href;
    return { status: 200, body: [], headers: { link: `<${next}>; rel="next"` } };
  };
  Object.assign(okta.log, { answer });
  expect(await readWithin(0, 4)).toEqual([[]]);
  expect(asked).toBe(1);
});
