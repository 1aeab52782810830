import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import type {
  AdminRolesApi,
  Labelled,
  Resource,
  RoleAssignment,
} from "../../lambda/adapters/okta-api/admin-roles-api.ts";
import { OktaRefusal } from "../../lambda/adapters/okta-api/authorization.ts";
import {
  type AppKey,
  clientIdOf,
  faultsOf,
  isServiceApp,
  type OktaApp,
  type PublicJwk,
  type ServiceAppsApi,
} from "../../lambda/adapters/okta-api/service-apps-api.ts";
import { InputError } from "../command.ts";
import type { HeldCredential, HeldKey } from "../okta-credential-file.ts";
import {
  type PlannedResource,
  reportAdministrator,
  type ServiceAppPlan,
  superAdministrator,
} from "./service-app-plan.ts";

/** The ports of a set-up. */
export interface SetupPorts {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly apps: ServiceAppsApi;
  readonly roles: AdminRolesApi;
  readonly report: (text: string) => void;
  /** Whether it only reports what it would do. */
  readonly isDryRun: boolean;
  /** Whether each app gets another key. */
  readonly rotatesKeys: boolean;
  /** Makes a key pair. @returns the private part, with `kid` and `alg`; see `newPrivateKey` */
  readonly newKey: () => Promise<HeldKey>;
}

/** The result of a set-up. */
export interface SetupResult {
  /** The changes, made or planned. */
  readonly changes: number;
  /** The steps that Okta's API refused, for the admin console. */
  readonly left: readonly LeftOver[];
  /** The credential of each app that exists. */
  readonly credentials: readonly { readonly plan: ServiceAppPlan; readonly held: HeldCredential }[];
}

/** A step in the admin console. */
export interface LeftOver {
  readonly text: string;
  /** Whether it is needed only if the app lacks a right. */
  readonly ifRefused: boolean;
}

/** The state of an app in the org and in the store. */
interface Found {
  readonly plan: ServiceAppPlan;
  readonly held: HeldCredential | null;
  /** Whether the credential is in the place where its user reads it. */
  readonly isInPlace: boolean;
  readonly app: OktaApp | null;
  readonly keys: readonly AppKey[];
  readonly grants: readonly string[];
  readonly role: Labelled | null;
  readonly permissions: readonly string[];
  readonly set: Labelled | null;
  readonly resources: readonly Resource[];
  readonly assignments: readonly RoleAssignment[];
}

/**
 * Makes service apps with their keys, scopes and admin roles. It finds existing objects by their labels, and changes
 * only what differs; rights that an administrator has added stay. A stopped set-up resumes when it runs again: it
 * stores a private key before it registers the public one.
 *
 * @throws OktaRefusal when Okta refuses a step, after the report of the steps before; InputError when an object of the
 * same name is in the way. It reads everything first, so that an administrator without the rights changes nothing
 */
export async function setUpServiceApps(
  plans: readonly ServiceAppPlan[],
  ports: SetupPorts,
  signal: AbortSignal,
): Promise<SetupResult> {
  const found: Found[] = [];
  for (const plan of plans) found.push(await lookAt(plan, ports, signal));
  const work = new Work(ports, signal);
  const credentials: { readonly plan: ServiceAppPlan; readonly held: HeldCredential }[] = [];
  for (const each of found) {
    const held = await setUpApp(each, work);
    if (held !== null) credentials.push({ plan: each.plan, held });
  }
  return { changes: work.changes, left: work.left, credentials };
}

/** The steps done, and those left. */
class Work {
  changes = 0;
  readonly left: LeftOver[] = [];
  readonly ports: SetupPorts;
  readonly signal: AbortSignal;

  constructor(ports: SetupPorts, signal: AbortSignal) {
    this.ports = ports;
    this.signal = signal;
  }

  /** Makes a change, and reports it; with `isDryRun` it only reports the change, and returns null. */
  async step<Value>(verb: string, text: string, work: () => Promise<Value>): Promise<Value | null> {
    const { isDryRun, report } = this.ports;
    const value = isDryRun ? null : await work();
    this.changes += 1;
    report(isDryRun ? `would be ${verb}: ${text}` : `${verb}: ${text}`);
    return value;
  }

