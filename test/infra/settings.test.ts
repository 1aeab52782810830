import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  describeSettings,
  type LoadedSettings,
  loadSettings,
  mergeSettings,
  retentionDays,
  settingsJsonSchema,
} from "../../infra/settings.ts";
import { parseSettingsFile, SettingsError } from "../../infra/settings-file.ts";
import { everything } from "../../infra/synthesize.ts";
import { synthesize } from "../fixtures/synthesized.ts";

const root = new URL("../../", import.meta.url);

const settingsFileModule = new URL("infra/settings-file.ts", root).href;

/** The feature flags that the stack was deployed with before all were configured. */
const firstFlags: ReadonlySet<string> = new Set([
  "@aws-cdk/core:target-partitions",
  "@aws-cdk/aws-iam:minimizePolicies",
  "@aws-cdk/aws-lambda:recognizeLayerVersion",
  "@aws-cdk/core:enablePartitionLiterals",
]);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-settings-"));
});
afterAll(() => rm(folder, { recursive: true }));

const read = (text: string, context: Readonly<Record<string, unknown>> = {}): LoadedSettings =>
  mergeSettings(context, parseSettingsFile("settings.yml", text));

/** What is said of settings that cannot be used. */
function faultsOf(text: string, context: Readonly<Record<string, unknown>> = {}): string[] {
  try {
    read(text, context);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

describe("a settings file", () => {
  test("gives the settings that it names; the others have their defaults", () => {
    const { settings, notes } = read(`# ours
alertEmail: security@example.com
mismatchDistanceKm: 800
canary: true
outputs: [chat, pagerduty, chat]
operationsEmail:
oktaOrgUrl: https://example.okta.com
oktaProfileAttributes:
  - label: office
    city: officeCity
`);
    expect(settings).toMatchObject({
      stackName: "OktaProxyWatch",
      alertEmail: "security@example.com",
      mismatchDistanceKm: 800,
      canary: true,
      outputs: ["chat", "pagerduty"],
      heartbeatHours: 24,
      oktaProfileAttributes: [{ label: "office", city: "officeCity" }],
    });
    expect(settings.operationsEmail).toBeUndefined();
    expect(notes).toEqual([]);
  });

  test("that is empty, or holds comments alone, is as none", () => {
    for (const text of ["", "# nothing\n", "---\n"]) expect(read(text).settings).toEqual(mergeSettings({}).settings);
  });

  test("with misspelt settings is refused, with the nearest name and the line", () => {
    expect(faultsOf("stackName: Ours\nalertEmial: security@example.com\n\nheartbeathours: 5\n")).toEqual([
      "- settings.yml:2: there is no setting alertEmial; the nearest is alertEmail",
      "- settings.yml:4: there is no setting heartbeathours; the nearest is heartbeatHours",
    ]);
  });

  test("with wrong values is refused, with line, what was found and what is expected", () => {
    expect(
      faultsOf(`heartbeatHours: 169
canary: "yes"
allowedCidrs:
  - 192.0.2.0/24
  - 192.0.2.1
outputs: chat
oktaProfileAttributes: [{ label: home, town: city }]
`),
    ).toEqual([
      "- settings.yml:1: heartbeatHours is 169: expected at most 168, a week",
      '- settings.yml:2: canary is "yes": expected true or false; write true, without quotes',
      '- settings.yml:5: allowedCidrs.1 is "192.0.2.1": expected a network such as 192.0.2.0/24',
      '- settings.yml:6: outputs is "chat": expected a list',
      '- settings.yml:7: oktaProfileAttributes.0 is {"label":"home","town":"city"}: Unrecognized key: "town"',
    ]);
  });

  const bomb = ["a", "b", "c", "d"].map((name, index, all) => {
    const inner = index === 0 ? "1" : `*${all[index - 1]}`;
    return `${name}: &${name} [${Array(10).fill(inner).join(", ")}]`;
  });
  test.each([
    ["that names nothing", "metrics: full\ncanary: *nope\n", /^settings\.yml:2: this alias .*: nope$/],
    ["that grows without measure", `# ours\n${bomb.join("\n")}\n`, /^settings\.yml:3: this alias .*exhaustion/],
    [
      "that stands within itself",
      "canary: true\noutputs: &all [chat, *all]\n",
      /^settings\.yml:2: this alias .*circular/,
    ],
  ])("with an alias %s is refused with the line", (_, text, message) => {
    expect(() => read(text)).toThrow(SettingsError);
    expect(() => read(text)).toThrow(message);
  });

  test("with an alias of something gives what it stands for", () => {
    const { settings } = read("alertEmail: &us security@example.com\noperationsEmail: *us\n");
    expect(settings.operationsEmail).toBe("security@example.com");
  });

  test("with a tag or a directive that YAML does not know is refused with the line", () => {
    expect(() => read("canary: true\nalertEmail: !foo security@example.com\n")).toThrow(
      /^settings\.yml:2: this cannot be used: Unresolved tag: !foo$/,
    );
    expect(() => read("canary: !!int often\n")).toThrow(SettingsError);
    expect(() => read("%OURS 1\n---\ncanary: true\n")).toThrow(/^settings\.yml:1: this cannot be used: /);
  });

  test("with an address of the runbook that no alarm's description has room for is refused", () => {
    const url = (length: number) => "https://wiki.example.com/".padEnd(length, "r");
    expect(read(`runbookUrl: ${url(700)}\n`).settings.runbookUrl).toHaveLength(700);
    expect(faultsOf(`runbookUrl: ${url(701)}\n`)).toEqual([
      expect.stringMatching(
        /^- settings\.yml:1: runbookUrl is .*: expected at most 700 characters, as alarms quote it$/,
      ),
    ]);
  });

  test("that is no YAML, has a name twice, or is no list of names is refused with the line", () => {
    expect(() => read("canary: true\nalertEmail: [")).toThrow(/^settings\.yml:2: this is no YAML: /);
    expect(() => read("canary: true\n\ncanary: false\n")).toThrow(/^settings\.yml:3: .*unique/);
    expect(() => read("- canary\n")).toThrow('settings.yml:1: expected settings such as "alertEmail: ..."');
  });

  test("with attributes that a function's environment has no room for is refused", () => {
    const locations = (count: number) =>
      JSON.stringify(Array.from({ length: count }, (_, index) => ({ label: `office ${index}`, city: "x".repeat(70) })));
    expect(faultsOf(`oktaProfileAttributes: ${locations(14)}\n`)).toEqual([]);
    expect(faultsOf(`oktaProfileAttributes: ${locations(15)}\n`)).toEqual([
      expect.stringMatching(/: expected at most 1500 bytes as JSON, .*: name fewer locations, or shorter labels$/),
    ]);
  });

  test("with settings that do nothing without another is taken, and says so", () => {
    const { notes } = read(`firewallLimit: 500
reconcileMinutes: 10
reconcileOverlapMinutes: 20
oktaProfileAttributes: [{ label: office, city: officeCity }]
heartbeatHours: 0
heartbeatWorkingDays: true
`);
    expect(notes).toEqual([
      "firewallLimit has no effect without firewall",
      "reconcileMinutes has no effect without oktaOrgUrl",
      "reconcileOverlapMinutes has no effect without oktaOrgUrl",
      "oktaProfileAttributes has no effect without oktaOrgUrl",
      "heartbeatWorkingDays has no effect with heartbeatHours: 0",
    ]);
    expect(read("oktaOrgUrl: https://example.okta.com\nreconcileOverlapMinutes: 20\n").notes).toEqual([]);
  });

  test("takes the name of an event bus, and neither the default one nor an ARN", () => {
    const name = "aws.partner/okta.com/example/okta";
    expect(read(`eventBusName: ${name}\n`).settings.eventBusName).toBe(name);
    for (const wrong of ["default", `arn:aws:events:eu-west-1:111122223333:event-bus/${name}`, "x".repeat(257)]) {
      expect(faultsOf(`eventBusName: ${wrong}\n`)).toEqual([
        expect.stringMatching(/^- settings\.yml:1: eventBusName is .*: expected the name of the event bus/),
      ]);
    }
  });

  test("with the canary behind a list of networks that leaves it out is refused", () => {
    expect(faultsOf("allowedCidrs: [192.0.2.0/24]\ncanary: true\n")).toEqual([
      expect.stringMatching(/^- settings\.yml:2: canary: .*use one of the two$/),
    ]);
  });

  test("with what is CDK's own is refused, and the message says how CDK takes it", () => {
    const faults = faultsOf("tags: team=security\npermissionsBoundary: Bounded\n");
    expect(faults[0]).toMatch(
      /^- settings\.yml:1: tags is no setting any more: .*"tags": \[\{"Key": "team", "Value": "security"\}\]/,
    );
    expect(faults[1]).toMatch(
      /^- settings\.yml:2: permissionsBoundary .*"@aws-cdk\/core:permissionsBoundary": \{"name": "POLICY"\}/,
    );
  });
});

describe("settings of the command line", () => {
  test("come first, and are said to be for this once", () => {
    const { settings, notes } = read("alertEmail: security@example.com\nsuppressMinutes: 30\n", {
      suppressMinutes: "10",
      outputs: "chat, ocsf",
      alertEmail: "security@example.com",
    });
    expect(settings).toMatchObject({ suppressMinutes: 10, outputs: ["chat", "ocsf"] });
    expect(notes).toEqual([
      "suppressMinutes is 10 for this once: settings.yml says 30, and the next deployment goes by the file",
      'outputs is ["chat","ocsf"] for this once: settings.yml does not have it, and the next deployment goes by the file',
    ]);
  });

  test("are refused when they are misspelt; CDK's own context is let through", () => {
    expect(
      faultsOf("", {
        alertEmial: "security@example.com",
        tags: "team=security",
        "@aws-cdk/core:bootstrapQualifier": "ours",
        "aws:cdk:enable-path-metadata": true,
        "cli-telemetry": false,
      }),
    ).toEqual([
      "- -c alertEmial: there is no setting alertEmial; the nearest is alertEmail",
      expect.stringMatching(/^- -c tags: tags is no setting any more/),
    ]);
  });

  test("of a name that is near to none are refused without a guess", () => {
    expect(faultsOf("", { detections: "all" })).toEqual(["- -c detections: there is no setting detections"]);
  });

  test("are refused where they are empty: an empty variable of a script takes no setting away", () => {
    expect(faultsOf("alertEmail: security@example.com\n", { alertEmail: "" })).toEqual([
      "- -c alertEmail: alertEmail is empty: give it a value, or leave it out",
    ]);
    expect(faultsOf('alertEmail: ""\n')).toEqual([
      "- settings.yml:1: alertEmail is empty: give it a value, or leave it out",
    ]);
  });

  test("are refused by their own name where they cannot be used", () => {
    expect(faultsOf("heartbeatHours: 5\n", { heartbeatHours: "often" })).toEqual([
      '- -c heartbeatHours: heartbeatHours is "often": expected a whole number of hours',
    ]);
  });
});

describe("the settings of a deployment", () => {
  test("are read from the file that is named, which has to be there", async () => {
    const path = join(folder, "europe.yml");
    await writeFile(path, "stackName: Europe\n");
    const { settings, file } = await loadSettings({ settingsFile: path }, folder);
    expect({ name: settings.stackName, path: file?.path }).toEqual({ name: "Europe", path });
    await expect(loadSettings({ settingsFile: join(folder, "asia.yml") }, folder)).rejects.toThrow(
      /^the settings file .*asia\.yml cannot be read: ENOENT/,
    );
  });

  test("are not read from settings.yaml, which is said where there is no settings.yml", async () => {
    const other = join(folder, "misnamed");
    await mkdir(other);
    await writeFile(join(other, "settings.yaml"), "canary: true\n");
    // The name is looked for where the command is run.
    const { stderr } = await promisify(execFile)(
      process.execPath,
      [
        "--eval",
        `import(${JSON.stringify(settingsFileModule)}).then((m) => m.readSettingsFile()).catch((e) => console.error(e.message))`,
      ],
      { cwd: other, env: { ...process.env, SETTINGS_FILE: "" } },
    );
    expect(stderr).toBe("there is settings.yaml, which is not read, and no settings.yml: rename it\n");
  });

  test("are not read from cdk.json: the refusal says where they belong", async () => {
    const context = { alertEmail: "security@example.com", tags: "team=security", "@aws-cdk/core:newStyle": true };
    await writeFile(join(folder, "cdk.json"), JSON.stringify({ context }));
    await expect(loadSettings({}, folder)).rejects.toThrow(
      /cdk\.json: alertEmail stands under "context"; settings stand in settings\.yml: move it there\n- cdk\.json: tags is no/,
    );
  });
});

describe("the documents of settings", () => {
  test("let CloudWatch's steps of log retention be chosen, all of them", () => {
    const known = Object.values(RetentionDays).filter((days) => typeof days === "number" && days < 9_999);
    expect(retentionDays).toEqual(known);
  });

  test("the example has every setting with its default, and can be used with all of it switched on", async () => {
    const example = await readFile(new URL("settings.example.yml", root), "utf8");
    expect(read(example).settings).toEqual(mergeSettings({}).settings);
    const whole = example.replace(/^#(?! )/gm, "").replace(/^#( {2})/gm, "$1");
    const values = parse(whole) as Record<string, unknown>;
    expect(Object.keys(values)).toEqual(describeSettings().map(({ name }) => name));
    expect(() => read(whole)).not.toThrow();
    for (const { name, default: standard, example: shown } of describeSettings()) {
      expect([name, values[name]]).toEqual([name, shown]);
      const isNone = standard === null || (Array.isArray(standard) && standard.length === 0);
      if (!isNone) expect([name, values[name]]).toEqual([name, standard]);
    }
  });

  test("the JSON schema takes what is taken, and refuses what is refused", () => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(settingsJsonSchema());
    expect(validate({})).toBe(true);
    expect(validate({ ...everything, outputs: ["chat"] })).toBe(true);
    for (const wrong of [
      { alertEmial: "a@example.com" },
      { heartbeatHours: 169 },
      { outputs: "chat" },
      { canary: 1 },
    ]) {
      expect(validate(wrong)).toBe(false);
    }
  });
});

describe("what is CDK's own", () => {
  test("bounds every role, by name or by ARN", () => {
    for (const boundary of [{ name: "Bounded" }, { arn: "arn:aws:iam::123456789012:policy/team/Bounded" }]) {
      const { template } = synthesize({ ...everything, "@aws-cdk/core:permissionsBoundary": boundary });
      const roles = Object.values(template.findResources("AWS::IAM::Role"));
      expect(roles.length).toBeGreaterThan(10);
      for (const { Properties } of roles) expect(JSON.stringify(Properties.PermissionsBoundary)).toContain("Bounded");
    }
  });

  test("every feature flag that CDK recommends is configured, and the latest ones change nothing", async () => {
    const readJson = async (path: string) =>
      JSON.parse(await readFile(new URL(path, root), "utf8")) as Record<string, Record<string, unknown>>;
    const recommended = await readJson("node_modules/aws-cdk-lib/recommended-feature-flags.json");
    const { context = {} } = await readJson("cdk.json");
    expect(Object.keys(recommended).filter((flag) => !(flag in context))).toEqual([]);
    const all = { ...everything, customerManagedKey: true };
    const first = Object.fromEntries(Object.entries(context).filter(([flag]) => firstFlags.has(flag)));
    for (const settings of [all, { ...all, front: "restApi", firewall: true }]) {
      expect(synthesize({ ...context, ...settings }).template.toJSON()).toEqual(
        synthesize({ ...first, ...settings }).template.toJSON(),
      );
    }
  });
});
