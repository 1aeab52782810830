import { describeScope } from "../../lambda/core/exceptions/exception.ts";
import { type Doubt, describeDoubt } from "../../lambda/core/incidents/doubt.ts";
import { plural } from "../../lambda/core/text/shorten.ts";
import { type Content, type Html, html } from "../html.ts";
import { writePage } from "../page.ts";
import { severityClass } from "../theme.ts";
import { drawWorldMap, mapStyle } from "../world-map.ts";
import { calendarStyle, drawCalendar } from "./calendar.ts";
import type {
  DetectionRow,
  ExceptionRow,
  ExitRow,
  Named,
  PersonRow,
  PersonsInDoubt,
  Remedy,
  Report,
  Table,
  ThresholdRow,
} from "./report.ts";
import { drawBar, drawTable, numbers, tableScript, tableStyle, texts } from "./table.ts";
import { dayName, kindName, networkName, number, operatorName, percent, rate } from "./words.ts";

/** Marks of each sort that the map draws: each takes the keyboard's focus once. */
const maximumMarks = 40;
const shownExits = 15;
const shownOperators = 20;

/** Writes a report as one page, which asks for nothing from anywhere. */
export function writeReport(report: Report): string {
  const sections = [
    glance(report),
    map(report),
    calendar(report),
    quieten(report),
    networks(report),
    detections(report),
    thresholds(report),
    persons(report),
  ];
  const page = writePage({
    title: `Sign-ins through anonymous networks: ${period(report)}`,
    style: `${style}${tableStyle}${calendarStyle}${mapStyle}`,
    script: tableScript,
    body: html`<header><h1>Sign-ins through anonymous networks</h1>
<p class="muted">${period(report)}${report.source === "" ? "" : ` · ${report.source}`}${report.anonymized ? " · persons and networks have pseudonyms" : ""}</p></header>
<main>${sections}</main>
<footer class="muted"><p>Days and hours are UTC. Alerts are counted as the pipeline sends them: one for each event, without what is
suppressed, excepted, or reported together.${report.anonymized ? "" : " This page names persons: handle it as you handle the log."}</p></footer>`,
  });
  return page.text;
}

function period({ from, to, days }: Report): string {
  if (from === null || to === null) return "no event";
  return from === to ? dayName(from) : `${dayName(from)} to ${dayName(to)}, ${plural(days, "day")}`;
}

function section(title: string, note: Content, content: Content, className = ""): Html {
  return html`<section class="card ${className}"><h2>${title}</h2>${note ? html`<p class="muted note">${note}</p>` : null}
${content}</section>
`;
}

function glance(report: Report): Html {
  const { signIns, outcomes, alerts, severities, days } = report;
  const { all, anonymous, anonymousFailed, failed, persons: people } = signIns;
  const figures = [
    ...(all === null
      ? []
      : [{ value: all, name: "sign-ins", note: failed === null ? "" : `${number(failed)} failed` }]),
    {
      value: anonymous,
      name: "through anonymous networks",
      note: [all === null ? "" : percent(anonymous, all), `${number(anonymousFailed)} failed`]
        .filter(Boolean)
        .join(" · "),
    },
    {
      value: people,
      name: people === 1 ? "person" : "persons",
      note: all === null ? "whom alerts are about" : "behind them",
    },
    {
      value: alerts,
      name: alerts === 1 ? "alert" : "alerts",
      note: `${rate((alerts * 7) / Math.max(days, 7))} a week`,
    },
  ];
  const ways = [
    { name: "An alert of its own", count: outcomes.alerted },
    { name: "Suppressed, as it tells nothing new", count: outcomes.suppressed },
    { name: "Reported with the storm of its source", count: outcomes.inStorm },
    { name: "Gathered with others of its source", count: outcomes.gathered },
    { name: "Excepted", count: outcomes.excepted },
  ];
  const rows = ways.filter(({ count }) => count > 0);
  const reports =
    outcomes.reports === 0
      ? null
      : html`<p class="muted note">${plural(outcomes.reports, "further alert")} about storms and gathered sign-ins.</p>`;
  return section(
    "At a glance",
    null,
    html`<dl class="figures">${figures.map(
      ({ value, name, note }) =>
        html`<div><dt>${name}</dt><dd><strong>${number(value)}</strong><span class="muted">${note}</span></dd></div>`,
    )}</dl>
${severities.length === 0 ? null : html`<ul class="severities" aria-label="Alerts by severity">${severities.map(({ severity, alerts: count }) => html`<li><span class="badge ${severityClass(severity)}">${number(count)} ${severity}</span></li>`)}</ul>`}
${
  rows.length === 0
    ? html`<p class="empty">No detection matched an event${reports === null ? ": nothing would have alerted" : ""}.</p>${reports}`
    : html`<h3>What became of ${plural(outcomes.matched, "matching event")}</h3>
<table class="ways"><caption class="unseen">Matching events by what became of them</caption>
<tbody>${rows.map(
        ({ name, count }) =>
          html`<tr><th scope="row">${name}</th><td class="number">${number(count)}</td><td>${drawBar(count / outcomes.matched)}</td></tr>`,
      )}</tbody></table>
${reports}`
}`,
  );
}