  /** Reports the rights that are there beyond the plan: an administrator may have added them. */
  noteFurther(whose: string, further: readonly string[], user: string, remedy = ""): void {
    if (further.length === 0) return;
    this.ports.report(`note: ${whose} ${further.join(", ")} as well, which ${user} do not need${remedy}`);
  }

  /** The same as `step`, for a change that Okta may refuse: it reports the reason, and the step in the admin console. */
  async attempt<Value>(
    verb: string,
    text: string,
    work: () => Promise<Value>,
    click: string,
    ifRefused = false,
  ): Promise<{ readonly value: Value | null; readonly isRefused: boolean }> {
    try {
      return { value: await this.step(verb, text, work), isRefused: false };
    } catch (error) {
      if (!isNotTaken(error)) throw error;
      this.ports.report(`not ${verb}: ${text}. ${error.finding}`);
      this.left.push({ text: click, ifRefused });
      return { value: null, isRefused: true };
    }
  }
}

/** Whether Okta does not know the object of a request: a feature that is off, or of another release. */
function isNotTaken(error: unknown): error is OktaRefusal {
  if (!(error instanceof OktaRefusal)) return false;
  return error.diagnosis === null ? error.status === 400 : error.diagnosis.cause === "featureMissing";
}

async function lookAt(plan: ServiceAppPlan, ports: SetupPorts, signal: AbortSignal): Promise<Found> {
  const { apps, roles } = ports;
  const { label, store } = plan;
  const [app = null, ...others] = await apps.findApps(label, signal);
  if (app !== null && others.length > 0) {
    const ids = [app, ...others].map(({ id }) => id).join(", ");
    throw new InputError(`the org has several apps called "${label}" (${ids}): rename all but one, and run it again`);
  }
  if (app !== null && !isServiceApp(app)) {
    throw new InputError(`the app "${label}" (${app.id}) is no API service app: rename it, and run it again`);
  }
  const clientId = app === null ? null : clientIdOf(app);
  const kept = await store.read();
  const held = kept === null ? null : await heldOf(kept.held, plan, clientId, ports, signal);
  const role = await roles.findRole(label, signal);
  const set = await roles.findResourceSet(label, signal);
  const found: Found = {
    plan,
    held,
    isInPlace: kept?.isInPlace ?? true,
    app,
    keys: app === null ? [] : await apps.listKeys(app.id, signal),
    grants: app === null ? [] : await apps.listGrants(app.id, signal),
    assignments: clientId === null ? [] : await roles.listAssignments(clientId, signal),
    role,
    permissions: role === null ? [] : await roles.listPermissions(role.id, signal),
    set,
    resources: set === null ? [] : await roles.listResources(set.id, signal),
  };
  refuseOthers(found, ports);
  return found;
}

/** What the description of a role or resource set of ours says. */
const madeBySetup = "Made by npx okta-proxy-watch hook setup.";

/**
 * Refuses what has our label and is not ours, as far as it would have to be changed, or would give more than is needed:
 * rights would go to the holders of the other keys of an app, or of the role.
 */
function refuseOthers(
  { plan, held, app, keys, role, permissions, set, resources }: Found,
  { orgUrl }: SetupPorts,
): void {
  const { label } = plan;
  const refuse = (what: string, why: string, remedy = "rename it"): never => {
    throw new InputError(`${what} ${why}: ${remedy}, and run it again`);
  };
  const isKnown = held !== null && (held.clientId !== null || keys.some(({ kid }) => kid === held.privateKey.kid));
  if (app !== null && !isKnown) {
    const faults = [...faultsOf(app), ...(app.status === "ACTIVE" ? [] : [`it is ${app.status}`])];
    const why = `has no key that is kept here, and ${faults.join("; ")}`;
    if (faults.length > 0)
      refuse(`the app "${label}" (${app.id})`, why, "rename it, or change that in the admin console");
  }
  const isOurs = ({ description }: Labelled) => description?.includes(madeBySetup) === true;
  const further = permissions.filter((each) => !plan.permissions.includes(each));
  if (role !== null && !isOurs(role) && further.length > 0) {
    refuse(
      `the custom admin role "${label}" (${role.id})`,
      `was not made by setup, and has ${further.join(", ")} as well`,
    );
  }
  const others = furtherResources(plan, resources, orgUrl);
  if (set !== null && !isOurs(set) && others.length > 0) {
    refuse(`the resource set "${label}" (${set.id})`, `was not made by setup, and has ${others.join(", ")} as well`);
  }
}

