// One order: what to do now, its lines, and the one next step.

import { el, icon, ICONS, toast, askNumber, askChoice } from "../dom.js";
import { read } from "../api.js";
import { act } from "../outbox.js";
import { isManager } from "../session.js";
import { labelCard, reportButton } from "./label.js";
import { STATUS, KIND, OPEN, ago, clock, due, inOwnTime, orderName, units } from "../words.js";

export function taskPage(id, isApart) {
  const path = `/v1/tasks/${encodeURIComponent(id)}`;
  const page = { task: null, hit: null, again: () => {} };

  // Every step answers with the task as it then is, so the screen needs no second question.
  const step = async (name, body, how) => {
    try {
      page.task = inOwnTime(await act("POST", `${path}/${name}`, body, { ...how, parent: page.task?.traceparent }));
      page.fresh = true;
      page.again();
      return true;
    } catch (error) {
      toast(error.hint ? `${error.message}. ${error.hint}` : error.message, true);
      page.fresh = false;
      page.again();
      return false;
    }
  };

  return {
    title: "Order",
    on: (kind, data) => kind === "task" && data?.task === id,
    load: async (again) => {
      page.again = again;
      if (!page.fresh) page.task = inOwnTime(await read(path));
      page.fresh = false;
      return draw(page, step, isApart());
    },
  };
}

function draw(page, step, apart) {
  const task = page.task;
  const status = STATUS[task.status];
  const time = due(task);
  return [
    el("div", { class: "stack" },
      el("header", { class: "row" },
        el("a", { class: "button icon", href: "#/tasks", "aria-label": "Back to orders" }, icon(ICONS.back)),
        el("div", { class: "grow" },
          el("h1", { class: "mono", title: task.order }, orderName(task.order)),
          el("p", { class: "small soft" },
            `${KIND[task.kind]}${task.promise_by ? ` · promised by ${clock(task.promise_by)}` : ""}`))),
      el("div", { class: "row apart" },
        el("span", { class: `chip ${status.tone}` }, status.word),
        OPEN.includes(task.status) && el("span", { class: `due ${time.tone}` }, time.text)),
      say(task),
      labelCard(task),
      task.to_put_back.length > 0 && putBackList(task.to_put_back),
      task.lease && el("p", { class: "small soft" }, leaseWords(task.lease)),
      task.note && el("div", { class: "card" }, el("h2", {}, "Note"), el("p", {}, task.note)),
      !apart && task.status === "picking" && task.lines.some((line) => line.open > 0) && scanner(page, step),
      el("div", { class: "stack" }, task.lines.map((line) => lineCard(page, line, step, apart)))),
    apart ? elsewhere(task) : footer(task, step),
  ];
}

function say(task) {
  const open = task.lines.reduce((sum, line) => sum + line.open, 0);
  const box = (tone, title, text) => el("div", { class: `say ${tone}` }, el("h2", {}, title), text && el("p", {}, text));
  switch (task.status) {
    case "putting_back":
      return box("stop", "Stop. Put the goods back.",
        (task.recall?.cancel ? `The order was cancelled: ${task.recall.reason}.` : `Another store takes over: ${task.recall?.reason ?? ""}.`)
        + (task.to_put_back.length > 0 ? "" : " Nothing of it was picked yet, so nothing has to be carried."));
    case "awaiting_release":
      return box("wait", "Keep it here. It is not released yet.", waitingWords(task));
    case "ready":
      return task.let_go
        ? box("go", "Let go by a manager. Hand it over.", `Without a release: ${task.let_go}`)
        : box("go", "Released. Hand it over.", null);
    case "picking":
      return open > 0 ? box("calm", `Pick ${units(open)}`, "Scan each item, or tap Pick.") : box("go", "All lines done. Pack it.", null);
    case "accepted":
      return box("calm", "Yours. Start picking.", null);
    case "offered":
      return box("calm", "New order", `Answer by ${clock(task.accept_by)}, or it goes to another store.`);
    case "declined":
      return box("done", "Declined", task.decline_reason);
    case "handed_over":
      return box("done", "Handed over", "Nothing more to do.");
    default:
      return box("done", "Put back", "Nothing more to do.");
  }
}

function waitingWords(task) {
  const waited = task.waiting?.since ? ago(task.waiting.since) : "just now";
  const since = waited === "just now" ? "" : `Waiting for ${waited.replace(/ ago$/, "")}. `;
  return task.waiting?.central_reachable === false
    ? `${since}Central cannot be reached, so it cannot release the goods. Keep them; it goes on by itself when the line is back.`
    : `${since}${task.blocked?.hint ?? ""}`;
}

// Until when the work done here is surely not for nothing.
function leaseWords(lease) {
  if (!lease.known) return "It is not known until when central leaves this work here; the next contact tells.";
  return lease.ended
    ? "Central has not heard of this store for a while and may give this work to another one. Go on; you are told if it did."
    : `Central leaves this work here until ${clock(Date.now() + lease.left_s * 1000)}, also without contact.`;
}

function putBackList(lines) {
  return el("section", { class: "card stack" },
    el("h2", {}, "Back on the shelf"),
    el("ul", { class: "state" }, lines.map((line) =>
      el("li", {}, el("div", {},
        el("b", {}, `${line.quantity} × `), line.name || line.sku, " ", el("span", { class: "mono small soft" }, line.sku))))));
}

