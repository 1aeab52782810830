import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createReadCounter, describeReads, refuseWithoutEvents } from "../../../cli/event-export/read-counts.ts";
import { type ExportOptions, openExport } from "../../../cli/event-export.ts";
import { flatten, lowerCaseKeys, toCsv } from "../../fixtures/event-forms.ts";
import { sessionStart } from "../../fixtures/events.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "event-export-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(content: string | Buffer, options: ExportOptions = { strict: false }) {
  const path = join(folder, "export");
  await writeFile(path, content);
  const opened = await openExport(path, options);
  const uuids: string[] = [];
  const times: string[] = [];
  for await (const { uuid, published } of opened.events) {
    uuids.push(uuid);
    times.push(published);
  }
  const faults = opened.counts.faults.map(({ place, reason }) => `${place.replace(path, "")} ${reason}`);
  return { uuids, times, faults, counts: opened.counts };
}

const event = (uuid: string) => sessionStart({ uuid });
const line = (uuid: string) => JSON.stringify(event(uuid));

/** Where Linux lists the files that this process has open. */
const openFiles = "/proc/self/fd";

/** The files of the test's folder that are open. */
function filesLeftOpen(): readonly string[] {
  return readdirSync(openFiles).flatMap((name) => {
    try {
      const path = readlinkSync(join(openFiles, name));
      return path.startsWith(folder) ? [path] : [];
    } catch {
      // The listing itself, which is closed by now.
      return [];
    }
  });
}

describe.skipIf(!existsSync(openFiles))("a file is closed, where the system lists open files,", () => {
  // Files of several chunks: at the end of a file it is closed anyway.
  const long = `${line("a")}\n{"a":\n${`${line("b")}\n`.repeat(2_000)}`;
  test.each<[string, string | Buffer]>([
    ["a part that cannot be read", long],
    ["the same within gzip", gzipSync(long, { level: 0 })],
    ["a kind that is not read", Buffer.concat([Buffer.from("504b0304", "hex"), Buffer.alloc(3_000_000)])],
  ])("when its reading ends at %s", async (_, content) => {
    await expect(read(content, { strict: true })).rejects.toThrow("export");
    expect(filesLeftOpen()).toEqual([]);
  });

  test("when its reader stops before the end", async () => {
    const path = join(folder, "export");
    await writeFile(path, `${line("a")}\n`.repeat(2_000));
    const { events } = await openExport(path);
    for await (const { uuid } of events) {
      expect(uuid).toBe("a");
      expect(filesLeftOpen()).toEqual([path]);
      break;
    }
    expect(filesLeftOpen()).toEqual([]);
  });
});

