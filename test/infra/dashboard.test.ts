import { fileURLToPath } from "node:url";
import { Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { OktaProxyWatchStack } from "../../infra/stack.ts";
import { appInPlace, everything } from "../../infra/synthesize.ts";
import { loadDetections } from "../../lambda/adapters/rule-files/load-detections.ts";
import { chooseCorrelated } from "../../lambda/core/detections/choose-correlated.ts";
import { compileRules } from "../../lambda/core/detections/compile-rules.ts";

interface Widget {
  readonly type: "text" | "metric";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly markdown?: string;
    readonly title?: string;
    /** Namespace, name, dimensions, and how it is shown. */
    readonly metrics?: readonly (readonly unknown[])[];
  };
}

/** How a series of a graph is called. */
function labelOf(metric: readonly unknown[]): string {
  const { label } = metric.at(-1) as { readonly label?: string };
  if (label === undefined) throw new Error(`a series has no label: ${JSON.stringify(metric)}`);
  return label;
}

async function readDashboard(context: Readonly<Record<string, unknown>> = {}): Promise<readonly Widget[]> {
  const loaded = await loadDetections(fileURLToPath(new URL("../../detections", import.meta.url)));
  // A company's own detections are on its dashboard, and not in the picture of the documents.
  const ours = <Content extends { readonly author: string | null }>(all: readonly { readonly content: Content }[]) =>
    all.map(({ content }) => content).filter(({ author }) => author === "okta-proxy-watch");
  const contents = { rules: ours(loaded.rules), correlations: ours(loaded.correlations) };
  const { evaluated, correlations, silent } = chooseCorrelated(contents, { experimental: false });
  const stack = new OktaProxyWatchStack(appInPlace({ ...everything, ...context }), "Test", {
    detections: await compileRules(evaluated),
    correlations: correlations.filter(({ id }) => !silent.has(id)),
    silent,
  });
  const [dashboard] = Object.values(Template.fromStack(stack).findResources("AWS::CloudWatch::Dashboard"));
  const [, parts] = (dashboard?.Properties.DashboardBody["Fn::Join"] ?? ["", []]) as [
    string,
    (string | { readonly Ref: string })[],
  ];
  const body = parts.map((part) =>
    typeof part === "string" ? part : (part.Ref ?? JSON.stringify(part).replace(/\W/g, "")),
  );
  return (JSON.parse(body.join("")) as { readonly widgets: readonly Widget[] }).widgets;
}

const widgets = await readDashboard();
/** Pixels of a unit of the dashboard's grid. */
const unit = { x: 50, y: 44 };
const lineHeight = 15;

const escapeXml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** The layout as a picture: what stands where, and which series each graph has. */
function picture(): string {
  const text = (x: number, y: number, style: string, content: string) =>
    `  <text x="${x}" y="${y}" ${style}>${escapeXml(content)}</text>`;
  const boxes = widgets.flatMap(({ x, y, width, height, properties: { markdown, title, metrics = [] } }) => {
    const [left, top] = [x * unit.x, y * unit.y];
    if (markdown !== undefined) {
      return [text(left + 8, top + 28, 'font-size="17" font-weight="bold"', markdown.replace(/^#+ /, ""))];
    }
    const most = Math.floor((height * unit.y - 44) / lineHeight);
    const labels = metrics.map(labelOf);
    const shown =
      labels.length > most ? [...labels.slice(0, most - 1), `and ${labels.length - most + 1} more`] : labels;
    const longest = Math.floor((width * unit.x - 28) / 6.2);
    return [
      `  <rect x="${left + 4}" y="${top + 4}" width="${width * unit.x - 8}" height="${height * unit.y - 8}" rx="4" fill="#fff" stroke="#879596"/>`,
      text(left + 14, top + 24, 'font-weight="bold"', title ?? ""),
      ...shown.map((label, index) =>
        text(left + 14, top + 44 + index * lineHeight, 'font-size="11" fill="#414d5c"', label.slice(0, longest)),
      ),
    ];
  });
  const bottom = Math.max(...widgets.map(({ y, height }) => y + height));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${24 * unit.x} ${bottom * unit.y}" font-family="sans-serif" font-size="13">`,
    "  <title>The dashboard's rows, graphs and series</title>",
    `  <rect width="100%" height="100%" fill="#f2f3f3"/>`,
    ...boxes,
    "</svg>",
    "",
  ].join("\n");
}

describe("the dashboard", () => {
  test("asks four questions, one after the other, and answers each across the whole width", () => {
    const headings = widgets.filter(({ type }) => type === "text");
    expect(headings.map(({ properties }) => properties.markdown)).toEqual([
      "## Is it alive?",
      "## Is it fast?",
      "## What did it find?",
      "## What went wrong?",
    ]);
    for (const { y, height } of headings) {
      const row = widgets.filter((widget) => widget.type === "metric" && widget.y === y + height);
      expect(row.reduce((sum, { width }) => sum + width, 0)).toBe(24);
    }
  });

  test("shows every detection that runs by its name, and no graph without a series", () => {
    const graphs = widgets.filter(({ type }) => type === "metric");
    for (const { properties } of graphs) expect(properties.metrics).not.toHaveLength(0);
    const matches = graphs.find(({ properties }) => properties.title === "Matches by detection");
    expect(matches?.properties.metrics?.map(labelOf)).toContain("Okta User Session Start Via Anonymizing Proxy");
    // A part of correlations yields no detection of its own.
    expect(matches?.properties.metrics?.map(labelOf)).not.toContain("Okta MFA Push Accepted");
    const firings = graphs.find(({ properties }) => properties.title === "Firings by correlation");
    const fired = firings?.properties.metrics?.map(labelOf);
    expect(fired).toContain("Okta API Token Created in Proxied Session");
    expect(fired).not.toContain("Okta MFA Push Rejected Several Times");
  });

  test("shows with the essential metrics those alone, few enough for the dashboards that CloudWatch gives for nothing", async () => {
    const essential = await readDashboard({ metrics: "essential" });
    const graphs = essential.filter(({ type }) => type === "metric");
    for (const { properties } of graphs) expect(properties.metrics).not.toHaveLength(0);
    const series = graphs.flatMap(({ properties }) => properties.metrics ?? []);
    expect(series.map(labelOf)).not.toContain("Suppressed");
    // https://aws.amazon.com/cloudwatch/pricing/: three dashboards of up to 50 metrics each.
    expect(series.length).toBeLessThanOrEqual(50);
  });

  test("looks as in the documents; `npx vitest run test/infra --update` draws it anew", async () => {
    await expect(picture()).toMatchFileSnapshot("../../docs/dashboard.svg");
  });
});
