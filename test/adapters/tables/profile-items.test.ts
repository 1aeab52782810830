import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AttributeValue,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { importProfiles } from "../../../cli/profile-import.ts";
import { addJourney } from "../../../cli/profile-journeys.ts";
import { toAttribute } from "../../../lambda/adapters/aws/dynamodb/attribute-value.ts";
import { openProfileItems } from "../../../lambda/adapters/tables/profile-items.ts";
import { journeyKey, keysOfProfile } from "../../../lambda/adapters/tables/profile-look-up.ts";
import { readProfile } from "../../../lambda/adapters/tables/stored-profile.ts";
import { defaultAttributes, type OktaUser, type UsersApi } from "../../../lambda/core/profiles/okta-user.ts";
import { allLocations, type Source, type SourceLocations } from "../../../lambda/core/profiles/profile.ts";
import { type SyncPorts, syncProfiles, writeUsers } from "../../../lambda/core/profiles/sync.ts";
import { type Emulators, startEmulators } from "../../../local/emulators.ts";
import { names } from "../../../local/resources.ts";
import { storedLocation } from "../../fixtures/profile-items.ts";
import { runs } from "../../fixtures/runs.ts";

let emulators: Emulators;
let folder: string;
let plain: DynamoDBClient;

beforeAll(async () => {
  [emulators, folder] = await Promise.all([startEmulators(), mkdtemp(join(tmpdir(), "profile-items-"))]);
  Object.assign(process.env, emulators.environment, { AWS_ENDPOINT_URL_DYNAMODB: emulators.direct.dynamodb });
  plain = client();
});
afterAll(async () => {
  plain.destroy();
  for (const { dynamodb } of seats) dynamodb.destroy();
  await Promise.all([emulators.stop(), rm(folder, { recursive: true })]);
});

const user = "00u1ada";
const table = names.profileTable;

beforeEach(async () => {
  for (const key of keysOfProfile(user)) await remove(key);
});

const remove = (key: string) => plain.send(new DeleteItemCommand({ TableName: table, Key: { user: { S: key } } }));

/** What stands around each call: it decides when the call is made, and sees what was made. */
type Around = <Output>(operation: string, input: object, call: () => Promise<Output>) => Promise<Output>;