function quieten({ exceptions, alerts }: Report): Html {
  const { rows, together, truePositives } = exceptions;
  const title = "What would quieten most";
  if (alerts === 0) return html``;
  const refusals = drawRefusals(exceptions);
  if (rows.length === 0) {
    const why =
      refusals === null
        ? ": alerts have no network in common that one may cover, or all have the same, and one for everyone would silence all of them"
        : "";
    return section(title, null, html`<p class="empty">No exception is proposed${why}.</p>${refusals}`);
  }
  const known =
    truePositives === null
      ? "No verdicts were given: what each covers is not judged. Make one only for what you know."
      : "None covers a true positive.";
  const isMeasured = rows.some((row) => row.alerts !== null);
  const how = isMeasured
    ? "Measured by a replay of the same events with each exception. "
    : "Counted over the alerts that incidents keep. ";
  const all =
    together === null || rows.length < 2
      ? null
      : html`<p class="together">All of them together: <strong>${number(together)}</strong> of ${plural(alerts, "alert")} are left.</p>`;
  return section(
    title,
    `${how}Tor, residential proxies, alerts of the highest severity, of a high risk or in a storm are never covered, and none for everyone covers all alerts there are. ${known}`,
    html`<ol class="proposals">${rows.map((row) => drawProposal(row, alerts))}</ol>${all}${refusals}`,
  );
}

/** Why no exception is proposed for persons; null for none. */
function drawRefusals({ refused, moreRefused }: Report["exceptions"]): Html | null {
  if (refused.length === 0) return null;
  const more = moreRefused === 0 ? null : html`<li>and ${plural(moreRefused, "further person")}</li>`;
  return html`<h3>For whom none is proposed</h3><ul class="refused">${refused.map(
    ({ doubt, alerts, command }) =>
      html`<li>${doubt.person ?? "many persons"}, ${plural(alerts, "alert")}: ${describeDoubt(doubt)}${drawCommand(command)}</li>`,
  )}${more}</ul>`;
}

function drawProposal(
  { scope, command, alerts: left, covers, persons: people, far, ...doubted }: ExceptionRow,
  alerts: number,
): Html {
  const effect =
    left === null
      ? html`covers <strong>${number(covers)}</strong> of ${plural(alerts, "alert")}`
      : html`<strong>${number(covers)}</strong> of ${plural(alerts, "alert")} fewer${drawBar(covers / Math.max(alerts, 1))}`;
  const whom = [plural(people, "person"), far === 0 ? null : `${number(far)} far from every profile location`].filter(
    Boolean,
  );
  return html`<li><h3>${describeScope(scope)}</h3><p>${effect}</p><p class="muted">${whom.join(" · ")}</p>${drawInDoubt(doubted)}${drawCommand(command)}</li>`;
}

/** Whom to judge before an exception for everyone is made; null for none. */
function drawInDoubt({ inDoubt, moreInDoubt }: PersonsInDoubt): Html | null {
  if (inDoubt.length === 0) return null;
  const more = moreInDoubt === 0 ? "" : `, and those of ${plural(moreInDoubt, "further person")}`;
  const named = inDoubt.map(({ person, alerts }) => `${person} (${plural(alerts, "alert")})`).join(", ");
  return html`<p class="doubted">Judge these first, they may be under attack: it covers alerts of ${named}${more}.</p>`;
}