/** Resources of a set that the plan has not, by their names. */
function furtherResources(plan: ServiceAppPlan, resources: readonly Resource[], orgUrl: string): string[] {
  return resources.filter((each) => !plan.resources.some((planned) => isThat(planned, each, orgUrl))).map(nameOf);
}

const nameOf = ({ url, orn }: Resource): string => orn ?? url ?? "a resource without a name";

function isThat({ path, isNamedBy }: PlannedResource, { orn, url }: Resource, orgUrl: string): boolean {
  return url === `${orgUrl}${path}` || (orn !== null && isNamedBy(orn));
}

/** The stored credential of an app. The credential of a deleted app is reused; that of another app is not touched. */
async function heldOf(
  held: HeldCredential,
  { label, store }: ServiceAppPlan,
  clientId: string | null,
  { apps }: SetupPorts,
  signal: AbortSignal,
): Promise<HeldCredential> {
  if (held.clientId === null || held.clientId === clientId) return held;
  const other = await apps.fetchApp(held.clientId, signal);
  if (other !== null && other.status !== "DELETED") {
    throw new InputError(
      `${store.where} holds the credential of another app, "${other.label}" (${held.clientId}): for a second stack of the org set OKTA_CREDENTIAL_FILE to another file; if it is the app of this one, rename it to "${label}". Then run it again`,
    );
  }
  return { ...held, clientId: null };
}

async function setUpApp(found: Found, work: Work) {
  const held = await setUpKeys(found, work);
  await grantScopes(found, held?.appId ?? "ID", work);
  await setUpRoles(found, held?.credential.clientId ?? "ID", work);
  return held?.credential ?? null;
}

/** Makes the app, with a key that the store and Okta have. @returns null in a dry run of a missing app */
async function setUpKeys(looked: Found, work: Work) {
  const { ports, signal } = work;
  const { plan, held: before, isInPlace, app: found, keys } = looked;
  const { label, store, user } = plan;
  const { apps, orgUrl } = ports;
  let held = before;
  const write = async (next: HeldCredential): Promise<void> => {
    await store.write(next);
    held = next;
  };
  if (held !== null && !isInPlace) {
    const there = held;
    await work.step("moved", `the private key for ${user}, into ${store.where}`, () => write(there));
  }
  if (held === null) {
    const clientId = found === null ? null : clientIdOf(found);
    await work.step("stored", `a new private key for ${user}, in ${store.where}`, async () =>
      write({ orgUrl, clientId, label, privateKey: await ports.newKey() }),
    );
  } else if (ports.rotatesKeys && held.nextKey === undefined && held.retiredKeyId === undefined) {
    const { privateKey, ...others } = held;
    await work.step(
      "stored",
      `the next private key for ${user}, in ${store.where}: once Okta has it, the one before it is removed`,
      async () => write({ ...others, privateKey, nextKey: await ports.newKey() }),
    );
  }
  const others = keys.filter(
    ({ kid }) => kid !== held?.privateKey.kid && kid !== held?.nextKey?.kid && kid !== held?.retiredKeyId,
  );
  if (others.length > 0) {
    ports.report(
      `note: the app "${label}" has ${others.length} other keys, which stay: remove those whose private part is lost`,
    );
  }
  const app = found ?? (await createApp());
  if (found !== null) await mendApp(found);
  if (held === null || app === null) return null;

  const known = [
    ...keys,
    ...(found === null ? [{ id: "", kid: held.privateKey.kid, kty: "RSA", status: "ACTIVE" }] : []),
  ];
  await haveKey(held.privateKey);
  const clientId = clientIdOf(app);
  if (held.clientId !== clientId) {
    const named = { ...held, clientId };
    await work.step("stored", `the app's client ID, ${clientId}, in ${store.where}`, () => write(named));
  }
  if (held.nextKey !== undefined) {
    const { nextKey, privateKey, ...others } = held;
    await haveKey(nextKey);
    const retired = { ...others, privateKey: nextKey, retiredKeyId: privateKey.kid };
    await work.step("changed", `${store.where}, to the next private key`, () => write(retired));
  }
  if (held.retiredKeyId !== undefined) await retire(held.retiredKeyId);
  return { credential: held, appId: app.id };

  async function createApp(): Promise<OktaApp | null> {
    const key = held === null ? null : publicPartOf(held.privateKey);
    const text = `the API service app "${label}" for ${user}, which signs with that key and proves possession of its access tokens (DPoP)`;
    return work.step("created", text, () => apps.createApp(label, key as PublicJwk, signal));
  }

  async function mendApp(app: OktaApp): Promise<void> {
    const faults = faultsOf(app);
    if (faults.length > 0) {
      await work.step("changed", `the app "${label}" (${app.id}), as ${faults.join("; ")}`, () =>
        apps.mendApp(app, signal),
      );
    }
    if (app.status !== "ACTIVE") {
      await work.step("activated", `the app "${label}" (${app.id})`, () => apps.activateApp(app.id, signal));
    }
  }

  async function haveKey(key: HeldKey): Promise<void> {
    const there = known.find(({ kid }) => kid === key.kid);
    const { id } = app as OktaApp;
    if (there === undefined) {
      const text = `the public key ${key.kid} of the app "${label}"`;
      await work.step("added", text, () => apps.addKey(id, publicPartOf(key), signal));
    } else if (there.status === "INACTIVE") {
      const text = `the public key ${key.kid} of the app "${label}"`;
      await work.step("activated", text, () => apps.activateKey(id, there.id, signal));
    }
  }

  async function retire(keyId: string): Promise<void> {
    const { id } = app as OktaApp;
    if (!store.isReadByItsUser) {
      work.left.push({
        text: `deploy, so that the functions' secret is there: the key ${keyId} of the app "${label}" is removed then`,
        ifRefused: false,
      });
      return;
    }
    const { retiredKeyId: _, ...others } = held as HeldCredential;
    await work.step("removed", `the public key ${keyId} of the app "${label}"`, async () => {
      const key = (await apps.listKeys(id, signal)).find(({ kid }) => kid === keyId);
      if (key !== undefined) await apps.removeKey(id, key, signal);
      await write(others);
    });
  }
}

