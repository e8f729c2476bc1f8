// The frame: which screen is shown, the section bar, the banner, and what is live.

import { el, icon, ICONS, toast } from "./dom.js";
import { read, isReached } from "./api.js";
import { device, forget, mayPick } from "./session.js";
import * as outbox from "./outbox.js";
import * as events from "./events.js";
import { pairing } from "./views/pairing.js";
import { taskList } from "./views/tasks.js";
import { taskPage } from "./views/task.js";
import { expectedPage } from "./views/expected.js";
import { stockSearch, stockPage } from "./views/stock.js";
import { storePage } from "./views/store.js";

const main = document.getElementById("main");
const tabs = document.getElementById("tabs");
const banner = document.getElementById("banner");

const live = { status: null, open: null, show: null, turn: 0 };

const SCREENS = [
  [/^#\/tasks$/, () => taskList(onTasks, isApart)],
  [/^#\/tasks\/([^/]+)$/, (task) => taskPage(task, isApart)],
  [/^#\/expected$/, () => expectedPage()],
  [/^#\/stock$/, () => stockSearch()],
  [/^#\/stock\/([^/]+)$/, (sku) => stockPage(sku)],
  [/^#\/store$/, () => storePage(() => live.status, leave)],
];

function screenFor(hash) {
  for (const [pattern, make] of SCREENS) {
    const found = pattern.exec(hash);
    if (found) return make(...found.slice(1).map(decodeURIComponent));
  }
  return null;
}

// Orders are worked at the store's other box.
const isApart = () => Boolean(live.status?.quarantined);

// A screen is `{ title, load() -> nodes, on(kind, data) -> whether to load again }`.
async function show() {
  if (!device()) return showPairing();
  document.body.classList.remove("bare");
  const home = mayPick() ? "#/tasks" : "#/stock";
  const screen = screenFor(location.hash);
  if (!screen) {
    location.replace(home);
    return;
  }
  live.show = screen;
  drawTabs();
  main.replaceChildren(el("p", { class: "lonely soft" }, "Loading…"));
  await load(screen);
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
}

async function load(screen) {
  live.turn += 1;
  const turn = live.turn;
  try {
    const nodes = await screen.load(() => load(screen));
    if (live.show !== screen || turn !== live.turn) return;
    document.title = `${screen.title} · Holdfast`;
    replace(nodes);
  } catch (error) {
    if (live.show !== screen || turn !== live.turn || !device()) return;
    main.replaceChildren(
      el("div", { class: "empty" },
        el("h2", {}, error.message),
        el("p", {}, error.hint ?? "This page comes back by itself as soon as the agent answers."),
        el("button", { onclick: () => load(screen) }, "Try again")));
  }
}

// What is being typed or scanned just now outlives a redraw.
function replace(nodes) {
  const typed = document.activeElement;
  const label = main.contains(typed) && typed.tagName === "INPUT" ? typed.getAttribute("aria-label") : null;
  const text = label ? typed.value : "";
  main.replaceChildren(...nodes);
  const twin = label && [...main.querySelectorAll("input")].find((input) => input.getAttribute("aria-label") === label);
  if (twin) {
    twin.value = text;
    twin.focus();
  }
}

// A form that is being filled in is left alone.
const isFillingIn = () => main.contains(document.activeElement) && document.activeElement.matches("select, input[type=radio]");

function showPairing() {
  events.stop();
  live.show = null;
  tabs.hidden = true;
  document.body.classList.add("bare");
  document.title = "Pair · Holdfast";
  main.replaceChildren(pairing(() => {
    connect();
    if (!location.hash) location.hash = mayPick() ? "#/tasks" : "#/stock";
    show();
  }));
}

function drawTabs() {
  tabs.hidden = false;
  const here = location.hash.split("/")[1];
  const tab = (name, word, shape, count) =>
    el("a", { href: `#/${name}`, "aria-current": (here === "expected" ? "tasks" : here) === name ? "page" : undefined },
      icon(shape),
      el("span", {}, word, count ? el("span", { class: "count" }, String(count)) : null));
  tabs.replaceChildren(
    ...[
      mayPick() && tab("tasks", "Orders", ICONS.orders, live.open),
      tab("stock", "Stock", ICONS.stock),
      tab("store", "Store", ICONS.store),
    ].filter(Boolean));
}

function onTasks(count) {
  live.open = count;
  drawTabs();
}

function drawBanner() {
  const say = (tone, text) => el("p", { class: tone }, text);
  const kept = outbox.waiting();
  const held = kept ? ` ${kept} ${kept === 1 ? "step is" : "steps are"} kept and sent as soon as it answers.` : "";
  const lines = [];
  if (!device()) lines.length = 0;
  else if (!isReached()) lines.push(say("stop", `No connection to this store's agent.${held}`));
  else if (live.status?.damaged) lines.push(say("stop", "The database is damaged, and only read. Call support."));
  else if (live.status?.losses?.some((loss) => !loss.noted && loss.facts !== 0))
    lines.push(say("wait", "The disk of this box lost records. Keep going; call support, and count what moved since the last sync."));
  else if (live.status?.closure) {
    const hard = live.status.closure.hard;
    lines.push(say("wait", hard ? "This store is closed for orders." : "This store takes no new orders; open work goes on."));
  } else if (live.status && live.status.enrolled && live.status.central.reachable === false) {
    lines.push(say("calm", "Working without central. Keep going; it catches up by itself."));
  }
  if (live.status?.quarantined) {
    lines.push(say("stop", "This box takes no orders: another one has the same identity. Selling and counting work. Use the store's other box for orders, and call support."));
  } else if (live.status?.rehydrating) {
    lines.push(say("wait", "This box fetches what it lost. Orders wait a moment; selling and counting work."));
  }
  banner.replaceChildren(...lines);
}

async function refreshStatus() {
  const before = isApart();
  try {
    live.status = await read("/v1/status");
  } catch {
    // The banner says so already.
  }
  drawBanner();
  if (live.show && before !== isApart()) load(live.show);
}

function connect() {
  refreshStatus();
  events.listen((kind, data) => {
    if (kind === "status" || kind === "reload") refreshStatus();
    const screen = live.show;
    if (screen && !isFillingIn() && (kind === "reload" || screen.on?.(kind, data))) load(screen);
  });
  outbox.run();
}

function leave() {
  forget();
  outbox.clear();
  location.hash = "";
  show();
}

window.addEventListener("hashchange", show);
window.addEventListener("reached", (event) => {
  drawBanner();
  if (event.detail) refreshStatus();
});
window.addEventListener("outbox", drawBanner);
window.addEventListener("unpaired", () => {
  toast("This handheld is no longer paired. Ask a manager for a new code.", true);
  show();
});

if (device()) connect();
show();
