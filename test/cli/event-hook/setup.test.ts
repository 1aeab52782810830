import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type CredentialStore,
  planServiceApps,
  type ServiceAppPlan,
} from "../../../cli/event-hook/service-app-plan.ts";
import { newPrivateKey, type SetupResult, setUpServiceApps } from "../../../cli/event-hook/setup.ts";
import { administratorsScopes } from "../../../cli/okta-credential.ts";
import type { HeldCredential } from "../../../cli/okta-credential-file.ts";
import { createAdminRolesApi } from "../../../lambda/adapters/okta-api/admin-roles-api.ts";
import {
  authorizeByAccessToken,
  authorizeByServiceApp,
  authorizeByToken,
} from "../../../lambda/adapters/okta-api/authorization.ts";
import { createOktaClient } from "../../../lambda/adapters/okta-api/client.ts";
import { createEventHooksApi } from "../../../lambda/adapters/okta-api/event-hooks-api.ts";
import { createServiceAppsApi } from "../../../lambda/adapters/okta-api/service-apps-api.ts";
import { type FakeOkta, startFakeOkta } from "../../fixtures/okta.ts";
import { superAdministratorsToken } from "../../fixtures/okta-administration.ts";

/** Service apps of a deployment, against an org that permits an app no more than its scopes and roles do. */

let okta: FakeOkta;
/** What each store holds, by its name. */
let stored: Map<string, HeldCredential>;
let reported: string[];
let token: string;
/** Made once: to make an RSA key takes longer than all else here. */
let keys: HeldCredential["privateKey"][];
let used = 0;
const newKey = async () => keys[used++ % keys.length] as HeldCredential["privateKey"];

beforeAll(async () => {
  keys = await Promise.all(Array.from({ length: 6 }, newPrivateKey));
});
beforeEach(async () => {
  okta = await startFakeOkta();
  stored = new Map();
  reported = [];
  token = superAdministratorsToken;
});
afterEach(async () => {
  await okta.stop();
  expect(okta.invalid).toEqual([]);
});

const signal = () => AbortSignal.timeout(100_000);
const wait = async () => {};

function storeOf(where: string, isReadByItsUser = true): CredentialStore {
  return {
    where,
    isReadByItsUser,
    async read() {
      const held = stored.get(where);
      return held === undefined ? null : { held, isInPlace: true };
    },
    write: async (held) => void stored.set(where, structuredClone(held)),
  };
}

const plansOf = (functionsStore: CredentialStore | null = storeOf("secret")): readonly ServiceAppPlan[] =>
  planServiceApps({
    name: "okta-proxy-watch Europe",
    bringsProfiles: functionsStore !== null,
    reconciles: true,
    streams: false,
    commandsStore: storeOf("file"),
    functionsStore,
  });

function setUp(plans = plansOf(), { isDryRun = false, rotatesKeys = false } = {}): Promise<SetupResult> {
  const { orgUrl } = okta;
  const authorize = token.startsWith("00") ? authorizeByToken(token) : authorizeByAccessToken(token);
  const options = { orgUrl, authorize, wait, now: Date.now, by: "administrator" } as const;
  const client = createOktaClient({ ...options, scopes: administratorsScopes });
  const apps = createServiceAppsApi(client);
  const ports = { orgUrl, apps, roles: createAdminRolesApi(client), isDryRun, rotatesKeys, newKey };
  return setUpServiceApps(plans, { ...ports, report: (text) => reported.push(text) }, signal());
}

/** A client by a credential that is stored, as commands and functions make one. */
function clientBy(where: string, scopes: readonly string[]) {
  const held = stored.get(where);
  if (held?.clientId == null) throw new Error(`nothing is stored in ${where}`);
  const { orgUrl } = okta;
  const { clientId, privateKey } = held;
  const authorize = authorizeByServiceApp({ orgUrl, clientId, privateKey, scopes }, Date.now);
  return createOktaClient({ orgUrl, authorize, wait, now: Date.now, scopes });
}

/** What changed Okta. */
const changes = () => okta.asked.filter((each) => !each.startsWith("GET"));
/** What the org has, but for keys and ids. */
const made = () => {
  const { apps, roles, sets, assignments } = okta.administration;
  return {
    apps: apps.map(({ label, status, isBound, scopes, keys }) => ({
      label,
      status,
      isBound,
      scopes: [...scopes].sort(),
      keys: keys.length,
    })),
    roles: roles.map(({ label, permissions }) => ({ label, permissions: [...permissions].sort() })),
    sets: sets.map(({ label, resources }) => ({ label, resources: [...resources].sort() })),
    assignments: assignments.map(({ type }) => type).sort(),
  };
};