async function grantScopes({ plan, grants }: Found, appId: string, work: Work) {
  const { apps } = work.ports;
  for (const scope of plan.scopes.filter((each) => !grants.includes(each))) {
    await work.step("granted", `the scope ${scope} to the app "${plan.label}"`, () =>
      apps.grant(appId, scope, work.signal),
    );
  }
  const further = grants.filter((each) => !plan.scopes.some((scope) => scope === each));
  work.noteFurther(`the app "${plan.label}" is granted`, further, plan.user);
}

async function setUpRoles(found: Found, clientId: string, work: Work) {
  const { plan, assignments } = found;
  const { label, standardRole, user } = plan;
  const { roles } = work.ports;
  if (plan.permissions.length > 0) {
    const role = await setUpRole(found, work);
    const set = await setUpResourceSet(found, work);
    if (role !== null && set !== null) {
      const isAssigned = assignments.some(
        (each) => each.type === "CUSTOM" && each.role === role && each["resource-set"] === set,
      );
      if (!isAssigned) {
        const assignment = { type: "CUSTOM", role, "resource-set": set };
        const text = `the role "${label}" on the resource set "${label}" to the app "${label}"`;
        await work.step("assigned", text, () => roles.assign(clientId, assignment, work.signal));
      }
    }
  }
  const types = assignments
    .filter(({ type, status }) => type !== "CUSTOM" && status !== "INACTIVE")
    .map(({ type }) => type);
  if (standardRole !== null && ![standardRole.type, ...standardRole.orAnyOf].some((type) => types.includes(type))) {
    const text = `the role ${standardRole.name} to the app "${label}": no custom role shows the System Log`;
    await work.step("assigned", text, () => roles.assign(clientId, { type: standardRole.type }, work.signal));
  }
  // One that shows the System Log in the place of the least role is needed.
  const isNeeded = (type: string) =>
    standardRole !== null &&
    (type === standardRole.type ||
      (type !== superAdministrator &&
        !types.includes(standardRole.type) &&
        standardRole.orAnyOf.some((each) => each === type)));
  const further = types.filter((type) => !isNeeded(type));
  const remedy = further.includes(superAdministrator)
    ? `. ${superAdministrator} may do everything: remove it (Applications > Applications > "${label}" > Admin roles) unless you want what ${reportAdministrator.name} is not shown, user.risk.detect of some orgs`
    : "";
  work.noteFurther(`the app "${label}" has`, further, user, remedy);
}

