import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { commands as commandTable } from "../../cli/commands.ts";
import { everything } from "../../infra/synthesize.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { runCli } from "../fixtures/command.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";
import { type FakeOkta, startFakeOkta } from "../fixtures/okta.ts";
import { readRunbookCommands } from "../fixtures/runbook.ts";
import { synthesize } from "../fixtures/synthesized.ts";

let run: EmbeddedRun;
let okta: FakeOkta;
beforeAll(async () => {
  okta = await startFakeOkta();
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
  await run.putProfiles([
    { user: "ada@example.com", locations: [{ label: "home", countryCode: "PT", city: "Lisbon" }] },
  ]);
  // The org that commands name has a hook.
  expect((await local("hook", "register", "--org", okta.orgUrl)).code).toBe(0);
});
afterAll(() => Promise.all([run.stop(), okta.stop()]));

const local = (name: string, ...args: readonly string[]) =>
  runCli(name, [...args, "--local", "--url", run.url], {
    environment: {
      HOOK_SECRET: "secret",
      OKTA_CLIENT_CLIENTID: okta.clientId,
      OKTA_CLIENT_PRIVATEKEY: JSON.stringify(okta.privateKey),
    },
  });

async function deliver(event: unknown): Promise<void> {
  const response = await fetch(run.url, {
    method: "POST",
    headers: { authorization: "secret", "content-type": "application/json" },
    body: JSON.stringify(delivery([event])),
  });
  expect(response.status).toBe(204);
}

/** What stands in place of the words in capitals: made when a command names it. */
const makers: Readonly<Record<string, () => Promise<string>>> = {
  async MESSAGE_ID() {
    await deliver({ broken: crypto.randomUUID() });
    const { stdout } = await local("deadletters", "list");
    const [id = ""] = /[0-9a-f-]{36}/.exec(stdout) ?? [];
    return id;
  },
  async EVENT_UUID() {
    const event = sessionStart();
    await deliver(event);
    await vi.waitUntil(() => run.alerts.received.some(({ alert }) => alert.okta.eventUuid === event.uuid), 60_000);
    return String(event.uuid);
  },
  async EXCEPTION_ID() {
    const { stdout } = await local(
      "exceptions",
      "add",
      "--user",
      "ada@example.com",
      "--reason",
      "test",
      "--by",
      "grace",
      "--yes",
    );
    const [id = ""] = /[0-9a-f-]{8,36}/.exec(stdout) ?? [];
    return id;
  },
  async INCIDENT_ID() {
    // No exception, and no window of an alert before, is about this person.
    const alternateId = `${crypto.randomUUID()}@example.com`;
    const event = sessionStart({ actor: { id: "00u2", type: "User", alternateId } });
    await deliver(event);
    const find = () => run.alerts.received.find(({ alert }) => alert.okta.eventUuid === event.uuid)?.alert.incident.id;
    await vi.waitUntil(find, 60_000);
    return find() ?? "";
  },
  USER: async () => "ada@example.com",
};

const commands = await readRunbookCommands();
/** What is of the stack alone: deploying, upgrading, removing it, and its secret, which has tests of its own. */
const ofTheStack = /^npx okta-proxy-watch (?:deploy|destroy|hook rotate-secret)\b/;

describe("a command of the runbook works when it is pasted:", () => {
  const ours = commands.filter((command) => command.startsWith("npx okta-proxy-watch ") && !ofTheStack.test(command));

  test("there are some", () => {
    expect(ours.length).toBeGreaterThan(8);
  });

  test.each(ours)("%s", async (command) => {
    const [, name = "", rest = ""] = /^npx okta-proxy-watch ([\w-]+)(?: (.+?))?(?: > \S+)?$/.exec(command) ?? [];
    expect(commandTable).toHaveProperty(name);
    const args: string[] = [];
    for (const word of rest.split(" ").filter((each) => each !== "")) {
      if (word === "https://example.okta.com") args.push(okta.orgUrl);
      else args.push(/^[A-Z_]{3,}$/.test(word) ? ((await makers[word]?.()) ?? word) : word);
    }
    // At a terminal what deletes asks; there is none here.
    const { code, stderr } = await local(name, ...args, ...(/ (?:discard|remove) /.test(command) ? ["--yes"] : []));
    // What earlier commands left on the queue is malformed: redrive cannot put it back, and says so by its exit code.
    expect({ code, stderr }).toEqual({ code: command.includes("redrive") ? 1 : 0, stderr: "" });
  });
});

test("commands of the documents whose output goes to a file keep out of it what npm itself prints", async () => {
  const pages = (await readdir(new URL("../../docs", import.meta.url))).filter((name) => name.endsWith(".md"));
  const documents = ["README.md", ...pages.map((name) => `docs/${name}`)];
  const texts = await Promise.all(documents.map((name) => readFile(new URL(`../../${name}`, import.meta.url), "utf8")));
  const redirected = texts.flatMap(
    (text) => text.match(/(?:npm run|npx okta-proxy-watch) [^`\n]*? >(?: |\n)[\w.-]+/g) ?? [],
  );
  expect(redirected.length).toBeGreaterThan(3);
  expect(redirected.filter((command) => !/^(?:npx|npm run -s) /.test(command))).toEqual([]);
});

test("words in capitals are outputs of the stack, or what a command before has printed", () => {
  const { template } = synthesize(everything);
  const outputs = Object.keys(template.findOutputs("*")).map((name) =>
    name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase(),
  );
  const printed = [...Object.keys(makers), "FUNCTION_ARN", "OLD_VERSION_ID"];
  const words = new Set(
    commands.flatMap(
      (command) => command.match(/(?<![\w-])[A-Z]+(?:_[A-Z]+)*(?:_ARN|_URL|_ID|_NAME|_UUID)(?![\w])|\bUSER\b/g) ?? [],
    ),
  );
  expect(words.size).toBeGreaterThan(5);
  for (const word of words) expect([...outputs, ...printed]).toContain(word);
});
