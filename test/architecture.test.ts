import { readdir, readFile } from "node:fs/promises";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createClaims } from "../lambda/adapters/tables/claims.ts";
import { createUserStates } from "../lambda/adapters/tables/user-states.ts";
import { fingerprintOf } from "../lambda/core/grouping/fingerprint.ts";
import { suppress } from "../lambda/core/grouping/suppress.ts";
import { judgeWindow, leaseMilliseconds, newWindow } from "../lambda/core/grouping/window.ts";
import { countedDays, rememberedSessionOf, unknownUser } from "../lambda/core/history/history.ts";
import { remember } from "../lambda/core/history/remember.ts";
import { type SuppressionWindow, unreported } from "../lambda/core/history/suppression-window.ts";
import type { UserKey } from "../lambda/core/history/user-key.ts";
import { answering, type Pace, redriveTimeoutSeconds, waiting } from "../lambda/core/time/budget.ts";
import { names } from "../local/resources.ts";
import { useEmulators } from "./fixtures/emulators.ts";
import { logEvent } from "./fixtures/events.ts";
import { betweenEntries, findCircles, readFolders, readSourceImports } from "./fixtures/source-imports.ts";

const document = await readFile(new URL("../docs/architecture.md", import.meta.url), "utf8");
const section = (heading: string) => document.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
const rowsOf = (text: string) =>
  [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) => row.split(" | ").map((cell) => cell.trim()));

describe("the rooms", () => {
  const rooms = rowsOf(section("Rooms")).flatMap(([first = ""]) => /^`(.+)\/`$/.exec(first)?.[1] ?? []);

  test("of lambda/ are its folders, each with a row", async () => {
    const ofLambda = rooms.filter((room) => room.startsWith("lambda/"));
    expect(ofLambda.length).toBeGreaterThan(20);
    expect(ofLambda.toSorted()).toEqual((await readFolders("lambda")).toSorted());
  });

  test("beside lambda/ have a row each, where they hold code", async () => {
    const { include } = JSON.parse(await readFile(new URL("../tsconfig.json", import.meta.url), "utf8")) as {
      readonly include: readonly string[];
    };
    const folders = include.filter((entry) => entry !== "lambda" && !entry.endsWith(".ts"));
    expect(folders.length).toBeGreaterThan(5);
    expect(rooms).toEqual(expect.arrayContaining([...folders, "detections"]));
  });
});

test("the functions in the document are those of the code", async () => {
  const folder = new URL("../lambda/functions/", import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".ts"));
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, folder), "utf8")));
  const deployed = files.filter((_, index) => texts[index]?.includes("export async function handler("));
  const [, table = ""] = section("Rooms").split("\n### The functions\n");
  const rows = rowsOf(table).flatMap(([first = ""]) => /^`(.+\.ts)`$/.exec(first)?.[1] ?? []);
  expect(deployed.length).toBeGreaterThan(5);
  expect(rows.toSorted()).toEqual(deployed.toSorted());
  // A rounded box of the picture is a function: each is there once.
  const [, picture = ""] = /### The deployment\n.*?```mermaid\n(.*?)```/s.exec(section("Rooms")) ?? [];
  const drawn = [...picture.matchAll(/\(\[([\w-]+)\]\)/g)].map(([, name]) => `${name}.ts`);
  expect(drawn.toSorted()).toEqual(deployed.toSorted());
});