describe("a part that cannot be read", () => {
  const parts: [string, string, RegExp][] = [
    ["a line that was cut off", line("x").slice(0, 300), /^:2 no JSON: /],
    ["an event without uuid", JSON.stringify({ ...event("x"), uuid: null }), /^:2 no System Log event: uuid: expected/],
    [
      "an event whose isProxy is neither true nor false",
      JSON.stringify({ ...event("x"), securityContext: { isProxy: "perhaps" } }),
      /^:2 no System Log event: securityContext\.isProxy: expected true, false or null/,
    ],
    ["an object of another kind", '{"level":"info","msg":"started"}', /^:2 .*with the keys level, msg, without uuid/],
    ["a number", "17", /^:2 no System Log event: expected an object, found a number/],
    ["text", '"text"', /^:2 no System Log event: expected an object, found text/],
  ];

  test.each(parts)("%s is counted, with line and reason, and reading goes on", async (_, part, reason) => {
    const { uuids, faults, counts } = await read(`${line("a")}\n${part}\n${line("b")}\n`);
    expect(uuids).toEqual(["a", "b"]);
    expect(counts).toMatchObject({ events: 2, unreadable: 1 });
    expect(faults).toEqual([expect.stringMatching(reason)]);
  });

  test.each(parts)("%s ends a strict reading, with file and line", async (_, part) => {
    const reading = read(`${line("a")}\n${part}\n${line("b")}\n`, { strict: true });
    await expect(reading).rejects.toThrow(/export:2: no /);
    await expect(reading).rejects.toMatchObject({ name: "InputError" });
  });

  test("is counted however many there are, and the first five are kept", async () => {
    const { uuids, counts } = await read(`${"{]\n".repeat(1_000)}${line("a")}`);
    expect(uuids).toEqual(["a"]);
    expect(counts.unreadable).toBe(1_000);
    expect(counts.faults.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5].map((at) => `${folder}/export:${at}`));
    expect(describeReads(counts)).toContain("1,000 parts were not read (--strict refuses the first):");
    expect(describeReads(counts)).toContain("and 995 more");
  });

  test("within a delivery costs its event alone", async () => {
    const { uuids, faults } = await read(JSON.stringify({ data: { events: [event("a"), { a: 1 }, event("b")] } }));
    expect(uuids).toEqual(["a", "b"]);
    expect(faults).toEqual([expect.stringMatching(/^:1 no System Log event/)]);
  });

  test.each<[string, string]>([
    ["a quote within a cell of a CSV", 'uuid,eventType\na,ada@example.com"x\nb,user.session.start\n'],
    ["a quote in a cell that closes early", 'uuid,eventType\na,"ada@example.com"x"\nb,user.session.start\n'],
    ["a quote that does not close", 'uuid,eventType\nb,user.session.start\na,"ada@example.com\n'],
    ["a table without a header", "ada@example.com,192.0.2.1,2026-11-20,00u1234567,AA:BB\nb,c,d,e,f\n"],
    ["JSON that is cut off", '{"login":"ada@example.com'],
    ["JSON with a word that is none", '{"login":ada@example.com}'],
    ["JSON with a word after a number", '{"login":1 ada@example.com}'],
    ["text", "ada@example.com signed in from 192.0.2.1 at 2026-11-20"],
  ])("%s is reported without the value", async (_, content) => {
    const { faults } = await read(content);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^:\d no /);
    expect(faults[0]).not.toMatch(/ada|example|192\.0|2026|00u1|AA:BB/);
  });

  test("is shown without values, and without what would act on a terminal", async () => {
    const { counts } = await read(`{"\\u001b[31mpassword":"hunter2"}\n${line("a")}`);
    const shown = describeReads(counts);
    expect(shown).toContain("password");
    expect(shown).not.toContain("hunter2");
    expect(shown).not.toContain("\u001b");
  });
});

describe("a row of a CSV", () => {
  const rows = [event("a"), event("b"), event("c")].map(({ uuid, eventType, published }) => ({
    uuid,
    eventType,
    published,
  }));
  const csv = toCsv(rows);

  test("with a cell too many costs that row", async () => {
    const { uuids, faults } = await read(csv.replace("b,user", "b,,user"));
    expect(uuids).toEqual(["a", "c"]);
    expect(faults).toEqual([":3 the row has 4 cells, and there are 3 columns"]);
  });

  test("with quotes that do not match costs that row", async () => {
    const { uuids, faults } = await read(csv.replace("b,user", 'b"b,user'));
    expect(uuids).toEqual(["a", "c"]);
    expect(faults).toEqual([expect.stringMatching(/^:3 no CSV: /)]);
  });

  test("without an event type is reported with the columns that there are", async () => {
    const { faults } = await read("Name,Department\nAda,Sales\n");
    expect(faults).toEqual([
      ":2 no System Log event: an object with the keys Name, Department, without uuid and eventType",
    ]);
  });

  test("without uuid gets one of its own, the same each time", async () => {
    const content = "eventType,actor.alternateId\nuser.session.start,a@example.com\nuser.session.start,b@example.com\n";
    const { uuids } = await read(content);
    expect(new Set(uuids).size).toBe(2);
    expect(uuids).toEqual([expect.stringMatching(/^without-uuid-[0-9a-f]{24}$/), expect.any(String)]);
    expect((await read(content)).uuids).toEqual(uuids);
  });
});