/**
 * Permissions that an org has while an early access feature is on
 * (developer.okta.com/docs/guides/hooks-best-practices).
 */
const hookPermissions = "okta.eventhooks.";

/** @returns the custom role's id; null when there is none */
async function setUpRole({ plan, role, permissions }: Found, work: Work) {
  const { roles } = work.ports;
  const { label } = plan;
  const further = permissions.filter((each) => !plan.permissions.includes(each));
  work.noteFurther(`the custom admin role "${label}" has`, further, plan.user);
  const feature = plan.permissions.some((each) => each.startsWith(hookPermissions))
    ? "Settings > Features: turn on the early access feature by which custom admin roles have hook permissions (until then Super Administrator alone may manage event hooks)"
    : `Security > Administrators > Roles: see whether a role can have ${plan.permissions.join(" and ")}`;
  if (role === null) {
    const all = await create(plan.permissions);
    const others = plan.permissions.filter((each) => !each.startsWith(hookPermissions));
    return all === null && others.length > 0 && others.length < plan.permissions.length ? create(others) : all;
  }
  for (const permission of plan.permissions.filter((each) => !permissions.includes(each))) {
    await work.attempt(
      "added",
      `the permission ${permission} to the custom admin role "${label}"`,
      () => roles.addPermission(role.id, permission, work.signal),
      feature,
    );
  }
  return role.id;

  async function create(contents: readonly string[]): Promise<string | null> {
    const description = `What ${plan.user} of ${label} may do. ${madeBySetup}`;
    const made = await work.attempt(
      "created",
      `the custom admin role "${label}" with ${contents.join(" and ")}`,
      () => roles.createRole({ label, description, permissions: contents }, work.signal),
      feature,
    );
    return made.isRefused ? null : (made.value?.id ?? "ID");
  }
}

/**
 * Makes the role's resource set. A resource that Okta refuses is left for the admin console, if it is needed.
 *
 * @returns its id; null when there is none
 */
async function setUpResourceSet({ plan, set, resources }: Found, work: Work) {
  const { orgUrl, roles } = work.ports;
  const { label } = plan;
  const further = furtherResources(plan, resources, orgUrl);
  work.noteFurther(`the resource set "${label}" has`, further, plan.user);
  const urlOf = ({ path }: PlannedResource) => `${orgUrl}${path}`;
  const click = (names: string) =>
    `Security > Administrators > Resources > the resource set "${label}": add the resource ${names}`;
  const has = (planned: PlannedResource) => resources.some((each) => isThat(planned, each, orgUrl));
  const isWithout = plan.resources.filter((planned) => !has(planned));
  let id = set?.id ?? null;
  for (const planned of isWithout) {
    const { name } = planned;
    if (id !== null) {
      const there = id;
      const text = `the resource ${name} to the resource set "${label}"`;
      await work.attempt(
        "added",
        text,
        () => roles.addResources(there, [urlOf(planned)], work.signal),
        click(name),
        true,
      );
      continue;
    }
    id = await create([planned], click(name));
  }
  // An empty set may suffice: a permission without a resource needs none.
  return id ?? (await create([], `Security > Administrators > Resources: create the resource set "${label}"`));

  async function create(contents: readonly PlannedResource[], left: string): Promise<string | null> {
    const names = contents.map(({ name }) => name).join(", ") || "no resource";
    const description = `What the role of ${label} is for. ${madeBySetup}`;
    const made = await work.attempt(
      "created",
      `the resource set "${label}" with ${names}`,
      () => roles.createResourceSet({ label, description, resources: contents.map(urlOf) }, work.signal),
      left,
      contents.length > 0,
    );
    return made.isRefused ? null : (made.value?.id ?? "ID");
  }
}

/** An RSA key pair like those of Okta's console; its private part leaves this machine only for the store. */
export async function newPrivateKey(): Promise<HeldKey> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kty: "RSA", kid: await calculateJwkThumbprint(jwk), alg: "RS256", use: "sig" };
}

function publicPartOf({ kty, kid, n, e }: HeldKey): PublicJwk {
  return { kty, kid, alg: "RS256", use: "sig", n, e };
}