const whole = {
  apps: [
    {
      label: "okta-proxy-watch Europe",
      status: "ACTIVE",
      isBound: true,
      scopes: ["okta.eventHooks.manage", "okta.eventHooks.read", "okta.logs.read", "okta.users.read"],
      keys: 1,
    },
    {
      label: "okta-proxy-watch Europe functions",
      status: "ACTIVE",
      isBound: true,
      scopes: ["okta.logs.read", "okta.users.read"],
      keys: 1,
    },
  ],
  roles: [
    { label: "okta-proxy-watch Europe", permissions: ["okta.eventhooks.manage", "okta.users.read"] },
    { label: "okta-proxy-watch Europe functions", permissions: ["okta.users.read"] },
  ],
  sets: [
    { label: "okta-proxy-watch Europe", resources: ["/api/v1/eventHooks", "/api/v1/users"] },
    { label: "okta-proxy-watch Europe functions", resources: ["/api/v1/users"] },
  ],
  assignments: ["CUSTOM", "CUSTOM", "REPORT_ADMIN", "REPORT_ADMIN"],
};

/** Both apps ask for all that they shall be able to, with proofs of possession. */
async function expectWorking(): Promise<void> {
  const hooks = createEventHooksApi(clientBy("file", ["okta.eventHooks.read", "okta.eventHooks.manage"]));
  expect(await hooks.list(signal())).toEqual([]);
  await expect(hooks.activate("who9", signal())).rejects.toThrow(/\(404\)/);
  for (const where of ["file", "secret"]) {
    expect(await clientBy(where, ["okta.logs.read"]).get("/api/v1/logs?limit=1", signal())).toEqual([]);
    expect(await clientBy(where, ["okta.users.read"]).get("/api/v1/users?limit=1", signal())).toEqual([]);
  }
  expect(okta.proofs.taken.length).toBeGreaterThan(6);
}

describe("setting up service apps", () => {
  test("makes one for the commands and one for the functions, each with the least that it needs", async () => {
    const { left, credentials } = await setUp();
    expect(left).toEqual([]);
    expect(made()).toEqual(whole);
    expect(credentials.map(({ held }) => held.clientId)).toEqual(okta.administration.apps.map(({ id }) => id));
    await expectWorking();
  });

  test("gives the functions a key by which no event hook is changed or read", async () => {
    await setUp();
    for (const scope of ["okta.eventHooks.manage", "okta.eventHooks.read"] as const) {
      const client = clientBy("secret", [scope]);
      await expect(client.get("/api/v1/eventHooks", signal())).rejects.toThrow("invalid_scope");
    }
    // Nor by a scope that was granted by mistake: its role does not permit it.
    okta.administration.apps[1]?.scopes.add("okta.eventHooks.read");
    const client = clientBy("secret", ["okta.eventHooks.read"]);
    await expect(client.get("/api/v1/eventHooks", signal())).rejects.toThrow("You do not have permission");
  });

  test("without an org in the settings asks for neither users nor an app of the functions", async () => {
    await setUp(plansOf(null));
    expect(made()).toMatchObject({
      apps: [{ scopes: ["okta.eventHooks.manage", "okta.eventHooks.read", "okta.logs.read"] }],
      roles: [{ permissions: ["okta.eventhooks.manage"] }],
      sets: [{ resources: ["/api/v1/eventHooks"] }],
      assignments: ["CUSTOM", "REPORT_ADMIN"],
    });
  });

  test("run again, changes nothing", async () => {
    await setUp();
    const before = structuredClone(made());
    const credentials = structuredClone(stored);
    okta.asked.length = 0;
    reported.length = 0;
    const again = await setUp();
    expect(again.changes).toBe(0);
    expect(reported).toEqual([]);
    expect(changes()).toEqual([]);
    expect(made()).toEqual(before);
    expect(stored).toEqual(credentials);
  });

  test("says in a dry run what it would do, and does nothing, not even a key", async () => {
    const { changes: planned } = await setUp(plansOf(), { isDryRun: true });
    expect(changes()).toEqual([]);
    expect(stored.size).toBe(0);
    expect(reported.every((text) => text.startsWith("would be "))).toBe(true);
    const wouldBe = reported.map((text) => text.replace("would be ", ""));
    reported.length = 0;
    const { changes: done } = await setUp();
    // The client ID is known only once the app is there.
    const real = reported.filter((text) => !text.includes("client ID"));
    expect(wouldBe).toEqual(real);
    expect(done - planned).toBe(2);
    reported.length = 0;
    await setUp(plansOf(), { isDryRun: true });
    expect(reported).toEqual([]);
  });

  test("never says a private key, nor sends it to Okta", async () => {
    await setUp();
    const d = stored.get("file")?.privateKey.d;
    expect(String(d).length).toBeGreaterThan(300);
    expect(reported.join("\n")).not.toContain(String(d));
    expect(JSON.stringify(okta.administration.apps)).not.toContain(String(d));
  });
});

