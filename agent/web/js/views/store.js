// The store itself: what works, what does not, and closing it.

import { el, toast } from "../dom.js";
import { call, read } from "../api.js";
import { act } from "../outbox.js";
import { device, isManager } from "../session.js";
import { ago, clock, secondsAgo } from "../words.js";

const ROLE = { pos: "Till", picker: "Picker", manager: "Manager", tech: "Technician" };

export function storePage(status, leave) {
  return {
    title: "Store",
    on: (kind) => kind === "status",
    load: async (again) => {
      const now = await read("/v1/status");
      const me = device();
      return [
        el("div", { class: "stack wide" },
          el("header", {}, el("h1", {}, now.store_name ?? "This store"), el("p", { class: "small soft" }, now.store ? el("span", { class: "mono" }, now.store) : "Not enrolled")),
          el("section", { class: "card stack" }, el("h2", {}, "How it is"), el("ul", { class: "state" }, lines(now))),
          closure(now, again),
          planned(now, again),
          isManager() && pairOther(),
          el("section", { class: "card stack" },
            el("h2", {}, "This handheld"),
            el("p", {}, me.name ?? me.device, el("span", { class: "soft" }, ` · ${ROLE[me.role] ?? me.role}`)),
            el("button", { onclick: () => confirm("Forget this handheld? It needs a new code afterwards.") && leave() }, "Forget this handheld")),
          el("p", { class: "small soft" }, `Holdfast ${now.version}`)),
      ];
    },
  };
}

function lines(now) {
  const line = (tone, text) => el("li", { class: tone }, text);
  const list = [];
  list.push(now.damaged ? line("bad", "The database is damaged and only read. Call support.") : line("good", "Stock and orders are kept safely on this box"));
  for (const loss of now.losses ?? [])
    if (loss.facts !== 0)
      list.push(line("bad", `The disk lost ${loss.facts == null ? "an unknown number of" : `up to ${loss.facts}`} records, found ${ago(loss.found_at)}${loss.noted ? "; central knows" : ""}`));
  if (now.ballast_held === false) list.push(line("bad", "The disk is nearly full. Call support."));
  if (!now.enrolled) list.push(line("bad", "Not enrolled: it works alone, and receives no orders"));
  else if (now.central.reachable) list.push(line("good", `Connected to central, level ${secondsAgo(now.central.last_sync_s_ago)}`));
  else list.push(line("bad", `Central cannot be reached. Last contact ${secondsAgo(now.central.last_sync_s_ago)}. Work goes on.`));
  if (now.enrolled && now.lease.known) {
    list.push(now.lease.ended
      ? line("", "Central may have given accepted work to other stores")
      : line("", `Central leaves accepted work here until ${clock(Date.now() + now.lease.left_s * 1000)}`));
  }
  if (now.enrolled) list.push(now.broker.connected ? line("good", "Tells central how the store is") : line("bad", "Health signals do not get through at the moment"));
  if (now.clock.wrong) list.push(line("bad", `${now.clock.wrong} Have it set. Work goes on.`));
  list.push(now.unsynced === 0 ? line("good", "Everything is handed on") : line("", `${now.unsynced} ${now.unsynced === 1 ? "record waits" : "records wait"} to be handed on`));
  list.push(line("", `${now.skus} articles, ${now.open_tasks} open orders`));
  return list;
}

// Kept over redraws of the page, as long as it is good.
let offered = null;

// Not an act on stock or orders: a code that nobody uses ends by itself.
function pairOther() {
  const shown = el("div", { "aria-live": "polite", class: "stack" });
  const role = el("select", { name: "role" },
    ["picker", "pos", "manager", "tech"].map((value) => el("option", { value }, ROLE[value])));
  const show = () => {
    if (!offered || Date.parse(offered.expires) < Date.now()) return;
    shown.replaceChildren(
      el("p", { class: "big-code mono" }, offered.code),
      el("p", { class: "small soft" },
        `For a ${ROLE[offered.role].toLowerCase()}. Type it on the new device; good once, until ${clock(offered.expires)}.`));
  };
  const make = async () => {
    try {
      offered = await call("POST", "/v1/pairings", { body: { role: role.value } });
      show();
    } catch (error) {
      toast(error.hint ? `${error.message}. ${error.hint}` : error.message, true);
    }
  };
  show();
  return el("section", { class: "card stack" },
    el("h2", {}, "Pair another device"),
    el("label", { class: "field" }, "It will be used as", role),
    el("button", { onclick: make }, "Make a code"),
    shown);
}

