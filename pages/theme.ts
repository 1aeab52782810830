import { type Level, levels } from "../lambda/core/sigma/rule.ts";

/** Colours of one scheme, by custom property. */
type Scheme = Readonly<Record<string, string>>;

/*
 * Every text has a contrast of at least 4.5 to 1 with what it stands on (https://www.w3.org/TR/WCAG22/#contrast-minimum),
 * in both schemes. Colour stands for a severity or for an outcome, and never alone.
 */
const light: Scheme = {
  "--ground": "#f4f5f7",
  "--surface": "#ffffff",
  "--sunken": "#eef0f3",
  "--line": "#d9dde3",
  "--text": "#171b21",
  "--muted": "#56606c",
  "--accent": "#0b57d0",
  "--on-accent": "#ffffff",
  "--land": "#e3e7ec",
  "--border": "#ffffff",
  "--home": "#0f766e",
  "--good": "#0f6b3f",
  "--informational": "#56606c",
  "--low": "#1f5fa8",
  "--medium": "#855a00",
  "--high": "#b4400a",
  "--critical": "#b0123c",
};

const dark: Scheme = {
  "--ground": "#0e1116",
  "--surface": "#161b22",
  "--sunken": "#0f141a",
  "--line": "#2b323c",
  "--text": "#e6eaef",
  "--muted": "#9ba7b4",
  "--accent": "#8ab4f8",
  "--on-accent": "#0e1116",
  "--land": "#2a323d",
  "--border": "#161b22",
  "--home": "#4fd1c5",
  "--good": "#5fd39a",
  "--informational": "#9ba7b4",
  "--low": "#7fb5f0",
  "--medium": "#e3b341",
  "--high": "#ff9c5b",
  "--critical": "#ff7b94",
};

const properties = (scheme: Scheme) =>
  Object.entries(scheme)
    .map(([name, colour]) => `${name}:${colour}`)
    .join(";");

/** The class of what has a severity's colour; `colour` is `--severity` within it. */
export const severityClass = (level: Level) => `severity-${level}`;

/**
 * The style that our pages share: colours by custom properties, for both schemes and on paper, type, links, focus, tables,
 * badges, and what only a screen reader gets.
 */
export const theme = `
:root{color-scheme:light dark;${properties(light)}}
@media (prefers-color-scheme:dark){:root{${properties(dark)}}}
@media print{:root{color-scheme:light;${properties(light)};--ground:#fff}}
*,*::before,*::after{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
-webkit-text-size-adjust:100%}
h1,h2,h3{line-height:1.25;margin:0;font-weight:650;text-wrap:balance}
h1{font-size:1.35rem}h2{font-size:1.05rem}h3{font-size:.95rem}
p{margin:0}
a{color:var(--accent)}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875em}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
th,td{text-align:start;padding:.4rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--muted);font-size:.85rem}
td.number,th.number{text-align:end;font-variant-numeric:tabular-nums}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.muted{color:var(--muted)}
.card{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:1rem 1.15rem}
.badge{display:inline-block;padding:.05rem .5rem;border-radius:999px;border:1px solid currentColor;font-size:.78rem;
font-weight:600;line-height:1.45;white-space:nowrap}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
${levels.map((level) => `.${severityClass(level)}{--severity:var(--${level})}`).join("")}
.badge[class*="severity-"]{color:var(--severity)}
@media print{body{font-size:11pt}.card{break-inside:avoid}}
`;
