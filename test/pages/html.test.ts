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
