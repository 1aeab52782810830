import type { Alert } from "../lambda/core/alerts/alert-schema.ts";
import { storyOf } from "../lambda/core/alerts/story.ts";
import { output as chat } from "../lambda/core/outputs/chat.ts";
import { output as pagerduty } from "../lambda/core/outputs/pagerduty.ts";
import { type Content, type Html, html } from "./html.ts";

/** An alert as its subscribers get it: what the topic bears for e-mail and SMS; the outputs are made of the alert, by their own functions' code. */
export interface DeliveredAlert {
  readonly alert: Alert;
  readonly subject: string;
  readonly email: string;
  readonly sms: string;
}

interface View {
  readonly name: string;
  readonly draw: (delivered: DeliveredAlert) => Html;
}

const views: readonly View[] = [
  { name: "Mail", draw: drawMail },
  { name: "Phone", draw: drawPhone },
  { name: "Slack", draw: (delivered) => drawChat(delivered, "slack", "Amazon Q Developer") },
  { name: "Teams", draw: (delivered) => drawChat(delivered, "teams", "Amazon Q Developer") },
  { name: "PagerDuty", draw: drawPager },
  {
    name: "JSON",
    draw: ({ alert }) => html`<pre class="json">${JSON.stringify(alert, null, 2)}</pre>`,
  },
];

/** The names of the forms, in their order. */
export const viewNames: readonly string[] = views.map(({ name }) => name);

/**
 * All forms of an alert, one shown at a time by a group of radio buttons: it works by keyboard, and without a script. In print
 * all are shown.
 *
 * @param key a name for the group that is its own on the page, of letters, digits and hyphens
 */
export function drawViews(delivered: DeliveredAlert, key: string): Html {
  return html`<fieldset class="views"><legend class="unseen">Show the alert as</legend>
${views.map(
  ({ name }, index) =>
    html`<input class="unseen" type="radio" name="view-${key}" id="view-${key}-${index}" ${index === 0 ? checked : null}><label for="view-${key}-${index}">${name}</label>`,
)}
${views.map(({ name, draw }) => html`<section class="view" tabindex="0" aria-label="${name}"><h4 class="printed">${name}</h4>${draw(delivered)}</section>`)}
</fieldset>`;
}

const checked = html`checked`;

function drawMail(delivered: DeliveredAlert): Html {
  const { subject, email, alert } = delivered;
  return html`<div class="mail"><p class="head"><span class="muted">From</span> AWS Notifications</p>
<p class="head"><span class="muted">Subject</span> <strong>${subject}</strong></p>
<pre>${withLinks(email, alert)}</pre></div>`;
}

/** The lock screen of a phone: subject and first line of the mail, and the SMS. */
function drawPhone({ subject, email, sms }: DeliveredAlert): Html {
  const preview = email.split("\n").slice(0, 4).join(" ");
  const banners = [
    { app: "Mail", title: subject, text: preview },
    { app: "Messages", title: "SMS", text: sms },
  ];
  return html`<div class="phone"><p class="clock" aria-hidden="true">03:12</p>${banners.map(
    ({ app, title, text }) =>
      html`<div class="banner"><p class="app">${app}</p><p class="title">${title}</p><p class="text">${text}</p></div>`,
  )}</div>`;
}

/** The coloured disc that chat programs show for the code at the start of a title. */
const disc = html`<span class="disc" aria-hidden="true">●</span> `;

/** What the chat output publishes: Amazon Q Developer shows it in both programs. */
interface ChatMessage {
  readonly content: { readonly title: string; readonly description: string; readonly nextSteps: readonly string[] };
}

function drawChat({ alert }: DeliveredAlert, program: "slack" | "teams", sender: string): Html {
  const { content } = JSON.parse(chat.render(alert)) as ChatMessage;
  const title = content.title.replace(/^:\w+: /, "");
  return html`<div class="chat ${program}"><p class="sender"><span class="avatar" aria-hidden="true">Q</span><strong>${sender}</strong> <span class="tag">App</span></p>
<div class="card-of-chat"><p class="title">${disc}${title}</p>
${content.description.split("\n").map((line) => html`<p>${withMarkup(line, alert)}</p>`)}
<p class="title">Next steps</p><ol>${content.nextSteps.map((step) => html`<li>${withMarkup(step, alert)}</li>`)}</ol></div></div>`;
}

/** Bold and code of chat programs, as our outputs write them. */
function withMarkup(line: string, alert: Alert): readonly Content[] {
  const [, name, rest = ""] = /^\*([^*]+)\*(?: (.*))?$/s.exec(line) ?? [];
  const text = name === undefined ? line : rest;
  const parts = text
    .split(/(`[^`]+`)/)
    .map((part) =>
      part.startsWith("`") && part.length > 2 ? html`<code>${part.slice(1, -1)}</code>` : withLinks(part, alert),
    );
  return name === undefined ? parts : [html`<strong>${name}</strong> `, ...parts];
}

/** What the PagerDuty output publishes, as far as PagerDuty's page of an incident shows it. */
interface PagerEvent {
  readonly payload: {
    readonly summary: string;
    readonly severity: string;
    readonly source: string;
    readonly component: string;
    readonly class: string;
    readonly custom_details: Readonly<Record<string, unknown>>;
  };
  readonly dedup_key: string;
  readonly links: readonly { readonly href: string; readonly text: string }[];
}