test("the picture of an event's way has the stages of the pipeline, in the order in which an event takes them", async () => {
  const pipeline = new URL("../lambda/core/pipeline/", import.meta.url);
  const [, picture = ""] = /```mermaid\nflowchart LR\n(.*?)```/s.exec(document) ?? [];
  const stages = [...picture.matchAll(/(?:-->|--) (?:[^\n]*?\|)?(\w+)\[([a-z ]+)\]/g)].map(([, , label = ""]) => label);
  const first = stages.indexOf("claim");
  const drawn = stages.slice(first, stages.indexOf("record") + 1);
  expect(drawn.join(", ")).toBe("claim, look up, correlate, judge, except, join storm, group, gather, publish, record");
  const files = await readdir(pipeline);
  expect(drawn.map((stage) => `${stage.replace(" ", "-")}.ts`).filter((file) => !files.includes(file))).toEqual([]);
  // The code calls them in this order; a sign-in that no storm reports goes on in a function of its own.
  const source = (await readFile(new URL("handle-event.ts", pipeline), "utf8")).replace(/^import .*$/gm, "");
  for (const calls of [
    ["judgeCandidate(", "alertOn(", "record("],
    ["exceptDetections(", "joinStorm(", "alertSingly(event, alertable"],
    ["groupSession(", "gatherSignIn(", "publishAlert("],
  ]) {
    const places = calls.map((call) => source.indexOf(call));
    expect(places[0]).toBeGreaterThan(0);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  }
});

describe("imports", () => {
  const folders = ["lambda", "cli", "infra", "local", "pages"];

  test("make no circle among files, nor among the files and subfolders of any folder", async () => {
    const imports = await readSourceImports(folders);
    expect(imports.length).toBeGreaterThan(1_000);
    const circles = { files: findCircles(imports), folders: findCircles(betweenEntries(imports)) };
    print(`${imports.length} imports: ${circles.files.length} circles of files, ${circles.folders.length} of folders`);
    expect(circles).toEqual({ files: [], folders: [] });
  });

  test("of the core stay within it; the rules that it is built with are data", async () => {
    const outward = (await readSourceImports(["lambda/core"]))
      .filter(({ to }) => !to.startsWith("lambda/core/"))
      .filter(({ to }) => !/^detections\/[\w*]+(\.experimental)?\.yml$/.test(to));
    print(`${outward.length} imports from the core outward`);
    expect(outward).toEqual([]);
  });

  test("in a circle are found, of files and of folders", () => {
    const edges = [
      { from: "a/x.ts", to: "b/y.ts" },
      { from: "b/z.ts", to: "a/w.ts" },
      { from: "a/w.ts", to: "a/v.ts" },
    ];
    expect(findCircles(edges)).toEqual([]);
    expect(findCircles(betweenEntries(edges))).toEqual([["a", "b"]]);
    expect(findCircles([...edges, { from: "a/v.ts", to: "a/w.ts" }])).toEqual([["a/v.ts", "a/w.ts"]]);
  });
});

test("the times of a request in the document are those of the code", () => {
  const rows = new Map(rowsOf(section("The time that a request has")).map(([what = "", ...times]) => [what, times]));
  const of = (read: (pace: Pace) => number | undefined) =>
    [answering, waiting].map(read).map((milliseconds) => String((milliseconds ?? Number.NaN) / 1_000));
  const expected: Readonly<Record<string, readonly string[]>> = {
    "starting further events of a delivery, until": [of(({ begin }) => begin)[0] ?? "", "as work"],
    "work, until": of(({ work }) => work),
    "parking what is unfinished, until": of(({ parking }) => parking),
    "look-up": of(({ steps }) => steps.lookUp),
    claim: of(({ steps }) => steps.claim),
    "opening a window": of(({ steps }) => steps.open),
    "judging by the window": of(({ steps }) => steps.suppress),
    publishing: ["the rest of the work", "the rest of the work"],
    "recording the result": of(({ steps }) => steps.complete),
    "asking for a refresh of profiles": of(({ steps }) => steps.refresh),
    "until a claim or a window expires": of(({ lease }) => lease),
  };
  expect(waiting.begin).toBeUndefined();
  expect(Object.fromEntries([...rows].slice(2))).toEqual(expected);
  expect(section("The time that a request has").replace(/\s+/g, " ")).toContain(
    ` Redrive ends after ${redriveTimeoutSeconds} seconds`,
  );
});

/** The transitions of a section's state diagram. */
function transitionsOf(text: string): string[] {
  const [, diagram = ""] = /```mermaid\nstateDiagram-v2\n(.*?)```/s.exec(text) ?? [];
  const lines = diagram.trim().split("\n");
  return lines.map((line) => line.trim()).sort();
}