describe("what is there and differs", () => {
  test("is mended, and nothing else is changed", async () => {
    await setUp();
    const { apps, roles, sets } = okta.administration;
    const [app] = apps;
    const [role] = roles;
    if (app === undefined || role === undefined) throw new Error("there is no app");
    Object.assign(app, { isBound: false, status: "INACTIVE", grantTypes: ["client_credentials", "refresh_token"] });
    const [key] = app.keys;
    if (key === undefined) throw new Error("there is no key");
    key.status = "INACTIVE";
    app.scopes.delete("okta.eventHooks.read");
    app.scopes.add("okta.groups.read");
    role.permissions.delete("okta.eventhooks.manage");
    role.permissions.add("okta.groups.read");
    sets[0]?.resources.delete("/api/v1/eventHooks");
    sets[0]?.resources.add("/api/v1/groups");
    reported.length = 0;
    okta.asked.length = 0;
    const { left } = await setUp();
    expect(left).toEqual([]);
    expect(reported).toEqual([
      `changed: the app "okta-proxy-watch Europe" (${app.id}), as it does without proof of possession (DPoP)`,
      `activated: the app "okta-proxy-watch Europe" (${app.id})`,
      `activated: the public key ${key.jwk.kid} of the app "okta-proxy-watch Europe"`,
      'granted: the scope okta.eventHooks.read to the app "okta-proxy-watch Europe"',
      'note: the app "okta-proxy-watch Europe" is granted okta.groups.read as well, which the commands do not need',
      'note: the custom admin role "okta-proxy-watch Europe" has okta.groups.read as well, which the commands do not need',
      'added: the permission okta.eventhooks.manage to the custom admin role "okta-proxy-watch Europe"',
      'note: the resource set "okta-proxy-watch Europe" has orn:okta:directory:00o1:groups as well, which the commands do not need',
      'added: the resource Event hooks to the resource set "okta-proxy-watch Europe"',
    ]);
    // An administrator's additions stay.
    expect(app).toMatchObject({ isBound: true, status: "ACTIVE", grantTypes: ["client_credentials", "refresh_token"] });
    expect(app.scopes).toContain("okta.groups.read");
    expect(role.permissions).toContain("okta.groups.read");
    expect(sets[0]?.resources).toContain("/api/v1/groups");
    await expectWorking();
  });

  test("in the assignment is mended, and a super administrator's role is said to be too much", async () => {
    await setUp();
    const { assignments, apps } = okta.administration;
    const clientId = apps[0]?.id ?? "";
    assignments.length = 0;
    assignments.push({ id: "ra1", clientId, type: "SUPER_ADMIN", role: null, set: null });
    reported.length = 0;
    await setUp();
    expect(assignments.map(({ type }) => type)).toEqual(["SUPER_ADMIN", "CUSTOM", "CUSTOM", "REPORT_ADMIN"]);
    expect(reported.join("\n")).toMatch(/note: .* has SUPER_ADMIN as well.*remove it .*unless .*user\.risk\.detect/);
  });

  test("in a standard role that shows the System Log as well is none, and that role is not said to be too much", async () => {
    await setUp();
    const { assignments } = okta.administration;
    const index = assignments.findIndex(({ type }) => type === "REPORT_ADMIN");
    const clientId = assignments[index]?.clientId ?? "";
    assignments.splice(index, 1, { id: "ra9", clientId, type: "READ_ONLY_ADMIN", role: null, set: null });
    reported.length = 0;
    await setUp();
    expect(reported).toEqual([]);
    assignments.push({ id: "ra10", clientId, type: "REPORT_ADMIN", role: null, set: null });
    await setUp();
    expect(reported).toEqual([expect.stringContaining("has READ_ONLY_ADMIN as well, which the commands do not need")]);
  });

  test.each([
    [
      "a custom admin role of our name that may more",
      () => {
        const [role] = okta.administration.roles;
        const permissions = new Set(["okta.users.manage"]);
        Object.assign(role ?? {}, { description: "Help desk", permissions });
      },
      /^the custom admin role "okta-proxy-watch Europe" \(cr0\w+\) was not made by setup, and has okta\.users\.manage as well: rename it/,
    ],
    [
      "a resource set of our name that holds more",
      () => {
        const [set] = okta.administration.sets;
        Object.assign(set ?? {}, { description: "All groups", resources: new Set(["/api/v1/groups"]) });
      },
      /^the resource set "okta-proxy-watch Europe" \(iam\w+\) was not made by setup, and has orn:\S+:groups as well: rename it/,
    ],
    [
      "an app of our name that was deactivated, and of which no key is here",
      () => {
        stored.delete("file");
        Object.assign(okta.administration.apps[0] ?? {}, { status: "INACTIVE" });
      },
      /^the app "okta-proxy-watch Europe" \(0oa\w+\) has no key that is kept here, and it is INACTIVE: rename it, or/,
    ],
    [
      "an app of our name that signs in another way, and of which no key is here",
      () => {
        stored.delete("file");
        Object.assign(okta.administration.apps[0] ?? {}, { authMethod: "client_secret_basic", isBound: false });
      },
      /^the app "okta-proxy-watch Europe" \(0oa\w+\) has no key that is kept here, and its client authentication is client_secret_basic; /,
    ],
  ])("%s is somebody else's, and nothing is changed", async (_, change, refusal) => {
    await setUp();
    change();
    okta.asked.length = 0;
    await expect(setUp()).rejects.toThrow(refusal);
    expect(changes()).toEqual([]);
  });

  test("a lost private key gets a successor, and the app's other keys stay and are named", async () => {
    await setUp();
    stored.delete("file");
    reported.length = 0;
    await setUp();
    expect(okta.administration.apps[0]?.keys).toHaveLength(2);
    expect(reported.join("\n")).toContain("has 1 other keys, which stay");
    await expectWorking();
  });

  test("an app that was deleted is made anew, with the same key", async () => {
    await setUp();
    const { kid } = stored.get("file")?.privateKey ?? {};
    okta.administration.apps.splice(0, 1);
    okta.administration.assignments.splice(0, 2);
    await setUp();
    expect(stored.get("file")?.privateKey.kid).toBe(kid);
    await expectWorking();
  });

  test.each([
    ["an app of another type", () => ({ applicationType: "web" }) as const, /is no API service app: rename it/],
    [
      "the credential of an app of another name",
      () => ({ label: "elsewhere" }) as const,
      /of another app, "elsewhere"/,
    ],
  ])("%s of our name is not touched", async (_, difference, refusal) => {
    await setUp();
    Object.assign(okta.administration.apps[0] ?? {}, difference());
    okta.asked.length = 0;
    await expect(setUp()).rejects.toThrow(refusal);
    expect(changes()).toEqual([]);
  });

  test("of two apps of our name neither is touched", async () => {
    await setUp();
    const [app] = okta.administration.apps;
    if (app === undefined) throw new Error("there is no app");
    okta.administration.apps.push({ ...app, id: "0oasecond" });
    await expect(setUp()).rejects.toThrow(`several apps called "okta-proxy-watch Europe" (${app.id}, 0oasecond)`);
  });
});