/** A client whose expressions keep within the limits of DynamoDB that the embedded one does not know. */
function client(around: Around = (_, __, call) => call()): DynamoDBClient {
  const dynamodb = new DynamoDBClient({});
  dynamodb.middlewareStack.add(
    (next, context) => (args) => {
      const { UpdateExpression = "", ConditionExpression = "" } = args.input as UpdateItemCommandInput;
      // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
      for (const expression of [UpdateExpression, ConditionExpression]) {
        expect(Buffer.byteLength(expression)).toBeLessThanOrEqual(4_096);
        expect(expression.match(/ = | AND | OR | > |\(/g)?.length ?? 0).toBeLessThanOrEqual(300);
      }
      return around(String(context.commandName), args.input, () => next(args));
    },
    { step: "initialize" },
  );
  return dynamodb;
}

const open = (dynamodb: DynamoDBClient) => openProfileItems(dynamodb, table);

async function put(item: Readonly<Record<string, AttributeValue>>): Promise<void> {
  await plain.send(new PutItemCommand({ TableName: table, Item: { ...item } }));
}

async function stored(key = user): Promise<Readonly<Record<string, AttributeValue>> | undefined> {
  const { Item } = await plain.send(
    new GetItemCommand({ TableName: table, Key: { user: { S: key } }, ConsistentRead: true }),
  );
  return Item;
}

/** The cities that are stored of the user, by source. */
async function cities() {
  const { locations, imported, okta } = readProfile((await stored()) ?? {});
  const citiesOf = (each: SourceLocations | null) => each?.locations.map(({ city }) => city) ?? [];
  return {
    locations: locations.map(({ city }) => city),
    imported: citiesOf(imported),
    okta: citiesOf(okta),
  };
}

let time = Date.parse("2026-11-25T00:00:00Z");
/** A clock that no two calls find at the same time. */
const now = () => {
  time += 1_000;
  return new Date(time);
};

async function importCity(dynamodb: DynamoDBClient, ...places: readonly string[]): Promise<void> {
  // Of its own: imports of one city may be at work at the same time.
  const file = join(folder, `${crypto.randomUUID()}.csv`);
  await writeFile(file, ["userId,city,country", ...places.map((city) => `${user},${city},PT`), ""].join("\n"));
  await importProfiles({
    file,
    items: open(dynamodb),
    geocode: () => ({ found: false, reason: "no place is known" }),
    dryRun: false,
    now: now(),
    onProgress: () => {},
  });
}

const oktaUser = (city: string | null): OktaUser => ({ id: user, status: "ACTIVE", profile: { city } });

async function refresh(dynamodb: DynamoDBClient, city: string | null): Promise<void> {
  const ports = { items: open(dynamodb), attributes: defaultAttributes, now };
  await writeUsers([oktaUser(city)], now().toISOString(), ports);
}

/** A sync of all users: of this one, or of another only, so that this one is gone. */
async function sync(dynamodb: DynamoDBClient, city: string | null, locate?: SyncPorts["locate"]): Promise<void> {
  const users = city === null ? [{ ...oktaUser(null), id: "00u2grace" }] : [oktaUser(city)];
  const api: UsersApi = {
    orgUrl: "https://example.okta.com",
    firstPage: () => "first",
    fetchPage: async () => ({ users, next: null }),
    fetchUser: async () => null,
  };
  const ports: SyncPorts = {
    api,
    items: open(dynamodb),
    loadState: async () => null,
    saveState: async () => {},
    attributes: defaultAttributes,
    now,
    ...(locate === undefined ? {} : { locate }),
  };
  await syncProfiles(ports, new AbortController().signal);
}

const inList = (places: readonly string[], source?: string): AttributeValue =>
  toAttribute(places.map((city) => ({ label: "home", city, ...(source === undefined ? {} : { source }) })));

/** Has another writer write in full before the first write of this one. */
function beforeFirstWrite(other: () => Promise<unknown>): DynamoDBClient {
  let isFirst = true;
  return client(async (operation, _, call) => {
    if (isFirst && !/Get|Scan/.test(operation)) {
      isFirst = false;
      await other();
    }
    return call();
  });
}

describe("two writers that overlap", () => {
  test("keep each other's locations: an import between a sync's read and its write", async () => {
    await sync(
      beforeFirstWrite(() => importCity(plain, "Porto")),
      "Lisbon",
    );
    expect(await cities()).toEqual({ locations: [], imported: ["Porto"], okta: ["Lisbon"] });
  });

  test("keep each other's locations: a sync between an import's read and its write", async () => {
    await importCity(
      beforeFirstWrite(() => sync(plain, "Lisbon")),
      "Porto",
    );
    expect(await cities()).toEqual({ locations: [], imported: ["Porto"], okta: ["Lisbon"] });
  });

  test("keep each other's locations where the item is of the earlier form", async () => {
    const locations = [...(inList(["Faro"], "import").L ?? []), ...(inList(["Beja"], "okta").L ?? [])];
    await put({ user: { S: user }, locations: { L: locations } });
    await sync(
      beforeFirstWrite(() => importCity(plain, "Porto")),
      "Lisbon",
    );
    expect(await cities()).toEqual({ locations: [], imported: ["Porto"], okta: ["Lisbon"] });
  });

  test("do not remove an item that the other has just written to", async () => {
    await sync(plain, "Lisbon");
    await sync(
      beforeFirstWrite(() => importCity(plain, "Porto")),
      null,
    );
    expect(await cities()).toEqual({ locations: [], imported: ["Porto"], okta: [] });
  });

  test("remove the item where each removes what the other would have left", async () => {
    await refresh(plain, "Lisbon");
    await plain.send(setLocations(["Faro"]));
    const clear = new UpdateItemCommand({
      TableName: table,
      Key: { user: { S: user } },
      UpdateExpression: "REMOVE locations",
    });
    await refresh(
      beforeFirstWrite(() => plain.send(clear)),
      null,
    );
    expect(await stored()).toBeUndefined();
  });

  test("do not lose coordinates that the other has just found", async () => {
    const locate: SyncPorts["locate"] = (location) => ({ ...location, latitude: 38.7, longitude: -9.1 });
    await refresh(plain, "Lisbon");
    await refresh(
      beforeFirstWrite(() => sync(plain, "Porto", locate)),
      "Porto",
    );
    expect(readProfile((await stored()) ?? {}).okta?.locations).toMatchObject([{ city: "Porto", latitude: 38.7 }]);
  });

  test("both add their journey", async () => {
    const journey = (city: string) => ({ user, location: storedLocation({ city }), until: new Date("2100-01-01") });
    const other = () => addJourney(plain, table, journey("Tokyo"), now());
    await addJourney(beforeFirstWrite(other), table, journey("Osaka"), now());
    const { locations } = readProfile((await stored(journeyKey(user))) ?? {});
    expect(locations.map(({ city }) => city)).toEqual(["Tokyo", "Osaka"]);
  });
});

test("a journey whose first answer was lost is added once", async () => {
  const lost = client(async (operation, _, call) => {
    const output = await call();
    if (operation.includes("Put")) throw Object.assign(new Error(), { name: "ConditionalCheckFailedException" });
    return output;
  });
  const until = new Date("2100-01-01");
  await addJourney(lost, table, { user, location: storedLocation({ city: "Tokyo" }), until }, now());
  expect(readProfile((await stored(journeyKey(user))) ?? {}).locations).toMatchObject([{ city: "Tokyo" }]);
});

describe("a writer", () => {
  const countWrites = () => {
    const writes: string[] = [];
    const dynamodb = client((operation, _, call) => {
      if (!operation.includes("Get")) writes.push(operation);
      return call();
    });
    return { writes, dynamodb };
  };

  test("writes nothing where nothing changes, also in the earlier form", async () => {
    await put({ user: { S: user }, locations: inList(["Porto"], "import") });
    const { writes, dynamodb } = countWrites();
    await refresh(dynamodb, null);
    expect(writes).toEqual([]);
    await importCity(dynamodb, "Lisbon");
    await importCity(dynamodb, "Lisbon");
    expect(writes).toEqual(["UpdateItemCommand"]);
  });

  test("decides by what is stored now, and not by a read that may be stale", async () => {
    const reads: object[] = [];
    const dynamodb = client((operation, input, call) => {
      if (operation.includes("Get")) reads.push(input);
      return call();
    });
    await refresh(dynamodb, "Lisbon");
    expect(reads).toMatchObject([{ RequestItems: { [table]: { ConsistentRead: true } } }]);
  });

  test("writes any number of users, each once", async () => {
    const users = Array.from({ length: 1_100 }, (_, index) => `many-${index}`);
    const from = { locations: [storedLocation({ city: "Lisbon" })], updatedAt: null, syncedAt: null };
    const decisions = await open(plain).update("okta", [...users, ...users], () => from);
    expect(decisions).toHaveLength(users.length);
    const removed = await open(plain).remove(users);
    expect(removed.toSorted()).toEqual(users.toSorted());
  });

  describe("a user for whom an item has no room", () => {
    const others = ["00u1before", "00u1behind"];
    afterEach(async () => {
      for (const key of others) await remove(key);
    });

    /** An item of people's own locations with this many bytes to spare. */
    const putLarge = (spare: number) =>
      put({
        user: { S: user },
        locations: { L: [{ M: { city: { S: "Faro" } } }] },
        note: { S: "n".repeat(409_500 - spare) },
      });

    test("is named by an import, which writes the others", async () => {
      await importCity(plain, "Faro");
      const file = join(folder, "large.csv");
      const long = "x".repeat(2_049);
      const rows = Array.from({ length: 500 }, (_, index) => `${user},${index}${"ö".repeat(500)},PT`);
      await writeFile(
        file,
        ["userId,city,country", `${others[0]},Lisbon,PT`, ...rows, `${long},Lisbon,PT`, `${others[1]},Lisbon,PT`].join(
          "\n",
        ),
      );
      const importFile = (dryRun: boolean) =>
        importProfiles({
          file,
          items: open(plain),
          geocode: () => ({ found: false, reason: "no place is known" }),
          dryRun,
          now: now(),
          onProgress: () => {},
        });
      for (const dryRun of [true, false]) {
        const report = await importFile(dryRun);
        expect(report).toMatchObject({ users: 4, created: 2, changed: 0, unchanged: 0 });
        expect(report.tooLarge.toSorted()).toEqual([user, long].toSorted());
      }
      for (const key of others) expect(await stored(key)).toBeDefined();
      expect((await cities()).imported).toEqual(["Faro"]);
      expect(await importFile(false)).toMatchObject({ created: 0, unchanged: 2 });
    });

    test("is named by a sync, which writes the others and goes on; its earlier locations from Okta are removed", async () => {
      const reported: string[] = [];
      let users = [oktaUser("Faro")];
      let state: Awaited<ReturnType<SyncPorts["loadState"]>> = null;
      const api: UsersApi = {
        orgUrl: "https://example.okta.com",
        firstPage: () => "first",
        fetchPage: async () => ({ users, next: null }),
        fetchUser: async () => null,
      };
      const sync = () =>
        syncProfiles(
          {
            api,
            items: open(plain),
            loadState: async () => state,
            saveState: async (next) => {
              state = next;
            },
            attributes: defaultAttributes,
            full: true,
            onTooLarge: (userId) => reported.push(userId),
            now,
          },
          new AbortController().signal,
        );
      await putLarge(1_000);
      expect(await sync()).toMatchObject({ changed: 1, tooLarge: 0 });

      const bigger = oktaUser("Lisbon".repeat(200));
      users = [...others.map((id) => ({ ...oktaUser("Lisbon"), id })), bigger];
      expect(await sync()).toMatchObject({ users: 3, changed: 2, removed: 1, tooLarge: 1, finished: true });
      expect(reported).toEqual([user]);
      for (const key of others) expect(await stored(key)).toBeDefined();
      expect(await cities()).toEqual({ locations: ["Faro"], imported: [], okta: [] });
      expect(state).toMatchObject({ next: null });
    });

    test("is counted once for its id and its login, and is written when there is room again", async () => {
      const login = "ada@example.com";
      const reported: string[] = [];
      const write = (city: string) =>
        writeUsers([{ id: user, status: "ACTIVE", profile: { login, city } }], now().toISOString(), {
          items: open(plain),
          attributes: defaultAttributes,
          now,
          onTooLarge: (userId) => reported.push(userId),
        });
      expect(await write("Lisbon".repeat(100_000))).toEqual({ changed: 0, tooLarge: 1 });
      expect(reported).toEqual([user]);
      expect(await write("Lisbon")).toEqual({ changed: 2, tooLarge: 0 });
      await remove(login);
    });

    test("does not hide other refusals: they fail the update", async () => {
      const dynamodb = client((operation, _, call) => {
        if (!operation.startsWith("Update")) return call();
        throw Object.assign(new Error("The table is being deleted"), { name: "ValidationException" });
      });
      await expect(refresh(dynamodb, "Lisbon")).rejects.toThrow("The table is being deleted");
    });
  });

  test("removes the item with its last location, in one call", async () => {
    await refresh(plain, "Lisbon");
    const { writes, dynamodb } = countWrites();
    await refresh(dynamodb, null);
    expect(writes).toEqual(["DeleteItemCommand"]);
    expect(await stored()).toBeUndefined();
  });

  test("keeps what stands in an item beside locations, and values of types that we do not use", async () => {
    const tagged = { M: { city: { S: "Faro" }, tags: { SS: ["a", "b"] } } };
    await put({ user: { S: user }, locations: { L: [tagged] }, note: { S: "theirs" } });
    await refresh(plain, "Lisbon");
    await refresh(plain, null);
    expect(await stored()).toEqual({ user: { S: user }, locations: { L: [tagged] }, note: { S: "theirs" } });
  });

  test("fails with a plain error where another is faster every time", async () => {
    const numbers = Array.from({ length: 30 }, (_, index) => index).values();
    const dynamodb = client(async (operation, _, call) => {
      if (operation.includes("Update")) await refresh(plain, `city ${numbers.next().value}`);
      return call();
    });
    await expect(refresh(dynamodb, "Lisbon")).rejects.toThrow(/1 items of profiles changed at each of 20 tries/);
  });
});

describe("an item of the earlier form", () => {
  beforeEach(() =>
    put({
      user: { S: user },
      locations: {
        L: [
          ...(inList(["Faro", "Beja"], "import").L ?? []),
          ...(inList(["Évora"]).L ?? []),
          ...(inList(["Lisbon"], "okta").L ?? []),
          ...(inList(["Braga"], "manual").L ?? []),
        ],
      },
      source: { S: "import" },
      updatedAt: { S: "2026-01-01T00:00:00Z" },
      syncedAt: { S: "2026-02-01T00:00:00Z" },
    }),
  );

  test("is read as if each source had its attribute", async () => {
    expect(await cities()).toEqual({ locations: ["Évora", "Braga"], imported: ["Faro", "Beja"], okta: ["Lisbon"] });
    expect(readProfile((await stored()) ?? {})).toMatchObject({
      source: "import",
      imported: { updatedAt: "2026-01-01T00:00:00Z", syncedAt: null },
      okta: { updatedAt: "2026-01-01T00:00:00Z", syncedAt: "2026-02-01T00:00:00Z" },
    });
  });

  test("moves to the present form source by source, as each writes, and what people entered stays where it is", async () => {
    await importCity(plain, "Porto");
    expect(await cities()).toEqual({ locations: ["Évora", "Braga"], imported: ["Porto"], okta: ["Lisbon"] });
    expect((await stored())?.locations?.L?.map((each) => each.M?.city?.S)).toEqual(["Évora", "Lisbon", "Braga"]);
    await sync(plain, "Lisbon");
    expect((await stored())?.locations?.L?.map((each) => each.M?.city?.S)).toEqual(["Évora", "Braga"]);
    expect(Object.keys((await stored()) ?? {}).sort()).toEqual(
      ["imported", "locations", "okta", "source", "updatedAt", "user"].sort(),
    );
  });

  test("loses the locations from Okta alone when Okta has none any more", async () => {
    await sync(plain, null);
    expect(await cities()).toEqual({ locations: ["Évora", "Braga"], imported: ["Faro", "Beja"], okta: [] });
  });

  test("goes when its only source has no locations any more", async () => {
    await put({ user: { S: user }, locations: inList(["Lisbon"], "okta"), source: { S: "okta" } });
    await sync(plain, null);
    expect(await stored()).toBeUndefined();
  });

  test("keeps what people's own tools add while all that there was moves", async () => {
    await put({ user: { S: user }, locations: inList(["Lisbon"], "okta") });
    await sync(
      beforeFirstWrite(() => plain.send(appendLocation("Faro"))),
      "Porto",
    );
    expect(await cities()).toEqual({ locations: ["Faro"], imported: [], okta: ["Porto"] });
  });

  test("moves within the limits of an expression, however many locations it has", async () => {
    const many = Array.from({ length: 250 }, (_, index) => `city ${index}`);
    await put({
      user: { S: user },
      locations: { L: [...(inList(["Évora"]).L ?? []), ...(inList(many, "import").L ?? [])] },
    });
    await importCity(plain, "Porto");
    expect(await cities()).toEqual({ locations: ["Évora"], imported: ["Porto"], okta: [] });
  });
});

test("a user's locations come in a fixed order: people's, imported ones, those from Okta", async () => {
  await refresh(plain, "Lisbon");
  await importCity(plain, "Porto");
  await plain.send(setLocations(["Faro"]));
  expect(allLocations(readProfile((await stored()) ?? {})).map(({ city }) => city)).toEqual([
    "Faro",
    "Porto",
    "Lisbon",
  ]);
});

const setLocations = (places: readonly string[]) =>
  new UpdateItemCommand({
    TableName: table,
    Key: { user: { S: user } },
    UpdateExpression: "SET locations = :locations",
    ExpressionAttributeValues: { ":locations": inList(places) },
  });

const appendLocation = (city: string) =>
  new UpdateItemCommand({
    TableName: table,
    Key: { user: { S: user } },
    UpdateExpression: "SET locations = list_append(if_not_exists(locations, :none), :places)",
    ExpressionAttributeValues: { ":none": { L: [] }, ":places": inList([city]) },
  });

/** What has to be stored, by the writes that were made, in the order in which they were. */
interface Model {
  locations: string[];
  imported: string[];
  okta: string[];
  journeys: string[];
  /** Sources whose locations still stand among people's own, and go with them. */
  earlier: Set<Source>;
}

type Kind = "import" | "sync" | "refresh" | "edit" | "append" | "replace" | "travel" | "delete";

interface Actor {
  readonly kind: Kind;
  readonly city: string;
}

/** Does what an actor does, by a client of its own. */
function act({ kind, city }: Actor, dynamodb: DynamoDBClient): Promise<unknown> {
  const gone = city === "none" ? null : city;
  switch (kind) {
    case "import":
      return importCity(dynamodb, city);
    case "sync":
      return sync(dynamodb, gone);
    case "refresh":
      return refresh(dynamodb, gone);
    case "edit":
      return dynamodb.send(setLocations([city]));
    case "append":
      return dynamodb.send(appendLocation(city));
    case "replace":
      return dynamodb.send(
        new PutItemCommand({ TableName: table, Item: { user: { S: user }, locations: inList([city]) } }),
      );
    case "travel":
      return addJourney(
        dynamodb,
        table,
        { user, location: storedLocation({ city }), until: new Date("2100-01-01") },
        now(),
      );
    case "delete":
      return open(dynamodb).remove(keysOfProfile(user));
  }
}

/** Notes what a write that was made means. */
function note(model: Model, { kind, city }: Actor, operation: string, input: object): void {
  const removed = (input as DeleteItemCommandInput).Key?.user?.S;
  const isItem = (input as PutItemCommandInput).Item?.user?.S === user;
  if (kind === "delete") {
    if (removed === user) Object.assign(model, { locations: [], imported: [], okta: [], earlier: new Set() });
    if (removed === journeyKey(user)) model.journeys = [];
  } else if (kind === "travel") {
    model.journeys.push(city);
  } else if (kind === "append") {
    model.locations.push(city);
  } else if (kind === "edit" || kind === "replace") {
    const lost: readonly Source[] = isItem ? ["imported", "okta"] : [...model.earlier];
    for (const source of lost) model[source] = [];
    model.locations = [city];
    model.earlier.clear();
  } else {
    const source = kind === "import" ? "imported" : "okta";
    const values = Object.values((input as UpdateItemCommandInput).ExpressionAttributeValues ?? {});
    const after = values.find(({ M }) => M?.locations !== undefined);
    const locations = operation.includes("Update") ? (after?.M?.locations?.L ?? []) : [];
    model[source] = locations.map((location) => location.M?.city?.S ?? "");
    model.earlier.delete(source);
  }
}

/** A client for each actor that may be at work, which serves one run after the other: each would connect for itself. */
const seats: { readonly dynamodb: DynamoDBClient; around: Around }[] = [];

function seat(index: number): (typeof seats)[number] {
  const around: Around = (operation, input, call) => taken.around(operation, input, call);
  const taken = seats[index] ?? { dynamodb: client(around), around: (_, __, call) => call() };
  seats[index] = taken;
  return taken;
}

/** Runs actors together, one call to DynamoDB at a time; `turns` says whose call is next, of those that wait. */
async function interleave(actors: readonly Actor[], turns: readonly number[], model: Model): Promise<void> {
  const waiting: { readonly actor: number; readonly go: () => Promise<void> }[] = [];
  const finished = new Set<number>();
  let wake = () => {};
  const all = actors.map(async (actor, index) => {
    const taken = seat(index);
    taken.around = (operation, input, call) =>
      new Promise((resolve, reject) => {
        const go = async () => {
          try {
            const output = await call();
            if (!/Get|Scan/.test(operation)) note(model, actor, operation, input);
            resolve(output);
          } catch (error) {
            reject(error);
          }
        };
        waiting.push({ actor: index, go });
        wake();
      });
    try {
      await act(actor, taken.dynamodb);
    } finally {
      finished.add(index);
      wake();
    }
  });
  const settled = Promise.allSettled(all);
  const isReady = (_: Actor, index: number) => finished.has(index) || waiting.some(({ actor }) => actor === index);
  for (let turn = 0; finished.size < actors.length; turn += 1) {
    while (!actors.every(isReady)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (waiting.length === 0) continue;
    const [next] = waiting.splice((turns[turn] ?? 0) % waiting.length, 1);
    await next?.go();
    // The actor goes on: to its next call, or to its end.
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const result of await settled) if (result.status === "rejected") throw result.reason;
}

const places = ["Faro", "Beja", "Lisbon", "Porto"];
const actor = fc.oneof(
  fc.record({
    kind: fc.constantFrom<Kind>("import", "edit", "append", "replace", "travel", "delete"),
    city: fc.constantFrom(...places),
  }),
  fc.record({ kind: fc.constantFrom<Kind>("sync", "refresh", "import"), city: fc.constantFrom(...places) }),
  fc.record({ kind: fc.constantFrom<Kind>("sync", "refresh"), city: fc.constant("none") }),
);

test("each source's last write survives, in whatever order their calls are made", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("absent", "present", "earlier", "earlier, from Okta alone"),
      fc.array(actor, { minLength: 2, maxLength: 4 }),
      fc.array(fc.nat({ max: 5 }), { minLength: 10, maxLength: 40 }),
      async (form, actors, turns) => {
        for (const key of keysOfProfile(user)) await remove(key);
        const model: Model = { locations: [], imported: [], okta: [], journeys: [], earlier: new Set() };
        if (form === "present") {
          await refresh(plain, "Beja");
          model.okta = ["Beja"];
        }
        if (form === "earlier") {
          const locations = [inList(["Faro"], "import"), inList(["Évora"]), inList(["Beja"], "okta")];
          await put({ user: { S: user }, locations: { L: locations.flatMap(({ L }) => L ?? []) } });
          Object.assign(model, { locations: ["Évora"], imported: ["Faro"], okta: ["Beja"] });
          model.earlier = new Set(["imported", "okta"]);
        }
        if (form === "earlier, from Okta alone") {
          await put({ user: { S: user }, locations: inList(["Beja"], "okta") });
          model.okta = ["Beja"];
          model.earlier.add("okta");
        }
        await interleave(actors, turns, model);
        const { earlier: _, journeys, ...expected } = model;
        expect(await cities()).toEqual(expected);
        const kept = readProfile((await stored(journeyKey(user))) ?? {}).locations.map(({ city }) => city);
        expect(kept.toSorted()).toEqual(journeys.toSorted());
        const isEmpty = Object.values(expected).every((each) => each.length === 0);
        expect((await stored()) === undefined).toBe(isEmpty);
      },
    ),
    { numRuns: runs(80) },
  );
});