const { dynamodb } = await useEmulators();

/** Ends what hangs. */
const signal = () => AbortSignal.timeout(60_000);

describe("the states of a claim", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const lease = 20_000;
  const claims = createClaims(names.stateTable);
  const complete = (outcome: "alerted" | "deadLettered") => (key: string) =>
    claims.complete(key, { outcome, undecided: [], exceptions: [] }, signal());
  const later = (milliseconds: number) => async () => {
    vi.setSystemTime(Date.now() + milliseconds);
  };

  /** What may happen to a claim, as the diagram names it. */
  const happenings: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    claim: (key) => claims.claim(key, { lease }, signal()),
    "claim again": (key) => claims.claim(key, { lease, again: true }, signal()),
    complete: complete("alerted"),
    "complete as dead-lettered": complete("deadLettered"),
    release: (key) => claims.release(key, 0, signal()),
    "release as unconfirmed": (key) => claims.release(key, 1, signal()),
    "lease ends": later(lease + 1),
    // Two seconds more, as the table keeps whole ones.
    "seven days": later(7 * 86_400_000 + 2_000),
  };
  /** How each state is reached. `[*]` is that of an event of which the table knows nothing. */
  const ways: Readonly<Record<string, readonly string[]>> = {
    "[*]": [],
    InProgress: ["claim"],
    Unconfirmed: ["claim", "release as unconfirmed"],
    Done: ["claim", "complete"],
    DeadLettered: ["claim", "complete as dead-lettered"],
  };
  // A function completes and releases what it has claimed. Where it could not ask for a claim, it completes all the same.
  const isAsked = (state: string, happening: string) =>
    state === "InProgress" || !/complete|release/.test(happening) || (state === "[*]" && happening === "complete");

  /** The state of the only item that the claim can have. */
  async function stateOf(before: ReadonlySet<string>): Promise<string> {
    const item = (await items()).find(({ id }) => !before.has(id?.S ?? ""));
    if (item === undefined || Number(item.expiration?.N) < Math.floor(Date.now() / 1_000)) return "[*]";
    if (item.status?.S === "COMPLETED") return item.data?.M?.outcome?.S === "deadLettered" ? "DeadLettered" : "Done";
    return Number(item.in_progress_expiration?.N) < Date.now() ? "Unconfirmed" : "InProgress";
  }
  const items = async () => (await dynamodb.send(new ScanCommand({ TableName: names.stateTable }))).Items ?? [];

  test("and its transitions in the diagram are those of the store, and no others", async () => {
    const found: string[] = [];
    for (const [state, way] of Object.entries(ways)) {
      for (const [happening, happen] of Object.entries(happenings)) {
        if (!isAsked(state, happening)) continue;
        vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
        const before = new Set((await items()).map(({ id }) => id?.S ?? ""));
        const key = crypto.randomUUID();
        for (const step of way) await happenings[step]?.(key);
        expect([state, happening, await stateOf(before)]).toEqual([state, happening, state]);
        await happen(key);
        const after = await stateOf(before);
        // What changes nothing, such as a claim that is refused, is not drawn.
        if (after !== state) found.push(`${state} --> ${after}: ${happening}`);
        vi.useRealTimers();
      }
    }
    expect(transitionsOf(section("A claim, and its states"))).toEqual(found.toSorted());
  });
});

