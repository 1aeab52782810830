import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { coverageOf } from "../cli/rules/coverage.ts";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
const paths = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...pages];
const documents = await Promise.all(
  paths.map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })),
);
const textOf = (path: string) => documents.find((each) => each.path === path)?.text ?? "";

/** Folders of what ships and of what users edit. */
const folders = ["lambda", "cli", "local", "infra", "build", "pages", "detections", "examples"];

/** What is no code block: links, words and widths are judged there. */
const prose = (text: string) => text.replace(/^ *```.*?^ *```$/gms, "");

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{Letter}\p{Number}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

const exists = (path: string) =>
  access(join(root, path)).then(
    () => true,
    () => false,
  );

describe("the documents", () => {
  test("link to files and sections that there are", async () => {
    const links = documents.flatMap(({ path, text }) =>
      [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => ({ path, target })),
    );
    const inward = links.filter(({ target }) => !/^https?:/.test(target));
    expect(inward.length).toBeGreaterThan(100);
    const broken: string[] = [];
    for (const { path, target } of inward) {
      const [file = "", anchor] = target.split("#");
      const found = file === "" ? path : posix.join(dirname(path), file);
      const isWhole = anchor === undefined || anchorsOf(textOf(found)).has(anchor);
      if (!isWhole || !(await exists(found))) broken.push(`${path}: ${target}`);
    }
    expect(broken).toEqual([]);
  });

  test("and the triage of detections name commands as they are run, without the -- of npm", async () => {
    const folder = join(root, "detections");
    const files = (await readdir(folder)).filter((name) => name.endsWith(".yml"));
    const rules = await Promise.all(
      files.map(async (name) => ({ path: `detections/${name}`, text: await readFile(join(folder, name), "utf8") })),
    );
    const old = /\b(?:backtest|deadletters|exceptions|hook|incidents|profiles|report|rules) -- \S+/g;
    // That page explains the -- itself.
    const judged = [...documents, ...rules].filter(({ path }) => path !== "docs/commands.md");
    const found = judged.flatMap(({ path, text }) =>
      [...prose(text).matchAll(old)].map(([command]) => `${path}: ${command}`),
    );
    expect(rules.length).toBeGreaterThan(30);
    expect(found).toEqual([]);
  });

  test("are each linked to by another", () => {
    const linked = documents.flatMap(({ path, text }) =>
      [...prose(text).matchAll(/\]\(([^)#\s]+)/g)].map(([, file = ""]) => ({
        path,
        to: posix.join(dirname(path), file),
      })),
    );
    for (const page of pages)
      expect([page, linked.some(({ path, to }) => to === page && path !== page)]).toEqual([page, true]);
  });

  test("name files and folders of the repository that there are", async () => {
    const named = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:lambda|cli|infra|local|build|bench|test|detections|examples)\/[\w./*-]+)`/g)].map(
        ([, name = ""]) => ({ path, name }),
      ),
    );
    expect(named.length).toBeGreaterThan(50);
    const missing: string[] = [];
    // `detections/filters/` and `detections/placeholders.yml` are the user's to add, as is what recipes call NAME.
    const isOfUser = (name: string) => /^detections\/(filters|placeholders)|NAME/.test(name);
    for (const { path, name } of named) {
      const [beforePattern = ""] = name.split("*");
      if (!isOfUser(name) && !(await exists(name.includes("*") ? dirname(`${beforePattern}x`) : name))) {
        missing.push(`${path}: ${name}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test("have no line over 120 characters outside tables, code and addresses", () => {
    const long = documents.flatMap(({ path, text }) =>
      prose(text)
        .split("\n")
        .filter((line) => !/^\s*\|/.test(line) && line.replace(/\(https?:[^)]+\)/g, "").length > 120)
        .map((line) => `${path}: ${line}`),
    );
    expect(long).toEqual([]);
  });

  test("name the component that acts, and use the words of the glossary, as sources and detections do", async () => {
    const dialect =
      /\b(?:whoever|nobody|somebody|anybody|told|untold|held back|under way|begun|quietly|let go|deaf)\b/gi;
    const sources = await Promise.all(
      folders.map(async (folder) => {
        const names = await readdir(join(root, folder), { recursive: true });
        const paths = names.filter((name) => /\.(?:ts|js|yml)$/.test(name)).map((name) => join(folder, name));
        return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })));
      }),
    );
    expect(sources.flat().length).toBeGreaterThan(500);
    const texts = [...documents.map(({ path, text }) => ({ path, text: prose(text) })), ...sources.flat()];
    const found = texts.flatMap(({ path, text }) => [...text.matchAll(dialect)].map(([word]) => [path, word]));
    // A name of users of systems.
    expect(found).toEqual([[join("cli", "exceptions", "author.ts"), "nobody"]]);
  });
});

describe("the README", () => {
  const readme = textOf("README.md");

  test("has the number of detections beside the four of its table", async () => {
    const covered = coverageOf(await loadDetections(join(root, "detections")), { experimental: false });
    expect(covered.length - 4).toBe(89);
    expect(readme).toContain("\nEighty-nine more see what comes before and after");
  });

  test("has fewer than 250 lines, in the order in which a reader needs them", () => {
    expect(readme.split("\n").length - 1).toBeLessThan(250);
    const headings = [...prose(readme).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([
      "Try it",
      "What it detects",
      "Deploy",
      "Okta's API",
      "Register the hook in Okta",
      "Subscribe",
      "Load profile locations",
      "Tune",
      "Operate",
      "What it costs",
      "What it does not do",
      "Documents",
      "License",
    ]);
  });
});