describe("stopped", () => {
  /** How many requests a whole run makes. */
  async function requestsOfARun(): Promise<number> {
    await setUp();
    const count = okta.requests();
    await okta.stop();
    return count;
  }

  async function anew(): Promise<void> {
    okta = await startFakeOkta();
    stored = new Map();
    reported = [];
  }

  test.each([
    ["before Okta does it", "reset"],
    ["after Okta has done it, whose answer is lost", "lost"],
  ] as const)("at any request, %s, and run again, ends as a run that was not", { timeout: 120_000 }, async (_, how) => {
    const count = await requestsOfARun();
    expect(count).toBeGreaterThan(20);
    for (let at = 1; at <= count; at += 1) {
      await anew();
      // All that comes after is lost as well: the network is gone.
      okta.interfere = (request) => (request < at ? "none" : request === at ? how : "reset");
      await expect(setUp(), `stopped at ${at}`).rejects.toThrow("Okta failed");
      okta.interfere = () => "none";
      const { left } = await setUp();
      expect(left).toEqual([]);
      expect(made(), `stopped at ${at}`).toEqual(whole);
      okta.proofs.taken.length = 0;
      await expectWorking();
      if (at < count) await okta.stop();
    }
  });
});

describe("another key", () => {
  test("takes the place of the one before it, which Okta knows no more", async () => {
    await setUp();
    const before = [stored.get("file")?.privateKey.kid, stored.get("secret")?.privateKey.kid];
    await setUp(plansOf(), { rotatesKeys: true });
    const after = [stored.get("file"), stored.get("secret")];
    expect(after.map((held) => held?.nextKey ?? held?.retiredKeyId)).toEqual([undefined, undefined]);
    const kids = after.map((held) => held?.privateKey.kid);
    expect(kids.some((kid) => before.includes(kid))).toBe(false);
    expect(okta.administration.apps.map(({ keys }) => keys.map(({ jwk }) => jwk.kid))).toEqual(
      kids.map((kid) => [kid]),
    );
    await expectWorking();
  });

  test("stopped anywhere, leaves a stored key that Okta knows at every moment, and goes on when run again", {
    timeout: 120_000,
  }, async () => {
    await setUp(plansOf(null));
    const known = () => okta.administration.apps[0]?.keys.filter(({ status }) => status === "ACTIVE") ?? [];
    for (let at = 1; ; at += 1) {
      const first = okta.requests();
      okta.interfere = (request) => (request - first < at ? "none" : request - first === at ? "lost" : "reset");
      const ended = await setUp(plansOf(null), { rotatesKeys: true }).then(
        () => true,
        () => false,
      );
      okta.interfere = () => "none";
      expect(known().map(({ jwk }) => jwk.kid)).toContain(stored.get("file")?.privateKey.kid);
      await setUp(plansOf(null));
      expect(known().map(({ jwk }) => jwk.kid)).toEqual([stored.get("file")?.privateKey.kid]);
      expect(okta.administration.apps[0]?.keys).toHaveLength(1);
      if (ended) break;
      expect(at).toBeLessThan(30);
    }
  });

  test("of functions whose secret is not reached keeps the one before it, and says so", async () => {
    const plans = plansOf(storeOf("secret", false));
    await setUp(plans);
    const { left } = await setUp(plans, { rotatesKeys: true });
    expect(left.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^deploy, so that the functions' secret is there/),
    ]);
    expect(okta.administration.apps.map(({ keys }) => keys.length)).toEqual([1, 2]);
    await setUp();
    expect(okta.administration.apps.map(({ keys }) => keys.length)).toEqual([1, 1]);
    await expectWorking();
  });
});