describe("the states of a window", () => {
  const suppressMinutes = 60;
  const event = logEvent();
  const fingerprint = fingerprintOf(event, ["detection"]) ?? missing("the network of the event");
  const states = createUserStates(names.stateTable, async () => Buffer.from("the key of a deployment"));

  /** One user, whose session starts are all the same news, with a clock that is set by hand. */
  function createWorld() {
    const user: UserKey = `login#${crypto.randomUUID()}@example.com`;
    let now = new Date("2026-11-24T09:30:03Z");
    const read = () => states.read(user, signal());
    const find = async () => (await read()).windows.get(fingerprint) ?? null;
    const newOne = () => newWindow(fingerprint, crypto.randomUUID(), now, suppressMinutes);
    return {
      pass: async (milliseconds: number) => {
        now = new Date(now.getTime() + milliseconds);
      },
      async meet() {
        const [state, window] = [await read(), newOne()];
        const due = { user, window, state, network: null, session: null, now };
        // One that waits does so until its step ends.
        const waits = judgeWindow(await find(), window).kind === "wait";
        await suppress(states, due, waits ? AbortSignal.abort() : signal());
      },
      async end(how: Partial<SuppressionWindow>) {
        const ended = { ...((await find()) ?? missing("the window")), ...how };
        await states.record(user, ended, remember(unknownUser, null, null, now), signal());
      },
      /** Remembers a session of other news: what is over is removed with it. */
      async remember() {
        await states.record(user, null, remember(await read(), null, rememberedSessionOf(event, now), now), signal());
      },
      /** What the next session start would make of the window. */
      async state() {
        const window = await find();
        if (window === null) return "[*]";
        const { kind } = judgeWindow(window, newOne());
        if (kind === "suppress") return window.suppressed > 0 ? "Counting" : "Effective";
        const isAllReported = unreported(window).count === 0;
        if (kind === "wait") return isAllReported ? "Opened" : "Reporting";
        return isAllReported ? "Over" : "Unreported";
      },
    };
  }
  type World = ReturnType<typeof createWorld>;

  /** What may happen to a window, as the diagram names it. */
  const happenings: Readonly<Record<string, (world: World) => Promise<void>>> = {
    "session start": ({ meet }) => meet(),
    "record the alert": ({ end }) => end({ published: true }),
    "record the report": ({ end }) => end({ published: true, until: 0 }),
    close: ({ end }) => end({ until: 0 }),
    "lease ends": ({ pass }) => pass(leaseMilliseconds + 1),
    "suppressMinutes end": ({ pass }) => pass(suppressMinutes * 60_000 + 1),
    forget: ({ remember }) => remember(),
    [`forget after ${countedDays} days`]: async ({ pass, remember }) => {
      await pass(countedDays * 86_400_000);
      await remember();
    },
  };
  const counting = ["session start", "record the alert", "session start"];
  /** How each state is reached. `[*]` is that of no window. */
  const ways: Readonly<Record<string, readonly string[]>> = {
    "[*]": [],
    Opened: ["session start"],
    Effective: ["session start", "record the alert"],
    Counting: counting,
    Over: ["session start", "close"],
    Unreported: [...counting, "suppressMinutes end"],
    Reporting: [...counting, "suppressMinutes end", "session start"],
  };
  /** Where alone it can happen: a function ends what it opened, within its lease, and a report is about what is unreported. */
  const places: Readonly<Record<string, readonly string[]>> = {
    "record the alert": ["Opened", "Reporting"],
    "record the report": ["Reporting"],
    close: ["Opened", "Reporting"],
    "suppressMinutes end": ["Effective", "Counting"],
    [`forget after ${countedDays} days`]: ["Unreported"],
  };

  test("and its transitions in the diagram are those of the core on the store, and no others", async () => {
    const found: string[] = [];
    for (const [state, way] of Object.entries(ways)) {
      for (const [happening, happen] of Object.entries(happenings)) {
        if (places[happening]?.includes(state) === false) continue;
        const world = createWorld();
        for (const step of way) await happenings[step]?.(world);
        expect([state, happening, await world.state()]).toEqual([state, happening, state]);
        await happen(world);
        const after = await world.state();
        // What changes nothing, such as a session start that waits, is not drawn.
        if (after !== state) found.push(`${state} --> ${after}: ${happening}`);
      }
    }
    expect(transitionsOf(section("Grouping"))).toEqual(found.toSorted());
  });
});

function missing(what: string): never {
  throw new Error(`${what} is missing`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
