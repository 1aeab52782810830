import { html as interpolate } from "hono/html";

/** Markup in which every text is escaped. */
export interface Html {
  readonly isEscaped: true;
  toString(): string;
}

/** What a template takes: texts and numbers are escaped, markup stands as it is, and nothing stands for null and false. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/**
 * A template of HTML or SVG. Texts are escaped for elements and for quoted attributes; so an attribute's value is always in
 * double quotes, and no text of others goes into a `<script>`, a `<style>` or the name of anything.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  // It is a promise only where a value is one, which its type forbids here.
  return interpolate(strings, ...values) as unknown as Html;
}

/** Markup that is written here, not by others: a style, a script, a file of ours. */
export function trusted(markup: string): Html {
  return html(Object.assign([markup], { raw: [markup] }));
}
