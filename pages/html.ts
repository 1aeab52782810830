import { html as interpolate } from "hono/html";

/** Markup in which every text is escaped. */
export interface Html {
  readonly isEscaped: true;
  toString(): string;
}

/** What a template takes: texts and numbers are escaped, markup stands as it is, and nothing stands for null and false. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/**
 * Control characters, which HTML has no place for, and characters of direction, by which a name would turn the words after it
 * (https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings).
 */
const misleading = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

function legible(content: Content): Content {
  if (typeof content === "string") return content.replace(misleading, "\ufffd").toWellFormed();
  return Array.isArray(content) ? content.map(legible) : content;
}

/**
 * A template of HTML or SVG. Texts are made legible, and escaped for elements and for quoted attributes; so an attribute's value is always in
 * double quotes, and no text of others goes into a `<script>`, a `<style>` or the name of anything.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  // It is a promise only where a value is one, which its type forbids here.
  return interpolate(strings, ...values.map(legible)) as unknown as Html;
}

/** Markup that is written here, not by others: a style, a script, a file of ours. */
export function trusted(markup: string): Html {
  return html(Object.assign([markup], { raw: [markup] }));
}
