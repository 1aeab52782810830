import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CommitParser } from "conventional-commits-parser";
import { readScriptOptions } from "./script-options.ts";

/*
 * Release notes from Conventional Commits (https://www.conventionalcommits.org): prints the changes between two
 * revisions as Markdown. With --check, names every commit whose subject is not of that form, and exits with 1.
 */

const usage = `Usage: npm run -s release-notes -- [--check] [FROM..TO]

Prints release notes from the commits of a range: by default from the last tag, or from the beginning, to HEAD.

  --check      name the commits that are not Conventional Commits instead; exit code 1 when there are some
  -h, --help   this text`;

/** Headings by the types of commits, in the order of the notes; other types do not concern users. */
const headings: Readonly<Record<string, string>> = {
  feat: "Added",
  fix: "Fixed",
  perf: "Faster",
  refactor: "Changed within",
  docs: "Documents",
};
const types: ReadonlySet<string> = new Set([
  ...Object.keys(headings),
  "build",
  "chore",
  "ci",
  "revert",
  "style",
  "test",
]);

const parser = new CommitParser({
  headerPattern: /^(\w+)(?:\(([\w./-]+)\))?(!)?: (.+)$/,
  headerCorrespondence: ["type", "scope", "breaking", "subject"],
  noteKeywords: ["BREAKING CHANGE", "BREAKING-CHANGE"],
});

interface Commit {
  readonly hash: string;
  readonly subject: string;
  readonly type: string | null;
  readonly text: string;
  readonly breaking: readonly string[];
}

const git = async (...args: readonly string[]) =>
  (await promisify(execFile)("git", [...args], { maxBuffer: 64 * 1_048_576 })).stdout.trim();

async function defaultRange(): Promise<string> {
  const tag = await git("describe", "--tags", "--abbrev=0").catch(() => null);
  return tag === null ? "HEAD" : `${tag}..HEAD`;
}

async function readCommits(range: string): Promise<Commit[]> {
  const log = await git("log", "--no-merges", "--format=%h%x1f%B%x1e", range);
  return log.split("\x1e").flatMap((entry) => {
    const [hash = "", message = ""] = entry.trim().split("\x1f");
    if (message.trim() === "") return [];
    const { header, type, scope, subject, breaking, notes } = parser.parse(message);
    const isConventional = typeof type === "string" && types.has(type);
    const text = `${scope ? `**${scope}**: ` : ""}${subject ?? header ?? ""}`;
    const texts = notes.map((note) => note.text);
    return [
      {
        hash,
        subject: header ?? "",
        type: isConventional ? type : null,
        text,
        breaking: breaking && texts.length === 0 ? [text] : texts,
      },
    ];
  });
}

function writeNotes(commits: readonly Commit[]): string {
  const section = (heading: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [`## ${heading}\n\n${lines.map((line) => `- ${line}`).join("\n")}\n`];
  return [
    ...section(
      "Breaking",
      commits.flatMap(({ breaking, hash }) => breaking.map((text) => `${text} (${hash})`)),
    ),
    ...Object.entries(headings).flatMap(([type, heading]) =>
      section(
        heading,
        commits.filter((commit) => commit.type === type).map(({ text, hash }) => `${text} (${hash})`),
      ),
    ),
  ].join("\n");
}

const { options, positionals } = readScriptOptions(usage, ["check"], 1);
const commits = await readCommits(positionals[0] ?? (await defaultRange()));
if (options.has("check")) {
  const others = commits.filter(({ type }) => type === null);
  for (const { hash, subject } of others) {
    process.stderr.write(`${hash} is no Conventional Commit, such as "fix: what it mends": ${subject}\n`);
  }
  if (others.length > 0) process.exitCode = 1;
} else {
  process.stdout.write(writeNotes(commits));
}
