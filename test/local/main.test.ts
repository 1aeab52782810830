import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { runCli } from "../fixtures/command.ts";
import { delivery } from "../fixtures/events.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const running = new Set<ChildProcess>();
const notes = await mkdtemp(join(tmpdir(), "run-notes-"));
afterAll(() => rm(notes, { recursive: true }));

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
});

function start(args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["local/main.ts", ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      TIMING: process.env.TIMING,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      PORT: "0",
      SETTINGS_FILE: "/dev/null",
      RUN_NOTES_FOLDER: notes,
      ...environment,
    },
  });
  running.add(child);
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    output += String(chunk);
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return {
    child,
    output: () => output,
    /** The output's first part that matches; fails with what was printed instead. */
    printed: async (pattern: RegExp): Promise<string> => {
      await expect.poll(() => output, { timeout: 60_000, interval: 20 }).toMatch(pattern);
      return pattern.exec(output)?.[1] ?? "";
    },
    exited: async () => ({ code: await exited, output }),
  };
}

describe("the embedded run", () => {
  test("prints commands which, pasted, verify the hook, raise no alert, and print an alert, by hook and log stream one; Ctrl-C stops it", async () => {
    const run = start([]);
    await run.printed(/^ready http:\/\/localhost:\d+\/$/m);
    await run.printed(/(Stop with Ctrl-C)/);
    expect(run.output()).toContain("Commands work on it with --local: npx okta-proxy-watch incidents list --local\n");
    const found = await runCli("incidents", ["list", "--local"], { environment: { RUN_NOTES_FOLDER: notes } });
    expect(found).toEqual({ code: 0, stdout: "No incident changed in the last 30 days.\n", stderr: "" });
    const commands = run.output().match(/^ {2}curl .*$/gm) ?? [];
    expect(commands).toHaveLength(4);
    const [verify = "", proxied = "", ordinary = "", streamed = ""] = commands;
    expect(await paste(verify)).toBe('200 {"verification":"hello"}');
    // Alerts are published before the answer: one of the first sign-in would be printed before that of the second.
    expect(await paste(ordinary)).toBe("204 ");
    expect(await paste(proxied)).toBe("204 ");
    await run.printed(/(--- \[high\] sign-in through Tor: ada@example\.com, Canada)/);
    expect(await paste(streamed)).toMatch(/^200 \{"unmatched":0,.*"duplicate":1,/);
    expect(await paste(proxied)).toBe("204 ");
    expect(await paste(proxied.replace("Authorization: ", "Authorization: not "))).toBe("401 ");
    // The terminal says what became of each.
    const became =
      /^#\d (?:event hook 204|log stream): (?:alerted|no alert|duplicate): user\.session\.start of Ada Marques from \w+, \w+ \(.+\)$/gm;
    await expect
      .poll(() =>
        run
          .output()
          .match(became)
          ?.map((line) => line.slice(0, line.indexOf(": user."))),
      )
      .toEqual([
        "#1 event hook 204: no alert",
        "#2 event hook 204: alerted",
        "#3 log stream: duplicate",
        "#4 event hook 204: duplicate",
      ]);
    await run.printed(/^(#5 event hook 401: refused: the secret is missing or wrong)$/m);
    expect(run.output().match(/^---/gm)).toHaveLength(1);
    await run.printed(/(5,723 km from Lisbon, PT \(home\))/);
    // Each delivers a sign-in of now, as a copy of the sample; the copies are gone once it has stopped.
    expect(run.output()).not.toMatch(/ old$|before this alert/m);
    const copy = /'@(.*?)'/.exec(proxied)?.[1] ?? "";
    await expect(readFile(copy, "utf8")).resolves.toContain("5c0f3a52-c9c5-11f1-9d3e-1f2a3b4c5d6e");
    run.child.kill("SIGINT");
    expect(await run.exited()).toMatchObject({ code: 0 });
    await expect(readFile(copy, "utf8")).rejects.toThrow("ENOENT");
  });

  test("started by npm, ends with it: no process stays that has the port", async () => {
    const child = spawn("npm", ["start", "--silent"], {
      cwd: root,
      env: { ...process.env, PORT: "0", SETTINGS_FILE: "/dev/null" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    running.add(child);
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
    });
    await expect.poll(() => output).toContain("Stop with Ctrl-C");
    const [, url = ""] = /^ready (\S+)$/m.exec(output) ?? [];
    child.kill("SIGTERM");
    const isThere = () =>
      fetch(url).then(
        () => true,
        () => false,
      );
    await expect.poll(isThere).toBe(false);
    await expect.poll(() => output).toContain("stopping");
  });

  test("takes port, secret and threshold from the environment", async () => {
    const run = start([], { HOOK_SECRET: "other", MISMATCH_DISTANCE_KM: "9000" });
    const url = await run.printed(/^ready (\S+)$/m);
    expect((await fetch(url, { headers: { authorization: "local-secret" } })).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: "other" } })).status).toBe(400);
    expect(await (await fetch(`${url}_local/alerts`)).json()).toEqual([]);
  });

  test("runs the packs of the settings file, unless the environment names others, and links to a map unless it says not to", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "main-")), "settings.yml");
    await writeFile(file, "packs: [admin]\n");
    const granted = JSON.parse(await readFile(join(root, "detections/base-events/privilege-grant.json"), "utf8"));
    const alertsWith = async (environment: Record<string, string>) => {
      const url = await start([], { SETTINGS_FILE: file, ...environment }).printed(/^ready (\S+)$/m);
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization: "local-secret", "content-type": "application/json" },
        body: JSON.stringify(delivery([granted])),
      });
      expect(response.status).toBe(204);
      return async () => (await (await fetch(`${url}_local/alerts`)).json()) as unknown[];
    };
    const alerts = await alertsWith({ MAP_LINKS: "false" });
    await expect.poll(alerts).toHaveLength(1);
    expect(await alerts()).toMatchObject([{ links: { map: null }, geo: { exit: { city: "Lisbon" } } }]);
    const others = await alertsWith({ DETECTION_PACKS: "" });
    expect(await others()).toEqual([]);
  });

  test("refuses a pack that no detection has, with the nearest that there is", async () => {
    const { code, output } = await start([], { DETECTION_PACKS: "mfa,admni" }).exited();
    expect(code).toBe(2);
    expect(output).toContain("no rule is of the pack admni; there are: admin,");
    expect(output).toContain("did you mean admin?");
  });

  test("breaks a part with --chaos, and mends it while it runs: the alert comes late", async () => {
    const run = start(["--chaos", "sns"]);
    await run.printed(/^(broken: sns)$/m);
    const url = await run.printed(/^ready (\S+)$/m);
    await run.printed(/(Stop with Ctrl-C)/);
    const [, deliver = ""] = run.output().match(/^ {2}curl .*$/gm) ?? [];
    expect(await paste(deliver.trim())).toBe("204 ");
    expect(await (await fetch(`${url}_local/alerts`)).json()).toEqual([]);
    await fetch(`${url}_local/chaos/sns`, { method: "DELETE" });
    await run.printed(/^(Late {6}by \d+ s: the alert could not be published)/m);
  });

  test("says that a port is taken, and how to choose another", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const { code, output } = await start([], { PORT: port }).exited();
    await new Promise((resolve) => taken.close(resolve));
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^error: the port is taken .*${port}.*PORT=3001 npm start$`, "m"));
  });

  test.each([
    [["--port", "x"], {}, /"x" is no port/],
    [[], { MISMATCH_DISTANCE_KM: "far" }, /MISMATCH_DISTANCE_KM/],
    [["--prot", "1"], {}, /--prot/],
    [[], { SETTINGS_FILE: "missing.yml" }, /the settings file missing\.yml cannot be read/],
    [["--chaos", "mice"], {}, /"mice" is no fault: sns, dynamodb/],
    [[], { EXPERIMENTAL_DETECTIONS: "yes" }, /EXPERIMENTAL_DETECTIONS/],
    [[], { LOGIN_DOMAINS: "@example.com" }, /LOGIN_DOMAINS is "@example.com": expected domains/],
  ])("refuses %j with %j, and shows its usage", async (args, environment, message) => {
    const { code, output } = await start(args, environment).exited();
    expect(code).toBe(2);
    expect(output).toMatch(message);
    expect(output).toContain("Usage: npm start");
  });

  test("says in two lines which variable a function refuses, without a stack", async () => {
    const { code, output } = await start([], { MAP_LINKS: "1" }).exited();
    expect(code).toBe(2);
    expect(output).toContain(
      "error: The environment of this function is not complete:\n- MAP_LINKS is neither true nor false\n",
    );
    expect(output).not.toContain("    at ");
  });

  test("explains itself on --help", async () => {
    expect(await start(["--help"]).exited()).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Usage: npm start/),
    });
  });
});

/** Does what a printed curl command does, on machines without curl too: `-H` and `--data '@file'` are all they use. */
async function paste(command: string): Promise<string> {
  const headers = [...command.matchAll(/-H '([^:]+): ([^']*)'/g)].map(([, name = "", value = ""]) => [name, value]);
  const [, file] = / --data '@([^']+)'/.exec(command) ?? [];
  const [, url = ""] = / (http:\S+)$/.exec(command) ?? [];
  const response = await fetch(url, {
    headers: Object.fromEntries(headers),
    ...(file === undefined ? {} : { method: "POST", body: await readFile(file) }),
  });
  return `${response.status} ${await response.text()}`;
}
