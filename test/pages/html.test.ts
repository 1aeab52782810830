import { describe, expect, test } from "vitest";
import { html, trusted } from "../../pages/html.ts";
import { writePage } from "../../pages/page.ts";

const hostile = `"><img src=x onerror=alert(1)>' & </script>`;

describe("a template", () => {
  test("escapes texts in elements and in attributes, at every depth", () => {
    const inner = html`<b title="${hostile}">${hostile}</b>`;
    const escaped = "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39; &amp; &lt;/script&gt;";
    expect(html`<p>${[inner, [hostile]]}</p>`.toString()).toBe(`<p><b title="${escaped}">${escaped}</b>${escaped}</p>`);
  });

  test("shows control and direction characters, and half a character, as what they are not: signs without effect", () => {
    const names = ["\u202eevil\u2066", "\u001b[31m\u009b\u0000", "\ud800", "a\u2028b\u061c"];
    expect(html`<p title="${names[0]}">${names}</p>`.toString()).toBe(
      '<p title="\ufffdevil\ufffd">\ufffdevil\ufffd\ufffd[31m\ufffd\ufffd\ufffda\ufffdb\ufffd</p>',
    );
    // What joins letters is part of names and of emoji.
    expect(html`${"a\n\tb \u{1f469}\u200d\u{1f4bb} \u0645\u06cc\u200c"}`.toString()).toBe(
      "a\n\tb \u{1f469}\u200d\u{1f4bb} \u0645\u06cc\u200c",
    );
  });

  test("writes numbers, 0 as well, and nothing for null, undefined and false", () => {
    expect(html`${0}|${null}|${undefined}|${false}|${["a", 1]}`.toString()).toBe("0||||a1");
  });

  test("leaves markup of ours as it is", () => {
    expect(html`<style>${trusted("a>b{color:red}")}</style>`.toString()).toBe("<style>a>b{color:red}</style>");
  });
});

describe("a page", () => {
  test("admits its own style and script alone, and has its title escaped", () => {
    const { text, policy } = writePage({ title: hostile, body: html`<p>hello</p>`, script: "document.title;" });
    expect(text).toContain("<title>&quot;&gt;&lt;img");
    expect(text).toContain('<script type="module">document.title;</script>');
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; /);
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toMatch(/unsafe|connect-src/);
  });

  test("asks for nothing from anywhere", () => {
    const { text } = writePage({ title: "t", body: html`<p>hello</p>` });
    expect(text.match(/(?:src|href)="[^"]*"/g)).toEqual(['href="data:,"']);
    expect(text).not.toContain("<script");
  });
});