function map({ exits, homes, distanceKm, signIns }: Report): Html {
  const placed = exits.rows.flatMap((row) => (row.at === null ? [] : [{ ...row, at: row.at }]));
  if (placed.length === 0 && signIns.all === null) return html``;
  if (placed.length === 0) {
    return section(
      "Where they came out",
      null,
      html`<p class="empty">No sign-in through an anonymous network has a known place.</p>`,
    );
  }
  const drawn = placed.slice(0, maximumMarks);
  const most = Math.max(...drawn.map((row) => row.signIns), 1);
  const legend = [
    html`<span class="key exit"></span> exits, by sign-ins`,
    ...(homes.length === 0 ? [] : [html`<span class="key home"></span> profile locations`]),
    ...(distanceKm === null ? [] : [html`<span class="key journey"></span> farther than ${number(distanceKm)} km`]),
  ];
  return section(
    "Where they came out",
    html`<span class="legend">${legend.map((each) => html`<span>${each}</span>`)}</span>`,
    html`${drawWorldMap({
      title: "Exits of anonymous networks, and profile locations of the persons behind them",
      exits: drawn.map(({ place, at, signIns, far, alerts, severity, home }) => ({
        ...at,
        title: `${place}: ${plural(signIns, "sign-in")}${far === 0 ? "" : `, ${number(far)} far`}, ${plural(alerts, "alert")}`,
        severity: severity ?? "informational",
        count: 1 + 24 * (signIns / most),
        ...(home === null ? {} : { home }),
      })),
      homes: homes
        .slice(0, maximumMarks)
        .map(({ place, at, persons: people }) => ({ ...at, title: `${place}: home of ${plural(people, "person")}` })),
    })}
${drawTable<ExitRow>({
  caption: "Exits of anonymous networks",
  columns: [
    texts("Exit", ({ place }) => place),
    numbers("Sign-ins", ({ signIns }) => signIns),
    ...(distanceKm === null ? [] : [numbers<ExitRow>("Far", ({ far }) => far)]),
    numbers("Alerts", ({ alerts }) => alerts),
    texts(
      "Severest",
      ({ severity }) => severity,
      ({ severity }) => badge(severity),
    ),
  ],
  rows: exits.rows.slice(0, shownExits),
  more: more(exits, shownExits, "exit"),
})}`,
  );
}

function badge(severity: Report["severities"][number]["severity"] | null): Content {
  return severity === null ? "–" : html`<span class="badge ${severityClass(severity)}">${severity}</span>`;
}

/** What exceeds the rows that are shown. */
function more<Row extends { readonly signIns: number | null }>(
  { rows, more: left, moreSignIns }: Table<Row>,
  shown: number,
  what: string,
) {
  const hidden = rows.slice(shown);
  const count = hidden.length + left;
  const signIns = hidden.reduce((sum, row) => sum + (row.signIns ?? 0), moreSignIns);
  if (count === 0 && signIns === 0) return null;
  return count === 0
    ? `and ${plural(signIns, "sign-in")} of others, which are not listed by name`
    : `and ${plural(count, `further ${what}`)}, with ${plural(signIns, "sign-in")}`;
}

function calendar({ calendar: days }: Report): Html {
  if (days.length === 0) return html``;
  return section(
    "When",
    `Sign-ins through anonymous networks by day${days.every(({ hours }) => hours !== null) ? " and hour" : ""}, and the day's alerts. UTC.`,
    html`<div class="scroll" tabindex="0" role="region" aria-label="Calendar">${drawCalendar(days)}</div>`,
  );
}

function networks({ kinds, operators, signIns: { anonymous } }: Report): Html {
  if (kinds.length === 0) return html``;
  const most = Math.max(anonymous, 1);
  const columns = <Row extends Named>(name: string, nameOf: (row: Row) => string) => [
    texts(name, nameOf),
    numbers<Row>(
      "Sign-ins",
      ({ signIns }) => signIns,
      (signIns) => html`${number(signIns)}${drawBar(signIns / most)}`,
    ),
    numbers<Row>("Persons", ({ persons: people }) => people),
  ];
  return section(
    "Through which networks",
    "One sign-in may have several kinds and operators.",
    html`<div class="columns">${drawTable({
      caption: "Kinds of network",
      columns: columns<Report["kinds"][number]>("Kind", ({ kind }) => kindName(kind)),
      rows: kinds,
      more: null,
    })}${drawTable({
      caption: "Operators",
      columns: columns<Report["operators"]["rows"][number]>("Operator", ({ operator }) => operatorName(operator)),
      rows: operators.rows.slice(0, shownOperators),
      more: more(operators, shownOperators, "operator"),
    })}</div>`,
  );
}

