import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventKey } from "../../../lambda/core/alerts/event-key.ts";
import { inertAlert, inertFacts, inertText, isPlainEmail, type Reader } from "../../../lambda/core/alerts/inert.ts";
import { toAscii } from "../../../lambda/core/text/ascii.ts";
import { shareRoom } from "../../../lambda/core/text/share-room.ts";
import { wellFormedJson } from "../../../lambda/core/text/well-formed-json.ts";
import { alertOf } from "../../fixtures/cases.ts";
import { hostileText, liveParts, livePartsOfChat } from "../../fixtures/live-text.ts";

const readers: readonly Reader[] = ["text", "chat"];

describe("a text of an event", () => {
  test.each([
    ["https://okta-verify.evil.example/reset", "hxxps[:]//okta-verify[.]evil[.]example/reset"],
    ["hxxp://evil.example", "hxxp[:]//evil[.]example"],
    ["www.x", "www[.]x"],
    ["mailto:ada@evil.com", "mailto[:]ada[@]evil[.]com"],
    ["tel:+351210000000", "tel[:]+351210000000"],
    ["javascript:alert(1)", "javascript[:]alert(1)"],
    ["evil.example", "evil[.]example"],
    ["evil.com/path", "evil[.]com/path"],
    ["пример.рф", "пример[.]рф"],
    ["münchen。de", "münchen[.]de"],
    ["ｅｖｉｌ．ｃｏｍ", "ｅｖｉｌ[.]ｃｏｍ"],
    ["evil㏂com", "evila.m[.]com"],
    ["xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd[.]xn--p1ai"],
    ["\\\\server\\share", "\\ \\server\\share"],
    ["//localhost/x", "/ /localhost/x"],
    ["203.0.113.7/reset", "203.0.113[.]7/reset"],
    ["@here and @channel", "[@]here and [@]channel"],
    ["<!channel> <@U123>", "‹!channel› ‹[@]U123›"],
    ["<at>all</at>", "‹at›all‹/at›"],
    [":white_check_mark:", "[:]white_check_mark:"],
    ["✅ done 👩‍💻", "□ done □"],
    ["[click](https://evil.example)", "(click)(hxxps[:]//evil[.]example)"],
    ["[.](https://evil.example)", "(.)(hxxps[:]//evil[.]example)"],
    ["*bold* `code` ~no~ #1 | > q", "∗bold∗ 'code' ∼no∼ ＃1 ∣ › q"],
    ["Ada\r\n\u202eMarques\u0000", "Ada Marques"],
    ["Ada\ud800", "Ada\ufffd"],
  ])("%j becomes %j", (text, inert) => {
    expect(inertText(text, "text")).toBe(inert);
  });

  test.each([
    "Ada Marques",
    "J.R. O'Neill (contractor)",
    "AT&T, Inc.",
    "Mozilla/5.0",
    "Mac OS X 10.15.7",
    "2026-11-24T09:30:00.412Z",
    "203.0.113.77",
    "2001:db8:100::1",
    "203.0.113.0/24",
    "EXAMPLE\\ada",
    "NORD_VPN",
    "FAILURE: INVALID_CREDENTIALS",
    "São Tomé and Príncipe",
    "東京",
    "Example® Hosting",
  ])("%j stays as it is", (text) => {
    expect(inertText(text, "text")).toBe(text);
  });

  test("of ASCII is what it is beside other letters, as it is read by expressions of its own", () => {
    const parts = fc.constantFrom(
      "a",
      "Z",
      "9",
      "12",
      ":",
      ".",
      "@",
      "-",
      "_",
      "'",
      "+",
      "/",
      " ",
      "(",
      "]",
      "09:30:00Z",
      "www",
      "example.com",
    );
    const plain = fc.oneof(
      fc.array(parts, { maxLength: 12 }).map((list) => list.join("")),
      fc.string({ unit: "grapheme-ascii" }),
    );
    fc.assert(
      fc.property(plain, fc.constantFrom(...readers), (text, reader) => {
        // Alone, an address or a time is left as it is.
        const line = `b ${text.replace(/\s+/g, " ").trim()} b`;
        expect(inertText(`${line} é`, reader)).toBe(`${inertText(line, reader)} é`);
        expect(isPlainEmail(`é${text}`)).toBe(isPlainEmail(`e${text}`));
      }),
      { numRuns: 2_000 },
    );
  });

  test("has no emphasis, entity or list mark in a chat", () => {
    expect(inertText("_it_ NORD_VPN &lt;b&gt; AT&T", "chat")).toBe("＿it＿ NORD_VPN ＆lt;b＆gt; AT＆T");
    expect(inertText("1. Nothing", "chat")).toBe("1[.] Nothing");
    expect(inertText("- Nothing", "chat")).toBe("– Nothing");
  });

  test("for a program is on one line, and otherwise as it is", () => {
    expect(inertText("https://evil.example\n*x*", "data")).toBe("https://evil.example *x*");
  });

  test("is inert once it is, and stays inert in ASCII, as subjects and SMS have it", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        for (const reader of readers) {
          const inert = inertText(text, reader);
          expect((reader === "chat" ? livePartsOfChat : liveParts)(inert, [])).toEqual([]);
          expect(inertText(inert, reader)).toBe(inert);
          expect(liveParts(toAscii(inert))).toEqual([]);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("what stays in a text", () => {
  test("is each part between spaces, quotes, brackets and the punctuation of a sentence, the longest first", () => {
    const kept = ["a@b.example", "a@b.example.org", "1.2.3.4"];
    const standing = /(?<![^\s("'])(a@b\.example\.org|a@b\.example|1\.2\.3\.4)(?![^\s)"',;.:]|[.:]\S)/gu;
    const around = ["", " ", "\u00a0", "(", ")", '"', "'", ",", ";", ".", ":", "-", "x", "中", "é", "@"];
    const piece = fc.constantFrom(...kept, ...around);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("").trim();
        const found = (text.match(standing) ?? []).filter((each) => each.includes("@"));
        // An address that does not stay is `a[@]b[.]example`.
        expect(inertText(text, "text", kept).split("a@b.example").length - 1).toBe(found.length);
      }),
      { numRuns: 300 },
    );
  });

  test("stands for itself, and is no part of something longer", () => {
    const kept = ["ada@example.co"];
    const inert = (text: string) => inertText(text, "text", kept);
    expect(inert("Ada (ada@example.co), x")).toBe("Ada (ada@example.co), x");
    expect(inert('did "ada@example.co".')).toBe('did "ada@example.co".');
    for (const longer of ["ada@example.com", "ada@example.co.evil.example", "x.ada@example.co", "ada@example.co/x"]) {
      expect(inert(longer)).not.toContain(kept[0]);
    }
  });

  test.each([
    ["ada.marques+test@sub.example.com", true],
    ["zoë@example.com", true],
    ["www.evil.com@example.com", false],
    ["ada@exämple.com", false],
    ["ada@xn--exmple-cua.com", false],
    ["ada@example", false],
    ["https://evil.com/@example.com", false],
    ["ada@example.com ", false],
    [`${"a".repeat(100)}@example.com`, false],
  ])("of logins is what is nothing but an e-mail address: %j", (login, isPlain) => {
    expect(isPlainEmail(login)).toBe(isPlain);
  });

  test("is a login in every text of the facts, but for a chat", () => {
    const facts = {
      user: { login: "ada@example.com", displayName: "ada@example.com" },
      action: "granted to eve@example.com and to mallory@evil.example",
      targets: [{ login: "eve@example.com" }],
      okta: { org: "example.okta.com", eventType: "user.risk.detect" },
    };
    expect(inertFacts(facts)).toEqual({
      ...facts,
      action: "granted to eve@example.com and to mallory[@]evil[.]example",
    });
    const chat = inertAlert(alertOf(), "chat");
    expect(chat.user.login).toBe("Ada[@]Example[.]com");
    expect(chat.okta).toMatchObject({ org: "example.okta.com", eventType: "user.session.start" });
  });

  test("is what rules say, our links, and the event as it was received", () => {
    const given = alertOf();
    const [detection] = given.detections;
    const alert = {
      ...given,
      detections:
        detection === undefined ? [] : [{ ...detection, falsePositives: ["See https://wiki.example.com/vpn"] }],
    };
    const inert = inertAlert(alert, "text");
    expect(inert.detections).toEqual(alert.detections);
    expect(inert.links).toBe(alert.links);
    expect(inert.event).toBe(alert.event);
    expect(inert.okta.systemLogUrl).toBe(alert.okta.systemLogUrl);
  });
});

describe("the room of a line", () => {
  test("is shared so that each part has its own, and no more is left unused than need be", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 80 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 120 }),
        (texts, maximum) => {
          const share = 1 / texts.length;
          const rooms = shareRoom(
            texts.map((text) => ({ text, share })),
            maximum,
          );
          const wanted = texts.reduce((sum, text) => sum + text.length, 0);
          expect(rooms.reduce((sum, room) => sum + room, 0)).toBe(Math.min(wanted, maximum));
          for (const [index, text] of texts.entries()) {
            expect(rooms[index]).toBeGreaterThanOrEqual(Math.min(text.length, Math.floor(share * maximum)));
          }
        },
      ),
    );
  });
});

