import { expect, test } from "vitest";
import { loadDetections } from "../../../lambda/adapters/rule-files/load-detections.ts";
import { techniqueName } from "../../../lambda/core/alerts/attack-techniques.ts";

test("every technique that a shipped detection names has its name, and any other its id", async () => {
  const { rules, correlations } = await loadDetections("detections");
  const shipped = [...rules, ...correlations].filter(({ content }) => content.author === "okta-proxy-watch");
  const tags = shipped.flatMap(({ content }) => content.tags);
  const techniques = [...new Set(tags.flatMap((tag) => /^attack\.(t\d{4})/.exec(tag)?.[1]?.toUpperCase() ?? []))];
  expect(techniques.length).toBeGreaterThan(10);
  expect(techniques.filter((id) => techniqueName(id) === id)).toEqual([]);
  expect(techniqueName("T9999")).toBe("T9999");
});