function detections({ detections: rows }: Report): Html {
  if (rows.length === 0) return html``;
  const remedies = rows.flatMap(({ title, remedy, doubt }) => {
    if (remedy !== null) return [drawRemedy(title, remedy)];
    return doubt === null ? [] : [drawDoubt(title, doubt)];
  });
  return section(
    "Detections",
    null,
    html`${drawTable<DetectionRow>({
      caption: "Detections",
      columns: [
        texts("Detection", ({ title }) => title),
        texts(
          "Level",
          ({ level }) => level,
          ({ level }) => badge(level),
        ),
        ...(rows.every(({ matches }) => matches === null)
          ? []
          : [numbers<DetectionRow>("Matches", ({ matches }) => matches)]),
        numbers("Alerts", ({ alerts }) => alerts),
        numbers("Alerts a week", ({ alertsAWeek }) => alertsAWeek, rate),
        numbers("Persons", ({ persons: people }) => people),
      ],
      rows,
      more: null,
    })}
${remedies.length === 0 ? null : html`<h3>What would halve the noisy ones</h3>${remedies}`}`,
  );
}

function drawDoubt(title: string, doubt: Doubt): Html {
  return html`<p class="muted note">${title}: no exception is proposed, as ${describeDoubt(doubt)}.</p>`;
}

function drawRemedy(title: string, remedy: Remedy): Html {
  const what =
    remedy.kind === "exception" ? `an exception for ${describeScope(remedy.scope)}` : `a filter on ${remedy.field}`;
  return html`<details class="remedy"><summary>${title}: ${what} covers ${number(remedy.covers)} of ${plural(remedy.of, "alert")}</summary>
${remedy.kind === "exception" ? html`${drawInDoubt(remedy)}${drawCommand(remedy.command)}` : drawFilter(remedy.yaml)}</details>`;
}

/** A command to paste, broken between its words alone; nothing where it is left out. */
function drawCommand(command: string): Html | null {
  if (command === "") return null;
  return html`<pre>${command.split(" ").map((word, index) => html`${index === 0 ? "" : " "}<span class="word">${word}</span>`)}</pre>`;
}

function drawFilter(yaml: string): Html | null {
  return yaml === "" ? null : html`<pre>${yaml}</pre>`;
}

function thresholds({ thresholds: rows, signIns }: Report): Html {
  if (rows === null && signIns.all === null) return html``;
  if (rows === null) {
    return section(
      "How far is far",
      null,
      html`<p class="empty">Distances need profile locations: <code>--profiles FILE.csv</code> gives them.</p>`,
    );
  }
  return section(
    "How far is far",
    "What another threshold would make of the same events, by a replay with each.",
    drawTable<ThresholdRow>({
      caption: "Thresholds",
      columns: [
        numbers(
          "Threshold",
          ({ km }) => km,
          (km, { isCurrent }) => html`${number(km)} km${isCurrent ? html` <span class="badge">now</span>` : null}`,
        ),
        numbers("Alerts about what is farther", ({ far }) => far),
        numbers("All alerts", ({ alerts }) => alerts),
      ],
      rows,
      more: null,
    }),
    "narrow",
  );
}

