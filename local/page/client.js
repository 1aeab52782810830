/*
 * The page's script. The server draws every part; this exchanges the parts that changed, and posts forms without leaving the
 * page. Without it the page can be read, and its buttons work.
 */

const page = document.querySelector("[data-version]");
const live = document.getElementById("live");
const announcement = document.getElementById("announcement");

const source = new EventSource(`/_local/page/events?since=${page.dataset.version}&run=${page.dataset.run}`);
source.addEventListener("open", () => show("live"));
source.addEventListener("error", () => show("offline"));
// Another run answers at this address: its page is another one.
source.addEventListener("restarted", () => location.reload());
source.addEventListener("message", ({ data }) => {
  const { fragments, most } = JSON.parse(data);
  for (const fragment of fragments) exchange(fragment, most);
});

/** Says whether the page follows the run. */
function show(state) {
  live.dataset.state = state;
  live.textContent = state;
}

/** Puts a part in the place of its earlier form, or a new one before all others of its list. */
function exchange({ id, list, markup }, most) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  const next = template.content.firstElementChild;
  const old = document.getElementById(id);
  if (old !== null) {
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    if (old instanceof HTMLDetailsElement) next.open = old.open;
    old.replaceWith(next);
    if (focused !== "") document.getElementById(focused)?.focus();
    return;
  }
  const parent = document.getElementById(list);
  if (parent === null) return;
  parent.prepend(next);
  while (parent.childElementCount > most[list]) parent.lastElementChild.remove();
  if (list === "alerts") announce(next);
}

/** Opens a new alert, unless another one is being read, and has a screen reader say it. */
function announce(alert) {
  say(alert.dataset.announcement, false);
  const isReading = document.activeElement?.closest("details.alert") != null;
  if (!isReading) for (const each of document.querySelectorAll("details.alert")) each.open = each === alert;
}

/** Has a screen reader say a text; what a person who clicked has to know is seen too. */
function say(text, isSeen) {
  announcement.className = isSeen ? "notice card" : "unseen";
  announcement.textContent = text;
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  form.setAttribute("aria-busy", "true");
  try {
    // The answer leads back to the page, which is here already.
    const response = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    if (response.type !== "opaqueredirect") say(await response.text(), true);
    else if (announcement.className !== "unseen") say("", false);
  } catch {
    say("The embedded run does not answer.", true);
  }
  form.removeAttribute("aria-busy");
});

// A link to an alert, of the map or a delivery, opens it.
function openTarget() {
  const alert = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(alert instanceof HTMLDetailsElement)) return;
  for (const each of document.querySelectorAll("details.alert")) each.open = each === alert;
  alert.querySelector("summary").focus();
}
addEventListener("hashchange", openTarget);
openTarget();
