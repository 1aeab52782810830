import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { coverageOf, missingEventTypes } from "../../cli/rules/coverage.ts";
import { ordinaryWeek } from "../../cli/rules/ordinary-week.ts";
import { loadDetections } from "../../lambda/adapters/rule-files/load-detections.ts";

const folder = fileURLToPath(new URL("../../detections", import.meta.url));
const { rules, correlations } = await loadDetections(folder);
const isOurs = ({ content }: { readonly content: { readonly author: string | null } }) =>
  content.author === "okta-proxy-watch";
const ours = { rules: rules.filter(isOurs), correlations: correlations.filter(isOurs) };

test("the page names every rule that is shipped, how its events come, and the Navigator's layer its techniques", async () => {
  const read = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), "utf8");
  const page = await read("coverage.md");
  const layer = JSON.parse(await read("attack-navigator.json")) as {
    readonly techniques: readonly { readonly techniqueID: string }[];
  };
  const coverage = coverageOf(ours, { experimental: false });
  for (const { file, behaviour } of coverage) {
    expect(page).toContain(`(../detections/${file})`);
    expect(page).toMatch(new RegExp(`^\\| ${behaviour.replace(/[()]/g, "\\$&")} +\\|`, "m"));
  }
  const techniques = new Set(coverage.flatMap((each) => each.techniques));
  expect(techniques.size).toBeGreaterThan(20);
  expect(new Set(layer.techniques.map(({ techniqueID }) => techniqueID))).toEqual(techniques);
});

test("what is on by default is seen less than once in an ordinary week, but for session starts through anonymous networks", async () => {
  const page = await readFile(new URL("../../docs/coverage.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\|.*\(\.\.\/detections\/(\S+)\).*$/gm)].map(([row, file]) => {
    const cells = row.split("|").map((cell) => cell.trim());
    return { file, eventTypes: cells[3], isOn: cells[6] === "yes", aWeek: Number(cells[8]) };
  });
  const byDefault = rows.filter(({ isOn }) => isOn);
  expect(byDefault.length).toBeGreaterThan(30);
  const frequent = byDefault.filter(({ aWeek }) => !(aWeek < 1));
  expect(frequent.map(({ eventTypes }) => eventTypes)).toEqual(frequent.map(() => "`user.session.start`"));
  expect(frequent.length).toBeLessThan(4);
});

test("what no hook delivers is marked, and what some types of a rule need", () => {
  const ways = new Map(coverageOf(ours, { experimental: false }).map(({ file, ways: found }) => [file, found]));
  expect(ways.get("fastpass_phishing_declined.yml")).toEqual(["hook"]);
  expect(ways.get("okta_support_impersonation.yml")).toEqual(["System Log"]);
  expect(ways.get("authenticator_switched_off_for_the_org.yml")).toEqual(["hook", "System Log"]);
});

test("an org's hooks lack the event types of rules that run, and of no others, nor those that no hook delivers", () => {
  const coverage = coverageOf(ours, { experimental: false });
  const needed = missingEventTypes(coverage, []).map(({ eventType }) => eventType);
  expect(needed).toContain("user.session.start");
  expect(needed).not.toContain("user.session.impersonation.grant");
  expect(needed).not.toContain("application.lifecycle.deactivate");
  expect(missingEventTypes(coverage, [{ eventTypes: needed.slice(1) }])).toMatchObject([{ eventType: needed[0] }]);
  expect(missingEventTypes(coverage, [{ eventTypes: needed }])).toEqual([]);
});

test("the ordinary week is the same each time, in order of time, and of working hours", async () => {
  const [week, again] = await Promise.all([ordinaryWeek(), ordinaryWeek()]);
  expect(week.length).toBeGreaterThan(50_000);
  expect(again.map(({ uuid, published }) => [uuid, published])).toEqual(
    week.map(({ uuid, published }) => [uuid, published]),
  );
  const times = week.map(({ published }) => published);
  expect(times).toEqual(times.toSorted());
  const days = new Set(times.map((time) => time.slice(0, 10)));
  expect([...days].sort()).toEqual(["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]);
});