test("a line of text with commas before JSON lines makes no CSV of them", async () => {
  const { uuids, faults } = await read(`Exporting, please wait, 2 events\n${line("a")}\n${line("b")}\n`);
  expect(uuids).toEqual(["a", "b"]);
  expect(faults).toEqual([expect.stringMatching(/^:1 no JSON/)]);
});

test.each<[string, Buffer]>([
  ["gzip", gzipSync(line("a"))],
  ["UTF-16 with a byte order mark, as PowerShell writes", Buffer.from(`\ufeff${line("a")}\r\n`, "utf16le")],
  ["UTF-16 of the other order", Buffer.from(`\ufeff${line("a")}\r\n`, "utf16le").swap16()],
  ["gzip of UTF-16", gzipSync(Buffer.from(`\ufeff${line("a")}`, "utf16le"))],
  ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${line("a")}`)],
])("%s is recognized by the content", async (_, content) => {
  expect((await read(content)).uuids).toEqual(["a"]);
});

describe("a file that holds nothing of the kind is refused with what it seems to be", () => {
  test.each<[string, string | Buffer, RegExp]>([
    ["a web page", "\n<!DOCTYPE html>\n<html><title>Sign In</title></html>", /a web page \(HTML\); .*sign-in page/],
    ["XML", '<?xml version="1.0"?><Events/>', /seems to be XML; an export is/],
    ["Parquet", Buffer.from("PAR1\x15\x04"), /a Parquet file; convert it to JSON lines/],
    ["a ZIP archive", Buffer.from("PK\x03\x04\x14\x00log.json"), /a ZIP archive; unpack it first/],
    ["an Excel workbook", Buffer.from("PK\x03\x04\x14\x00[Content_Types].xml"), /an Excel workbook; save it as CSV/],
    ["a tar archive in gzip", gzipSync(Buffer.concat([Buffer.alloc(257, "x"), Buffer.from("ustar\x0000")])), /tar/],
    ["Zstandard", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), /compressed by Zstandard; zstd -d/],
  ])("%s", async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
    await expect(read(content)).rejects.toMatchObject({ name: "InputError" });
  });

  test.each<[string, unknown, RegExp]>([
    ["an error of Okta's API", { errorCode: "E0000011", errorSummary: "Invalid token provided" }, /check its token/],
    ["an OCSF event", { class_uid: 3002, metadata: { version: "1.1.0" }, unmapped: {} }, /OCSF keeps a part/],
    [
      "an event of Elastic Common Schema without event.original",
      { "@timestamp": "2026", event: { dataset: "okta.system" }, user: {} },
      /Preserve original event/,
    ],
    ["an event of AWS CloudTrail", { Records: [{ eventSource: "s3", eventName: "Get" }] }, /Okta's log stream/],
    [
      "an event of another source of EventBridge",
      { "detail-type": "x", source: "aws.ec2", detail: { a: 1 } },
      /okta\.com/,
    ],
    ["an event of Datadog whose attributes were renamed", { attributes: { evt: { name: "a" }, usr: {} } }, /eventType/],
    ["a user of Okta, not an event", { id: "00u1", status: "ACTIVE", profile: { login: "a" } }, /\/api\/v1\/logs/],
    ["a result of Splunk without _raw", { preview: false, result: { count: "3" } }, /\| table _raw/],
    ["an event of Google SecOps (UDM)", { udm: { metadata: {} } }, /raw logs/],
    ["a sign-in of Microsoft Entra", { UserPrincipalName: "a@example.com" }, /OktaV2_CL/],
    [
      "an event of AWS CloudTrail",
      { eventversion: "1", eventsource: "s3", eventname: "Get", eventtype: "AwsApiCall" },
      /Okta's/,
    ],
    [
      "an event of AWS CloudTrail",
      {
        "detail-type": "x",
        source: "aws.signin",
        detail: { eventSource: "s", eventName: "n", eventType: "AwsSignIn" },
      },
      /Okta's log stream/,
    ],
    [
      "an event of another source of EventBridge",
      { "detail-type": "x", source: "shop", detail: { eventType: "order.item.added" } },
      /okta\.com/,
    ],
    ["an event of Microsoft Sentinel's ASIM", { EventType: "Logon", EventProduct: "a", EventVendor: "b" }, /Okta_CL/],
    ["a sign-in of Microsoft Entra", { EventType: "SignIn", UserPrincipalName: "a@example.com" }, /Okta_CL/],
    ["an event of Suricata", { event_type: "alert", src_ip: "192.0.2.1" }, /Okta's events/],
    ["an event of Auth0", { _id: "1", type: "s", event_type: "login", log_id: "2" }, /Okta's System Log/],
    ["an event of Windows", { TimeCreated: "2026", EventType: "Audit Success", Computer: "PC" }, /Okta's events/],
    ["an event of Okta's older Events API", { eventId: "t", action: { objectType: "a" } }, /ask \/api\/v1\/logs/],
  ])("%s", async (name, value, instead) => {
    const { counts } = await read(JSON.stringify(value));
    const refusing = () => refuseWithoutEvents(counts);
    expect(refusing).toThrow(`export:1: it seems to be ${name}; `);
    expect(refusing).toThrow(instead);
  });
});

describe("an event that is nested deep", () => {
  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const deep = (key: string, depth: number) => `{"${key}":${nested(depth)},${line("x").slice(1)}`;

  test.each([
    ["as Okta writes it", deep("more", 5_000)],
    ["as text", JSON.stringify({ message: deep("more", 5_000) })],
    [
      "with keys in another case",
      deep("more", 5_000).replace('"eventType"', '"eventtype"').replace('"uuid"', '"UUID"'),
    ],
    ["in a field of Okta's", deep("device", 5_000).replace('"eventType"', '"eventtype"')],
    ["without a uuid", `{"more":${nested(5_000)},"eventtype":"user.session.start"}`],
  ])("%s is a fault, and reading goes on", async (_, content) => {
    const { uuids, faults } = await read(`${content}\n${line("b")}`);
    expect(uuids).toEqual(["b"]);
    expect(faults).toEqual([":1 no System Log event: objects are nested over 500 deep"]);
  });

  test("is read, up to 500 levels", async () => {
    expect((await read(deep("more", 499))).uuids).toEqual(["x"]);
    expect((await read(deep("more", 500))).uuids).toEqual([]);
  });
});

describe("the time of an event", () => {
  test.each([
    ["timestamp", "2026-11-20T08:00:00.123Z"],
    ["@timestamp", "2026-11-20T08:00:00.123Z"],
    ["_time", "2026-11-20 08:00:00.123 UTC"],
    ["_time", 1_795_161_600.123],
    ["insertionTimestamp", "2026-11-20T08:00:00.123Z"],
  ])("is read from %s, where published is missing: %j", async (name, time) => {
    const { published: _, ...rest } = event("a");
    const { times, faults } = await read(
      [rest, lowerCaseKeys(rest), flatten(rest, ".")]
        .map((each) => JSON.stringify({ ...each, [name]: time }))
        .join("\n"),
    );
    expect(faults).toEqual([]);
    expect(times.map((each) => Date.parse(each.replace(/ (.*) UTC$/, "T$1Z")))).toEqual(
      Array.from({ length: 3 }, () => Date.parse("2026-11-20T08:00:00.123Z")),
    );
  });

  test("is the admin console's timestamp, in its CSV", async () => {
    const { uuids, times } = await read(
      "uuid,event_type,timestamp,actor.alternate_id,security_context.is_proxy,target0.id,request.ip_chain.ip\n" +
        "a,user.session.start,2026-11-20T08:00:00.123Z,ada@example.com,true,,192.0.2.1\n",
    );
    expect({ uuids, times }).toEqual({ uuids: ["a"], times: ["2026-11-20T08:00:00.123Z"] });
  });

  const dated = (...times: string[]) =>
    `uuid,eventType,published\n${times.map((time, index) => `${index},user.session.start,"${time}"\n`).join("")}`;

  test.each([
    ["11/10/2026 01:00:00", "20/10/2026 01:00:00", "2026-10-11T01:00:00.000Z"],
    ["11/10/2026 01:00:00", "10/20/2026 01:00:00", "2026-11-10T01:00:00.000Z"],
    ["11/10/2026, 1:00:00 pm", "20/10/2026, 1:00:00 pm", "2026-10-11T13:00:00.000Z"],
    ["11/10/2026, 1:00:00 PM", "11/11/2026, 1:00:00 PM", "2026-11-10T13:00:00.000Z"],
    ["11.10.2026 01:00", "12.10.2026 01:00", "2026-10-11T01:00:00.000Z"],
  ])("%s beside %s is %s", async (first, second, expected) => {
    expect((await read(dated(first, second))).times[0]).toBe(expected);
  });

  test("whose order only a late date shows is read in that order", async () => {
    const many = Array.from({ length: 1_000 }, () => "01/02/2026 01:00");
    expect((await read(dated(...many, "13/02/2026 01:00"))).times[0]).toBe("2026-02-01T01:00:00.000Z");
  });

  test("refuses a file whose dates are of either order, or of an order that none of them shows", async () => {
    await expect(read(dated("11/10/2026 01:00"))).rejects.toThrow(/export: no date shows whether the day or the month/);
    await expect(read(dated("13/10/2026 01:00", "10/13/2026 01:00"))).rejects.toThrow(
      /export: some dates have the day/,
    );
    await expect(read(dated("11/10/2026 01:00"))).rejects.toMatchObject({ name: "InputError" });
  });
});

describe("text that stands where Okta has an object or a list", () => {
  const withField = (path: string, value: unknown) => {
    const [outer = "", inner] = path.split(".");
    const whole = event("x") as Record<string, unknown>;
    return inner === undefined
      ? { ...whole, [outer]: value }
      : { ...whole, [outer]: { ...(whole[outer] as object), [inner]: value } };
  };

  test.each<[string, unknown, RegExp]>([
    ["securityContext", "@{isProxy=True; ipDetails=}", /an object, as PowerShell .*ConvertTo-Json -Depth 20$/],
    ["securityContext.ipDetails", "@{ipServiceCategories=System.Object[]}", /an object, as PowerShell/],
    ["request.ipChain", "System.Object[]", /a list, as PowerShell/],
    ["request.ipChain", ["@{ip=192.0.2.1}"], /a list, as PowerShell/],
    ["securityContext.tunnels", ["@{type=Tor}"], /a list, as PowerShell/],
    ["target", "[{'id': '\\x41'}]", /a list, as Python writes it/],
    ["actor", "{id=00u1, type=User}", /an object: export the event as JSON$/],
    ["client", "Chrome, Toronto", /an object: export the event as JSON$/],
  ])("at %s (%j) is a fault that names the field, and no value", async (path, value, reason) => {
    const { uuids, faults } = await read(`${JSON.stringify(withField(path, value))}\n${line("b")}`);
    expect(uuids).toEqual(["b"]);
    expect(faults).toEqual([expect.stringMatching(`^:1 no whole System Log event: ${path.replace(".", "\\.")}: text`)]);
    expect(faults[0]).toMatch(reason);
  });

  test.each<[string, unknown]>([
    ["target", "null"],
    ["device", ""],
    ["securityContext.risk", "{reasons=Anomalous Device, level=MEDIUM}"],
    ["securityContext.ipDetails", '{"ipServiceCategories":[{"type":"VPN"}]}'],
    ["debugContext.debugData", { risk: "{level=LOW}", behaviors: "{New IP=POSITIVE}", originalPrincipal: "00u1" }],
    ["actor.detailEntry", "x"],
  ])("at %s is none where Okta, or a reader of its values, knows it: %j", async (path, value) => {
    expect(await read(JSON.stringify(withField(path, value)))).toMatchObject({ uuids: ["x"], faults: [] });
  });
});

describe("a record with an event type", () => {
  test.each([
    ["in Okta's spelling", { eventType: "page_view", uuid: "a", published: "2026-11-20T01:00:00Z" }],
    ["in another case", { event_type: "page_view", user_id: "1", ts: 5 }],
    ["of two words, as another product's", { event_type: "user.login", uuid: "a", device_id: "1" }],
  ])("%s that is none of Okta's is no event, and the message says why", async (_, record) => {
    const { uuids, faults } = await read(JSON.stringify(record));
    expect(uuids).toEqual([]);
    expect(faults).toEqual([expect.stringMatching(/; its event type is none of Okta's, as user\.session\.start$/)]);
  });

  test.each([
    ["of three words", { event_type: "user.session.start", uuid: "a" }],
    ["of two words beside a field of Okta's", { event_type: "zone.create", uuid: "a", display_message: "Create zone" }],
    ["beside an actor", { eventType: "zone.create", uuid: "a", actor: { alternateId: "ada@example.com" } }],
  ])("%s is an event", async (_, record) => {
    expect((await read(JSON.stringify(record))).uuids).toEqual(["a"]);
  });
});

test.each<[string, number, string[], RegExp | null]>([
  ["one session start", 1, [], /^The one session start does not say whether a proxy was used: .* securityContext/m],
  ["every session start", 3, [], /^All 3 session starts do not say whether a proxy was used/m],
  ["all session starts but one", 3, [line("x")], null],
  ["no session start, as there is none", 0, [JSON.stringify({ ...event("x"), eventType: "user.session.end" })], null],
])(
  "where %s lacks the fields of the network, the summary says so, if not one has them",
  async (_, number, others, message) => {
    const { securityContext: _left, ...rest } = event("a");
    const starts = Array.from({ length: number }, (_each, index) => JSON.stringify({ ...rest, uuid: `${index}` }));
    const { counts } = await read([...starts, ...others].join("\n"));
    if (message === null) expect(describeReads(counts)).not.toMatch(/proxy/);
    else expect(describeReads(counts)).toMatch(message);
  },
);

describe("a file without an event", () => {
  test.each([
    ["of no bytes", ""],
    ["of white space", " \n\t\n"],
    ["that is an empty list", "[]"],
    ["that is an empty delivery", '{"data":{"events":[]}}'],
    ["of a CSV's header alone", "uuid,eventType\n"],
    ["of a search's last line", '{"preview":false,"lastrow":true}\n'],
  ])("%s is reported as empty", async (_, content) => {
    const { counts } = await read(content);
    expect(counts).toMatchObject({ events: 0, unreadable: 0, empty: [`${folder}/export`] });
    expect(() => refuseWithoutEvents(counts)).toThrow("export is empty: it holds no event");
    await expect(read(content, { strict: true })).rejects.toThrow("export is empty: it holds no event");
  });

  test("among others is counted, and refuses nothing", async () => {
    const counter = createReadCounter();
    await read("", { strict: false, counter });
    await read(`${line("a")}\n{"a":1}`, { strict: false, counter });
    await read(JSON.stringify({ alertId: "1", event: event("b") }), { strict: false, counter });
    expect(() => refuseWithoutEvents(counter.counts)).not.toThrow();
    expect(describeReads(counter.counts)).toBe(
      [
        "2 events: 1 of Okta's own JSON, 1 of alerts",
        `${folder}/export is empty: it holds no event`,
        "1 part was not read (--strict refuses the first):",
        `  ${folder}/export:2: no System Log event: an object with the keys a, without uuid and eventType`,
        "",
      ].join("\n"),
    );
  });
});
