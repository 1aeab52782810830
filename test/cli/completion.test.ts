import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../cli/commands.ts";
import { placesOf } from "../../cli/completion/words.ts";
import { spawnCli } from "../fixtures/command.ts";

let folder: string;
const scriptOf = (shell: string) => join(folder, `completion.${shell}`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "completion-"));
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout, stderr } = await spawnCli("completion", [shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await writeFile(scriptOf(shell), stdout);
  }
  await writeFile(join(folder, "a-profile.csv"), "");
});
afterAll(() => rm(folder, { recursive: true }));

function isThere(shell: string): boolean {
  try {
    return execFileSync(shell, ["-c", "echo there"], { encoding: "utf8" }) === "there\n";
  } catch {
    return false;
  }
}

const run = (shell: string, args: readonly string[]) =>
  execFileSync(shell, [...args], { cwd: folder, encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "");

/** What a shell offers for a line whose last word is being typed: the words, without their descriptions. */
const offers: Readonly<Record<string, (words: readonly string[]) => readonly string[]>> = {
  bash: (words) =>
    run("bash", [
      "--norc",
      "-c",
      `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _okta_proxy_watch; printf '%s\\n' "\${COMPREPLY[@]}"`,
      scriptOf("bash"),
      ...words,
    ]),
  // The functions of zsh's completion system work in its line editor alone: these print what they are given.
  zsh: (words) =>
    run("zsh", [
      "-f",
      "-c",
      `compdef() { : }
_files() { print -l -- *(N) }
_message() { : }
compadd() { shift; print -l -- $@ }
_describe() { while [[ $1 == -* ]]; do [[ $1 == -t ]] && shift; shift; done; print -l -- \${\${(P)2}%%:*} }
source "$0"
words=("$@"); CURRENT=$#
_okta_proxy_watch`,
      scriptOf("zsh"),
      ...words,
    ]).filter((word) => word.startsWith(words.at(-1) ?? "")),
  fish: (words) =>
    run("fish", [
      "--no-config",
      "-c",
      'source $argv[1]; complete -C "$argv[2]"',
      scriptOf("fish"),
      words.join(" "),
    ]).map((line) => line.split("\t")[0] ?? ""),
};

describe.each(Object.keys(offers))("%s", (shell) => {
  const there = isThere(shell);
  const name = (text: string) => (there ? text : `${text} (not tried: this machine has no ${shell})`);
  const offer = (...words: readonly string[]) => offers[shell]?.(words) ?? [];

  test.skipIf(!there)(name("completes commands and subcommands, with npx before them and without"), () => {
    expect(offer("okta-proxy-watch", "prof")).toEqual(["profiles"]);
    expect(offer("opw", "hook", "re").toSorted()).toEqual(["register", "repair"]);
    expect(offer("npx", "okta-proxy-watch", "ex")).toEqual(["exceptions"]);
    expect(offer("npx", "opw", "incidents", "cl")).toEqual(["close"]);
    expect(offer("npx", "okta-p")).toEqual(["okta-proxy-watch"]);
    expect(offer("opw", "help", "dead")).toEqual(["deadletters"]);
  });

  test.skipIf(!there)(name("completes the options of the place, choices and files"), () => {
    expect(offer("opw", "profiles", "import", "--dr")).toEqual(["--dry-run"]);
    expect(offer("opw", "profiles", "show", "--dr")).toEqual([]);
    expect(offer("opw", "rules", "--exp")).toEqual(["--experimental"]);
    expect(offer("opw", "incidents", "close", "--verdict", "ben")).toEqual(["benign"]);
    expect(offer("opw", "completion", "zs")).toEqual(["zsh"]);
    expect(offer("opw", "profiles", "import", "a-")).toContain("a-profile.csv");
    expect(offer("opw", "backtest", "--events", "a-")).toContain("a-profile.csv");
  });

  test.skipIf(!there)(name("leaves npx of other packages alone"), () => {
    expect(offer("npx", "cdk", "--dr")).toEqual([]);
  });
});

const loaded = await Promise.all(
  Object.entries(commands).map(async ([name, { load }]) => placesOf((await load()).command, [name])),
);

test.skipIf(!isThere("bash"))("every command is completed, with all of its options", () => {
  const places = loaded.flat();
  expect(places.length).toBeGreaterThan(40);
  const offered = new Set(
    run("bash", [
      "--norc",
      "-c",
      `source "$0"
for words; do for last in "" -; do
  COMP_WORDS=(opw $words "$last"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _okta_proxy_watch
  printf "$words|%s\\n" "\${COMPREPLY[@]}"
done; done`,
      scriptOf("bash"),
      ...places.map(({ words }) => words.join(" ")),
    ]),
  );
  const wanted = places.flatMap(({ words, options, next }) =>
    [...next.map(({ name }) => name), ...options.flatMap(({ flags }) => flags)].map(
      (each) => `${words.join(" ")}|${each}`,
    ),
  );
  expect(wanted.filter((each) => !offered.has(each))).toEqual([]);
});

test("a shell that there is no completion for is used wrongly", async () => {
  const { code, stderr } = await spawnCli("completion", ["powershell"]);
  expect(code).toBe(2);
  expect(stderr).toBe("error: there is no completion for powershell: name bash, zsh, fish\n");
});