describe("an administrator", () => {
  const may = (...rights: ("apps" | "grants" | "roles")[]) => {
    token = "00-another-administrator";
    okta.administration.administrators.set(token, {
      scheme: "SSWS",
      may: new Set(rights),
      scopes: null,
      isEnded: false,
    });
  };

  test.each([
    ["who manages roles, and no apps", ["roles"] as const],
    ["who manages apps, and no roles", ["apps"] as const],
    ["who manages apps and roles, and grants no scopes", ["apps", "roles"] as const],
  ])("%s is said to need Super Administrator", async (_, rights) => {
    may(...rights);
    await expect(setUp()).rejects.toMatchObject({
      diagnosis: { cause: "administratorsRoleMissing", remedy: expect.stringContaining("Super Administrator") },
    });
    // Those who lack what is looked at first change nothing at all.
    if (rights.length === 1) {
      expect(changes()).toEqual([]);
      expect(stored.size).toBe(0);
    }
    // What was made is said, and a super administrator goes on from there.
    else expect(reported).toContainEqual(expect.stringMatching(/^created: the API service app/));
    token = superAdministratorsToken;
    await setUp();
    expect(made()).toEqual(whole);
  });

  test("whose token has ended changes nothing, and has to make another", async () => {
    const administrator = okta.administration.administrators.get(token);
    if (administrator !== undefined) administrator.isEnded = true;
    await expect(setUp()).rejects.toMatchObject({
      status: 401,
      message: expect.stringMatching(
        /Invalid token provided\. To do: the administrator's token .*Security > API > Tokens/,
      ),
    });
    expect(changes()).toEqual([]);
    expect(stored.size).toBe(0);
  });

  test("may come by an access token, with the scopes that --help names and no more", async () => {
    const administrator = (scopes: readonly string[]) => ({
      scheme: "Bearer" as const,
      may: new Set(["apps", "grants", "roles"] as const),
      scopes: new Set(scopes),
      isEnded: false,
    });
    token = "eyJ.eyJ.signature";
    const refuses = async (missing: string) => {
      const others = administratorsScopes.filter((scope) => scope !== missing);
      okta.administration.administrators.set(token, administrator(others));
      const error: unknown = await setUp().then(
        () => null,
        (reason) => reason,
      );
      expect(error, missing).toMatchObject({
        diagnosis: { cause: "administratorsScopeMissing", remedy: expect.stringContaining(missing) },
      });
    };
    const isForReading = (scope: string) => scope.endsWith(".read");
    // What changes something is needed while it is not there, what reads it once it is.
    for (const scope of administratorsScopes.filter((each) => !isForReading(each))) await refuses(scope);
    okta.administration.administrators.set(token, administrator(administratorsScopes));
    await setUp();
    expect(made()).toEqual(whole);
    for (const scope of administratorsScopes.filter(isForReading)) await refuses(scope);
  });
});

