import { createHash } from "node:crypto";
import { type Html, html, trusted } from "./html.ts";
import { theme } from "./theme.ts";

/** A page that is one file: it asks for nothing from anywhere. */
export interface Page {
  readonly title: string;
  /** CSS of ours, after that of the theme. */
  readonly style?: string;
  readonly body: Html;
  /** JavaScript of ours, run as a module when the page is there; without it the page has to be readable. */
  readonly script?: string;
}

/** A page that is ready to be written or sent. */
export interface WrittenPage {
  readonly text: string;
  /** The policy that admits the page's own style and script by their digests, and nothing else; a page also bears it itself. */
  readonly policy: string;
}

/**
 * Writes a page. Its policy forbids `style` attributes too: a drawing has its measures in attributes of SVG.
 *
 * @param connects whether the page belongs to a server, which its script and its forms may ask: a form names its origin only
 * where the page may name itself
 */
export function writePage({ title, style = "", body, script }: Page, connects = false): WrittenPage {
  const css = `${theme}${style}`;
  const policy = [
    "default-src 'none'",
    `style-src '${digestOf(css)}'`,
    ...(script === undefined ? [] : [`script-src '${digestOf(script)}'`]),
    "img-src data:",
    ...(connects ? ["connect-src 'self'", "form-action 'self'"] : ["form-action 'none'"]),
    "base-uri 'none'",
  ].join("; ");
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="${connects ? "same-origin" : "no-referrer"}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(css)}</style>
</head>
<body>
${body}
${script === undefined ? null : html`<script type="module">${trusted(script)}</script>`}
</body>
</html>
`;
  return { text: page.toString(), policy };
}

/** A source expression of the policy (https://www.w3.org/TR/CSP3/#grammardef-hash-source). */
function digestOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
