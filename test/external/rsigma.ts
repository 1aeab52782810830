import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { stringify } from "yaml";
import { compileRule } from "../../lambda/core/sigma/compile.ts";
import { compileRegex } from "../../lambda/core/sigma/regex.ts";
import { furtherDetection, randomDetection, randomEvent } from "../core/sigma/random-rules.ts";
import type { Json } from "../fixtures/events.ts";
import { parseTestRule, ruleDocument } from "../fixtures/rules.ts";
import { correlationDifferences, knownDifference } from "./known-differences.ts";
import { compareCorrelations } from "./rsigma-correlations.ts";
import { runRsigma } from "./run-rsigma.ts";

/*
 * Compares our engine with rsigma, the Sigma engine in Rust, on random rules and events, and on
 * random correlations over random streams. Needs its command, which
 * `cargo install rsigma` builds (rustc 1.95 takes version 0.23.0): on the PATH, or named by --rsigma.
 *
 * Exit code 0: every rule matched the same events, and every correlation fired alike, but for differences that are known and explained; 1: it did not.
 */

const { values } = parseArgs({
  options: {
    rsigma: { type: "string", default: "rsigma" },
    rules: { type: "string", default: "2000" },
    events: { type: "string", default: "200" },
    correlations: { type: "string", default: "1000" },
    stream: { type: "string", default: "300" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  process.stdout.write(
    "Usage: node test/external/rsigma.ts [--rsigma COMMAND] [--rules 2000] [--events 200] [--correlations 1000] [--stream 300] [--seed NUMBER]\n",
  );
  process.exit(0);
}

const seed = Number(values.seed);
const count = Number(values.rules);
const detections = [
  ...fc.sample(randomDetection, { numRuns: Math.ceil(count / 2), seed }),
  ...fc.sample(furtherDetection, { numRuns: Math.floor(count / 2), seed }),
].map(withWildcards);
const events = fc
  .sample(randomEvent, { numRuns: Number(values.events), seed: seed + 1 })
  .map((event, n): Json => ({ ...event, n: `event ${n}` }));

/** rsigma takes a keyword for a whole value; written with wildcards, it means the same to both. */
function withWildcards(detection: Json): Json {
  const keyword = (body: unknown) => (typeof body === "string" ? `*${body}*` : body);
  return Object.fromEntries(
    Object.entries(detection).map(([name, body]) => [name, Array.isArray(body) ? body.map(keyword) : body]),
  );
}

const idOf = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;

async function theirMatches(): Promise<ReadonlySet<string>> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-rsigma-"));
  try {
    await mkdir(join(folder, "rules"));
    const documents = detections.map((detection, index) =>
      stringify(ruleDocument(detection, { id: idOf(index), title: `Rule ${index}` })),
    );
    await writeFile(join(folder, "rules", "rules.yml"), documents.join("---\n"));
    await writeFile(join(folder, "events.ndjson"), events.map((event) => JSON.stringify(event)).join("\n"));
    const lines = await runRsigma(values.rsigma, folder);
    return new Set(
      lines.map((line) => {
        const match = JSON.parse(line) as { readonly rule_id: string; readonly event: { readonly n: string } };
        return `${match.rule_id} ${match.event.n}`;
      }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

const theirs = await theirMatches();
let matches = 0;
let disagreements = 0;
const explained = new Map<string, number>();
detections.forEach((detection, index) => {
  const { evaluate } = compileRule(parseTestRule(detection), { compileRegex });
  for (const event of events) {
    const ours = evaluate(event) === true;
    if (ours) matches += 1;
    if (ours === theirs.has(`${idOf(index)} ${event.n}`)) continue;
    const known = knownDifference(detection, event);
    if (known !== null) {
      explained.set(known, (explained.get(known) ?? 0) + 1);
      continue;
    }
    disagreements += 1;
    if (disagreements <= 10) {
      process.stdout.write(`${ours ? "ours alone" : "theirs alone"}: ${JSON.stringify({ detection, event })}\n`);
    }
  }
});
for (const [reason, number] of explained) process.stdout.write(`${number} explained: ${reason}\n`);
process.stdout.write(
  `seed ${seed}: ${detections.length} rules, ${events.length} events, ${matches} matches, ${disagreements} disagreements\n`,
);

let differing = 0;
for (const isPlain of [true, false]) {
  const compared = await compareCorrelations(values.rsigma, {
    count: Math.ceil(Number(values.correlations) / 2),
    length: Number(values.stream),
    seed,
    isPlain,
  });
  for (const [reason, number] of compared.explained) {
    const sentence: Readonly<Record<string, string>> = correlationDifferences;
    process.stdout.write(`${number} correlations explained by ${reason}: ${sentence[reason] ?? ""}\n`);
  }
  for (const disagreement of compared.disagreements.slice(0, 10)) process.stdout.write(`${disagreement}\n`);
  const same = [...compared.same].map(([type, number]) => `${type} ${number}`).join(", ");
  process.stdout.write(
    `seed ${seed}: ${compared.correlations} correlations over ${values.stream} ${isPlain ? "plain " : ""}events, ` +
      `${compared.firings} firings of ours; alike without a difference: ${same}; ` +
      `${compared.refused} refused, ${compared.disagreements.length} disagreements\n`,
  );
  differing += compared.disagreements.length;
}
process.exitCode = disagreements + differing === 0 ? 0 : 1;