function persons({ persons: table, distanceKm }: Report): Html {
  if (table.rows.length === 0) return html``;
  const isFar = ({ far }: PersonRow) => (far ?? 0) > 0;
  const tags = (row: PersonRow) => [
    ...(row.isNew === true ? ["new"] : []),
    ...(row.isUsual ? ["usual"] : []),
    ...(isFar(row) ? ["far"] : []),
  ];
  const isOfAlerts = table.rows.every(({ signIns }) => signIns === null);
  const signInColumns = [
    numbers<PersonRow>("Sign-ins", ({ signIns }) => signIns),
    numbers<PersonRow>("Failed", ({ failed }) => failed),
  ];
  const farColumns = [
    numbers<PersonRow>("Far", ({ far }) => far),
    numbers<PersonRow>(
      "Farthest",
      ({ farthestKm }) => farthestKm,
      (kilometers) => `${number(kilometers)} km`,
    ),
  ];
  return section(
    "Persons",
    isOfAlerts
      ? html`<b>new</b>: no earlier sign-in of the person through an anonymous network was remembered.`
      : html`<b>new</b>: the first such sign-in came in the last seven days. <b>usual</b>: through the same network on several days.${
          distanceKm === null ? null : html` <b>far</b>: over ${number(distanceKm)} km from every profile location.`
        }`,
    drawTable<PersonRow>({
      caption: "Persons",
      columns: [
        texts("Person", ({ person }) => person),
        texts(
          "Is",
          (row) => tags(row).join(" "),
          (row) => tags(row).map((tag) => html`<span class="badge">${tag}</span>`),
        ),
        ...(isOfAlerts ? [] : signInColumns),
        numbers("Alerts", ({ alerts }) => alerts),
        ...(distanceKm === null ? [] : farColumns),
        texts("First", ({ first }) => first),
        texts("Last", ({ last }) => last),
        texts("Through", ({ networks }) => networks.map(networkName).join(", ") || null),
      ],
      rows: table.rows,
      more: more(table, table.rows.length, "person"),
    }),
    "wide",
  );
}

const style = `
body{padding:1.5rem clamp(.75rem,4vw,3rem) 3rem}
header,main,footer{max-width:72rem;margin-inline:auto}
header{margin-bottom:1.25rem}
header h1{font-size:1.6rem}
header p{margin-top:.25rem}
main{display:grid;gap:1.25rem;grid-template-columns:minmax(0,1fr)}
footer{margin-top:1.5rem;font-size:.875rem}
section h2{margin-bottom:.35rem}
section h3{margin-top:1.1rem}
section .note{margin-bottom:.75rem}
section .note:last-child{margin-bottom:0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem 2rem;margin:.5rem 0 0}
.figures dt{font-weight:600}
.figures div{display:grid;align-content:start}
.figures dt{grid-row:2}.figures dd{display:contents}
.figures strong{font-size:2.1rem;line-height:1.15;font-weight:650;font-variant-numeric:tabular-nums}
.figures span{font-size:.875rem;grid-row:3}
.severities{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;padding:0;margin:1rem 0 0}
.ways{width:auto}
.ways th{font-weight:400;color:var(--text);font-size:inherit}
.ways th,.ways td{border:0;padding:.15rem 1rem .15rem 0}
.empty{color:var(--muted);padding:.5rem 0}
.proposals .muted{font-size:.875rem}
.proposals{margin:0;padding:0;list-style:none;display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr))}
.proposals li{border:1px solid var(--line);border-radius:8px;padding:.75rem .9rem;display:grid;grid-template-columns:minmax(0,1fr);gap:.3rem;align-content:start}
.proposals h3{margin:0;overflow-wrap:anywhere}
.proposals strong,.together strong{font-size:1.2rem;font-variant-numeric:tabular-nums}
.proposals .bar{display:block;margin-top:.35rem}
pre{background:var(--sunken);border-radius:6px;padding:.5rem .65rem;margin-top:.35rem}
.together{margin-top:.9rem}
.refused{margin:.35rem 0 0;padding-inline-start:1.1rem}
.refused li,.doubted{overflow-wrap:anywhere}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
.key{display:inline-block;width:.75em;height:.75em;margin-inline-end:.3em;vertical-align:-.05em}
.key.exit{border-radius:50%;background:var(--high)}
.key.home{background:var(--home);transform:rotate(45deg) scale(.85)}
.key.journey{height:0;width:1.5em;border-top:2px dashed var(--high);vertical-align:.25em}
.columns{display:grid;gap:1rem 2.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));align-items:start}
.columns .scroll table{min-width:24rem}
.wide td{white-space:nowrap}
.wide td:first-child,.wide td:last-child{white-space:normal;overflow-wrap:anywhere;min-width:10rem}
.wide td:first-child{min-width:15rem}
.wide th{white-space:nowrap}
.wide .badge{margin-inline-end:.25rem}
.narrow .scroll table{width:auto;min-width:0}
.word{display:inline-block;max-width:100%;white-space:normal;overflow-wrap:anywhere}
.badge.usual{color:var(--muted)}
.remedy{margin-top:.5rem}
.remedy summary{cursor:pointer}
@media print{body{padding:0}main{display:block}.card{margin-bottom:1rem;border-color:#bbb}section.card:has(table){break-inside:auto}
.remedy pre{font-size:8pt}}
`;