describe("what Okta's API does not do", () => {
  test("hook permissions for custom roles while the early access feature is off, is left to be clicked", async () => {
    okta.administration.hasHookPermissions = false;
    const { left } = await setUp();
    expect(left.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^Settings > Features: turn on the early access feature .*Super Administrator alone/),
    ]);
    expect(reported).toContainEqual(
      expect.stringMatching(/^not created: the custom admin role .*okta\.eventhooks\.manage is no permission/),
    );
    // All else is done.
    const [commands, functions] = whole.roles;
    const others = { ...commands, permissions: ["okta.users.read"] };
    expect(made()).toEqual({ ...whole, roles: [others, functions] });
    await setUp();
    expect(made()).toEqual({ ...whole, roles: [others, functions] });
    okta.administration.hasHookPermissions = true;
    await setUp();
    expect((await setUp()).left).toEqual([]);
    expect(made()).toEqual(whole);
    await expectWorking();
  });

  test("a role of hook permissions alone is made once they are there", async () => {
    okta.administration.hasHookPermissions = false;
    expect((await setUp(plansOf(null))).left).toHaveLength(1);
    expect(made()).toMatchObject({ roles: [], assignments: ["REPORT_ADMIN"] });
    okta.administration.hasHookPermissions = true;
    await setUp(plansOf(null));
    expect(made()).toMatchObject({ assignments: ["CUSTOM", "REPORT_ADMIN"] });
  });

  test("event hooks as a resource that only the console adds, is left to be clicked, and then found", async () => {
    okta.administration.hookResource = "console";
    const { left } = await setUp();
    expect(left).toEqual([
      {
        text: 'Security > Administrators > Resources > the resource set "okta-proxy-watch Europe": add the resource Event hooks',
        ifRefused: true,
      },
    ]);
    okta.administration.sets[0]?.resources.add("/api/v1/eventHooks");
    expect((await setUp()).left).toEqual([]);
    await expectWorking();
  });

  test("a permission that is for no resource does with a set that has none", async () => {
    okta.administration.hookResource = "none";
    const { left } = await setUp(plansOf(null));
    expect(left.every(({ ifRefused }) => ifRefused)).toBe(true);
    expect(okta.administration.sets.map(({ resources }) => resources.size)).toEqual([0]);
    const hooks = createEventHooksApi(clientBy("file", ["okta.eventHooks.read"]));
    expect(await hooks.list(signal())).toEqual([]);
  });

  test("a resource set that it does not make without a resource is left to be made in the console", async () => {
    okta.administration.hookResource = "console";
    const { left } = await setUp(plansOf(null));
    expect(left.map(({ text }) => text)).toContain(
      'Security > Administrators > Resources: create the resource set "okta-proxy-watch Europe"',
    );
    okta.administration.sets.push({
      id: "iam-by-hand",
      label: "okta-proxy-watch Europe",
      description: "by hand",
      resources: new Set(["/api/v1/eventHooks"]),
    });
    expect((await setUp(plansOf(null))).left).toEqual([]);
    const hooks = createEventHooksApi(clientBy("file", ["okta.eventHooks.read"]));
    expect(await hooks.list(signal())).toEqual([]);
  });
});