function closure(now, again) {
  const closed = now.closure;
  const send = async (method, body) => {
    try {
      await act(method, "/v1/closure", body);
      toast(method === "PUT" ? "The store is closed for new orders." : "The store is open for orders.");
    } catch (error) {
      toast(error.hint ? `${error.message}. ${error.hint}` : error.message, true);
    }
    again();
  };
  if (closed) {
    return el("section", { class: "card stack" },
      el("h2", {}, "Closed for orders"),
      el("p", {}, `${closed.cause} · by ${closed.author}, since ${clock(closed.since)}${closed.until ? `, until ${clock(closed.until)}` : ""}`),
      isManager() ? el("button", { class: "primary", onclick: () => send("DELETE") }, "Open for orders again") : el("p", { class: "small soft" }, "A manager can open it again."));
  }
  if (!isManager()) return "";
  const form = el("form", { class: "card stack", onsubmit: (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const hours = Number(data.get("hours"));
    const until = hours ? new Date(Date.now() + hours * 3600000).toISOString() : undefined;
    send("PUT", { hard: data.get("how") === "hard", cause: data.get("cause"), ...(until ? { until } : {}) });
  } },
  el("h2", {}, "Close for orders"),
  el("fieldset", {},
    el("label", { class: "choice" }, el("input", { type: "radio", name: "how", value: "soft", checked: true }),
      el("span", {}, "No new orders", el("br"), el("span", { class: "small soft" }, "Open work is finished, pickups go on."))),
    el("label", { class: "choice" }, el("input", { type: "radio", name: "how", value: "hard" }),
      el("span", {}, "Stop all orders", el("br"), el("span", { class: "small soft" }, "Open work moves to other stores.")))),
  el("label", { class: "field" }, "Why",
    el("select", { name: "cause" }, ["staffing", "weather", "outage", "maintenance", "hours"].map((cause) => el("option", { value: cause }, cause[0].toUpperCase() + cause.slice(1))))),
  el("label", { class: "field" }, "For how long",
    el("select", { name: "hours" },
      [["1", "1 hour"], ["2", "2 hours"], ["4", "4 hours"], ["0", "Until someone opens it"]].map(([value, word]) => el("option", { value }, word)))),
  el("button", { class: "stop", type: "submit" }, "Close for orders"));
  return form;
}

// Closures ahead, like maintenance: central keeps orders away from then until then, by itself.
function planned(now, again) {
  const list = now.planned ?? [];
  if (!list.length && !isManager()) return "";
  const send = async (method, path, body, said) => {
    try {
      await act(method, path, body);
      toast(said);
    } catch (error) {
      toast(error.hint ? `${error.message}. ${error.hint}` : error.message, true);
    }
    again();
  };
  const row = (plan) => el("li", {},
    el("p", {}, `${day(plan.from)} to ${day(plan.until)}: ${plan.cause}`, el("span", { class: "small soft" }, ` · ${plan.hard ? "all orders stop" : "no new orders"}, by ${plan.author}`)),
    isManager() && el("button", { class: "plain", onclick: () => send("DELETE", `/v1/planned-closures/${plan.number}`, undefined, "The plan is taken back.") }, "Take it back"));
  const card = el("section", { class: "card stack" }, el("h2", {}, "Planned closures"),
    list.length ? el("ul", { class: "state" }, list.map(row)) : el("p", { class: "small soft" }, "None."));
  if (isManager()) card.append(planForm(send));
  return card;
}

function planForm(send) {
  const form = el("form", { class: "stack", onsubmit: (event) => {
    event.preventDefault();
    const data = new FormData(form);
    // What was typed is the time on the wall here.
    const at = (name) => new Date(data.get(name)).toISOString();
    const body = { hard: data.get("hard") === "on", cause: data.get("cause"), from: at("from"), until: at("until") };
    send("POST", "/v1/planned-closures", body, "The closure is planned.");
  } },
  el("label", { class: "field" }, "From", el("input", { type: "datetime-local", name: "from", required: true })),
  el("label", { class: "field" }, "Until", el("input", { type: "datetime-local", name: "until", required: true })),
  el("label", { class: "field" }, "Why",
    el("select", { name: "cause" }, ["maintenance", "staffing", "weather", "outage", "hours"].map((cause) => el("option", { value: cause }, cause[0].toUpperCase() + cause.slice(1))))),
  el("label", { class: "choice" }, el("input", { type: "checkbox", name: "hard" }),
    el("span", {}, "Stop all orders, and let open work move")),
  el("button", { type: "submit" }, "Plan this closure"));
  return form;
}

const day = (stamp) => new Date(stamp).toLocaleString([], { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