describe("JSON", () => {
  test("has no lone surrogate in any text or name, and is otherwise the same", () => {
    const text = fc.string({
      unit: fc.constantFrom("\\", "\\\\", "u", "d800", "\ud83d", "\ude00", "😀", '"', "\n", "é"),
    });
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text))), (value) => {
        // Texts are compared, as JSON.parse of Node.js 24 takes the name `"` for `\`, once it has read an object with that name.
        const members = Object.entries(value).map(([name, each]) => {
          const written = typeof each === "string" ? each.toWellFormed() : each.map((item) => item.toWellFormed());
          return `${JSON.stringify(name.toWellFormed())}:${JSON.stringify(written)}`;
        });
        expect(wellFormedJson(value)).toBe(`{${members.join()}}`);
      }),
      { numRuns: 1_000 },
    );
  });
});

test("an event's key is its uuid, or a hash where that is no plain word: never empty, never cut to another's", () => {
  expect(eventKey("5c0f3a52-c9c5-11f1-9d3e-1f2a3b4c5d6e")).toBe("5c0f3a52-c9c5-11f1-9d3e-1f2a3b4c5d6e");
  for (const uuid of ["", "_", "\u0000", "\ud800", "https://evil.example", "x".repeat(255)]) {
    expect(eventKey(uuid)).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(eventKey(`${"x".repeat(254)}a`)).not.toBe(eventKey(`${"x".repeat(254)}b`));
});