async function letGo(step) {
  const reason = await askChoice({
    title: "Let it go without a release?",
    text: "Another store may have been given this order. You answer for it: central is told your reason and tries to stop the other parcel.",
    choices: ["The driver cannot wait", "The customer is here", "The goods spoil"],
    confirm: "Let it go",
    danger: true,
  });
  if (reason) await step("let-go", { reason });
}

function scanner(page, step) {
  const input = el("input", {
    placeholder: "Scan or type barcode or SKU", "aria-label": "Barcode or SKU", autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "done",
  });
  const scan = async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    const same = (value) => value && value.toLowerCase() === text.toLowerCase();
    const matching = page.task.lines.filter((line) => same(line.barcode) || same(line.sku));
    const line = matching.find((candidate) => candidate.open > 0);
    if (!line) {
      toast(matching.length ? "This line is already complete." : `${text} is not in this order.`, true);
      return;
    }
    page.hit = line.line;
    await step("pick", { line: line.line, quantity: 1 }, { each: true });
    document.querySelector("form.scan input")?.focus();
  };
  return el("form", { class: "scan", onsubmit: scan }, input);
}

function lineCard(page, line, step, apart) {
  const picking = !apart && page.task.status === "picking" && line.open > 0;
  const finished = page.task.status === "picking" && line.open === 0;
  const shown = picking ? line.open : line.quantity;
  const done = [
    line.picked > 0 && `${line.picked} of ${line.quantity} picked`,
    line.short > 0 && `${line.short} short`,
  ].filter(Boolean).join(" · ");
  return el("section", { class: `card pick ${page.hit === line.line ? "hit" : ""} ${finished ? "closed" : ""}` },
    el("div", { class: "units" },
      finished ? icon(ICONS.done) : el("b", {}, String(shown)),
      el("span", {}, finished ? "done" : picking ? "to pick" : shown === 1 ? "unit" : "units")),
    el("div", {},
      el("h3", {}, line.name || line.sku),
      el("p", { class: "mono" }, line.sku),
      line.barcode && el("p", { class: "small soft mono" }, line.barcode),
      done && el("p", { class: "small soft" }, done)),
    picking && el("div", { class: "acts" },
      el("button", { class: "primary", onclick: (event) => once(event, () => {
        page.hit = line.line;
        return step("pick", { line: line.line, quantity: line.open });
      }) }, line.open === 1 ? "Pick" : `Pick all ${line.open}`),
      el("button", { onclick: (event) => once(event, () => short(line, step)) }, "Short")));
}

async function short(line, step) {
  const missing = await askNumber({
    title: "How many are missing?",
    text: `${line.name || line.sku}. Missing units are taken off the stock, and the order is planned anew for them.`,
    label: "Missing units",
    from: 1,
    to: line.open,
    start: line.open,
    confirm: "Record as missing",
    danger: true,
  });
  if (missing) await step("short", { line: line.line, missing });
}

async function decline(step) {
  const reason = await askChoice({
    title: "Why decline?",
    text: "The order goes to another store at once.",
    choices: ["Not enough staff", "Goods not found", "Goods damaged", "Closing soon"],
    confirm: "Decline order",
    danger: true,
  });
  if (reason) await step("decline", { reason });
}

function elsewhere(task) {
  if (!OPEN.includes(task.status)) return "";
  return el("div", { class: "next" },
    el("p", { class: "why" }, "Do this order at the store's other box: this one has the same identity, and may not know what was done there."));
}

function footer(task, step) {
  const can = (name) => task.next.includes(name);
  const button = (name, word, look = "primary", body = {}) =>
    el("button", { class: `${look} wide`, onclick: (event) => once(event, () => step(name, body)) }, word);
  const off = (word) => el("button", { class: "wide", disabled: true, "aria-describedby": "why" }, word);
  const why = (text) => el("p", { class: "why", id: "why" }, text);
  const parts = {
    offered: () => [el("div", { class: "pair" },
      el("button", { onclick: (event) => once(event, () => decline(step)) }, "Decline"), button("accept", "Accept"))],
    accepted: () => [el("div", { class: "pair" },
      el("button", { onclick: (event) => once(event, () => decline(step)) }, "Decline"), button("start-picking", "Start picking"))],
    picking: () => (can("pack")
      ? [button("pack", "Mark as packed")]
      : can("put-back") ? [button("put-back", "Close it: nothing was found", "stop")]
      : [why("Pick every line, or record it as short, then pack."), off("Mark as packed")]),
    awaiting_release: () => [why("Hand over is off until central releases these goods. Nothing is lost by waiting."), off("Hand over"),
      can("let-go") && isManager()
        ? el("button", { class: "plain wide", onclick: (event) => once(event, () => letGo(step)) }, "Let it go without a release")
        : ""],
    ready: () => [button("hand-over", task.kind === "pickup" ? "Customer has it" : "Handed to the carrier")],
    putting_back: () => [button("put-back", "Goods are back on the shelf", "stop")],
  };
  const made = parts[task.status]?.();
  return made ? el("div", { class: "next" }, made, reportButton(task, step)) : "";
}

// Dead while it works, so that a second tap does nothing; the key makes it harmless anyway.
async function once(event, work) {
  const button = event.currentTarget;
  if (button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}
