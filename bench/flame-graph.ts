import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { SourceMap, type SourceMapPayload } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { environment, firstRequests } from "./first-requests.ts";

/*
 * Draws the time of a cold start, up to the first delivery without a match, as a flame graph:
 *
 * node bench/flame-graph.ts dist/receiver/index.mjs docs/flame-graph.svg
 *
 * Each box is a function, below its caller, as wide as it took; boxes narrower than a pixel are left out.
 */

/** The fields of a profile of `node --cpu-prof`. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

type Origin = "ours" | "package" | "node";

/** A function with its callees, merged over all calls from one stack. */
interface Frame {
  readonly label: string;
  readonly origin: Origin;
  /** Microseconds. */
  time: number;
  readonly children: Map<string, Frame>;
}

const startFile = "start.mjs";

const [, , file, target] = process.argv;
if (file === undefined || target === undefined) {
  process.stderr.write("usage: node bench/flame-graph.ts dist/receiver/index.mjs TARGET.svg\n");
  process.exit(2);
}

async function profileOf(handlerFile: string): Promise<Profile> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-flame-"));
  try {
    const script = join(folder, startFile);
    await writeFile(
      script,
      `const { handler } = await import(${JSON.stringify(pathToFileURL(handlerFile).href)});
      await handler(${JSON.stringify(firstRequests["the first delivery, without a match"])});`,
    );
    const options = ["--cpu-prof", "--cpu-prof-interval", "50", "--cpu-prof-dir", folder, "--cpu-prof-name", "profile"];
    await promisify(execFile)(process.execPath, [...options, script], { env: { ...process.env, ...environment } });
    return JSON.parse(await readFile(join(folder, "profile"), "utf8")) as Profile;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const maps = new Map<string, SourceMap | null>();

async function sourceMapOf(url: string): Promise<SourceMap | null> {
  let map = maps.get(url);
  if (map === undefined) {
    map = await readFile(`${fileURLToPath(url)}.map`, "utf8")
      .then((text) => new SourceMap(JSON.parse(text) as SourceMapPayload))
      .catch(() => null);
    maps.set(url, map);
  }
  return map;
}

async function describe({ functionName, url, lineNumber, columnNumber }: Profile["nodes"][number]["callFrame"]) {
  const name = functionName || "(module)";
  if (!url.startsWith("file:")) return { label: url === "" ? name : "Node.js", origin: "node" as const };
  if (url.endsWith(startFile)) return { label: "start", origin: "node" as const };
  const entry = (await sourceMapOf(url))?.findEntry(lineNumber, columnNumber);
  const source = entry !== undefined && "originalSource" in entry ? entry.originalSource : url;
  const [, inPackage] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source) ?? [];
  const place = inPackage ?? source.replace(/^.*\/(?=(?:lambda|dist|bench)\/)/, "").replace(/^(?:\.\.\/)+/, "");
  const known = entry !== undefined && "name" in entry && entry.name ? entry.name : name;
  return { label: `${known} ${place}`, origin: inPackage === undefined ? ("ours" as const) : ("package" as const) };
}

async function toFrames({ nodes, samples, timeDeltas }: Profile): Promise<Frame> {
  const times = new Map<number, number>();
  for (const [index, id] of samples.entries()) times.set(id, (times.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const root: Frame = { label: "process", origin: "node", time: 0, children: new Map() };
  const add = async (id: number, into: Frame): Promise<number> => {
    const node = byId.get(id);
    if (node === undefined) return 0;
    // Idle time is left out.
    if (node.callFrame.functionName === "(idle)") return 0;
    const { label, origin } = await describe(node.callFrame);
    // Node.js's own functions are one box.
    const isSame = origin === "node" && label === into.label;
    let frame = isSame ? into : into.children.get(label);
    if (frame === undefined) {
      frame = { label, origin, time: 0, children: new Map() };
      into.children.set(label, frame);
    }
    let time = times.get(id) ?? 0;
    for (const child of node.children ?? []) time += await add(child, frame);
    if (!isSame) frame.time += time;
    return time;
  };
  for (const child of nodes[0]?.children ?? []) root.time += await add(child, root);
  return root;
}

const width = 1_200;
const rowHeight = 15;
const colors: Readonly<Record<Origin, string>> = { ours: "#f2a65a", package: "#8fb8de", node: "#d9d9d9" };

const escapeXml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function draw(root: Frame): string {
  const boxes: string[] = [];
  let depth = 0;
  const perMicrosecond = width / root.time;
  const place = (frame: Frame, x: number, row: number) => {
    const w = frame.time * perMicrosecond;
    if (w < 1) return;
    depth = Math.max(depth, row);
    const milliseconds = (frame.time / 1_000).toFixed(1);
    const shown = frame.label.slice(0, Math.max(0, Math.floor((w - 4) / 5.6)));
    const text =
      shown.length < 4 ? "" : `<text x="${(x + 2).toFixed(1)}" y="${row * rowHeight + 11}">${escapeXml(shown)}</text>`;
    boxes.push(
      `<g><title>${escapeXml(frame.label)}: ${milliseconds} ms</title><rect x="${x.toFixed(1)}" y="${row * rowHeight}" width="${w.toFixed(1)}" height="${rowHeight - 1}" fill="${colors[frame.origin]}"/>${text}</g>`,
    );
    let at = x;
    for (const child of [...frame.children.values()].sort((a, b) => b.time - a.time)) {
      place(child, at, row + 1);
      at += child.time * perMicrosecond;
    }
  };
  place(
    {
      ...root,
      label: `a cold start up to the first delivery without a match: ${(root.time / 1_000).toFixed(0)} ms of processor; orange: ours, blue: packages, grey: Node.js`,
    },
    0,
    0,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${(depth + 1) * rowHeight}" font-family="monospace" font-size="9">\n<title>Flame graph of a cold start</title>\n${boxes.join("\n")}\n</svg>\n`;
}

await writeFile(target, draw(await toFrames(await profileOf(resolve(file)))));