function drawPager({ alert }: DeliveredAlert): Html {
  const { payload, dedup_key, links } = JSON.parse(pagerduty.render(alert)) as PagerEvent;
  const { custom_details: details, summary, ...facts } = payload;
  const rows = Object.entries({ ...facts, dedup_key, ...details }).filter(([, value]) => value !== null);
  return html`<div class="pager"><p class="title">${summary}</p>
<p class="links">${links.map(({ href, text }) => html`${linkTo(href, text)} `)}</p>
<table><caption class="unseen">Details of the PagerDuty event</caption><tbody>${rows.map(
    ([name, value]) => html`<tr><th scope="row">${name.replaceAll("_", " ")}</th><td>${drawValue(value)}</td></tr>`,
  )}</tbody></table></div>`;
}

function drawValue(value: unknown): Content {
  if (Array.isArray(value)) return html`<ul>${value.map((each) => html`<li>${drawValue(each)}</li>`)}</ul>`;
  if (typeof value !== "object" || value === null) return String(value);
  const parts = Object.entries(value).filter(([, each]) => each !== null);
  return parts.map(([name, each], index) => [index === 0 ? "" : ", ", name, ": ", drawValue(each)]);
}

/** Makes links of the alert's own links, and of those to its acts: no other text of it is one, whatever it looks like. */
function withLinks(text: string, alert: Alert): readonly Content[] {
  const ofActs = storyOf(alert)?.acts.map(({ link }) => link) ?? [];
  const all = [...Object.values(alert.links), ...ofActs].filter((link) => link !== null);
  // A link may be the start of another one.
  const ours = [...new Set(all)].sort((a, b) => b.length - a.length);
  let parts: readonly Content[] = [text];
  for (const link of ours) {
    parts = parts.flatMap((part): readonly Content[] =>
      typeof part !== "string"
        ? [part]
        : part.split(link).flatMap((piece, index) => (index === 0 ? [piece] : [linkTo(link, link), piece])),
    );
  }
  return parts;
}

const linkTo = (href: string, text: string) =>
  html`<a href="${href}" target="_blank" rel="noopener noreferrer">${text}</a>`;

/** The style of {@link drawViews}, for a page that shows alerts. */
export const viewsStyle = `
.views{border:0;margin:0;padding:0;min-width:0}
.views>label{display:inline-block;padding:.3rem .7rem;border-radius:6px 6px 0 0;color:var(--muted);cursor:pointer;
font-size:.9rem;border-bottom:2px solid transparent}
.views>label:hover{color:var(--text)}
.views>input:checked+label{color:var(--text);font-weight:600;border-color:var(--accent)}
.views>input:focus-visible+label{outline:2px solid var(--accent);outline-offset:-2px}
.view{display:none;border-top:1px solid var(--line);padding-top:.9rem;margin-top:-1px;overflow-wrap:anywhere}
${views.map((_, index) => `.views>input:nth-of-type(${index + 1}):checked~.view:nth-of-type(${index + 1})`).join(",")}{display:block}
.printed{display:none}
.view a{overflow-wrap:anywhere}
.mail .head{font-size:.9rem}.mail .head span{display:inline-block;min-width:4rem}
.mail pre{margin-top:.7rem;padding-top:.7rem;border-top:1px solid var(--line);font-size:.82rem;line-height:1.55}
.json{font-size:.78rem;background:var(--sunken);border-radius:6px;padding:.7rem}
.phone{max-width:23rem;margin:0 auto;padding:1.1rem .9rem 1.6rem;border-radius:26px;background:#1f2937;color:#f3f4f6}
.phone .clock{font-size:2.6rem;font-weight:300;text-align:center;letter-spacing:.02em;margin-bottom:.8rem}
.banner{background:#f3f4f6;color:#171b21;border-radius:14px;padding:.55rem .8rem;margin-top:.5rem;font-size:.85rem;line-height:1.35}
.banner .app{font-size:.72rem;color:#4b5563;text-transform:uppercase;letter-spacing:.04em}
.banner .title{font-weight:650}
.banner .text{display:-webkit-box;-webkit-line-clamp:4;-webkit-box-orient:vertical;overflow:hidden}
.chat{font-size:.9rem}
.chat .sender{display:flex;gap:.5rem;align-items:center}
.chat .avatar{display:inline-grid;place-items:center;width:1.9rem;height:1.9rem;border-radius:6px;background:#5b3fb5;color:#fff;font-weight:700}
.chat .tag{font-size:.68rem;text-transform:uppercase;background:var(--sunken);color:var(--muted);padding:0 .3rem;border-radius:3px}
.card-of-chat{margin:.4rem 0 0 2.4rem;padding:.1rem 0 .1rem .8rem;border-left:4px solid var(--severity)}
.chat.teams .card-of-chat{margin-left:0;border:1px solid var(--line);border-top:4px solid var(--severity);border-radius:6px;padding:.8rem 1rem}
.chat .disc{color:var(--severity)}
.card-of-chat .title,.pager .title{font-weight:650;margin:.15rem 0 .35rem}
.card-of-chat ol,.pager ul{margin:.2rem 0;padding-inline-start:1.3rem}
.pager .links{margin-bottom:.5rem;display:flex;flex-wrap:wrap;gap:.2rem 1rem}
.pager table{font-size:.86rem}.pager th{width:8rem;text-transform:capitalize}
@media (max-width:30rem){.views>label{padding:.3rem .15rem;font-size:.78rem}.card-of-chat{margin-left:0}.pager th{width:6.5rem;overflow-wrap:normal}}
@media print{.view{display:block;break-inside:avoid}.views>label{display:none}.printed{display:block;margin-bottom:.4rem}}
`;
