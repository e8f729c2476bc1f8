// One order: what to do now, its lines, and the one next step.

import { el, icon, ICONS, toast, askNumber, askChoice } from "../dom.js";
import { read } from "../api.js";
import { act } from "../outbox.js";
import { STATUS, KIND, OPEN, clock, due, inOwnTime, orderName, units } from "../words.js";

export function taskPage(id) {
  const path = `/v1/tasks/${encodeURIComponent(id)}`;
  const page = { task: null, hit: null, again: () => {} };

  // Every step answers with the task as it then is, so the screen needs no second question.
  const step = async (name, body, how) => {
    try {
      page.task = inOwnTime(await act("POST", `${path}/${name}`, body, how));
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
      return draw(page, step);
    },
  };
}

function draw(page, step) {
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
      task.note && el("div", { class: "card" }, el("h2", {}, "Note"), el("p", {}, task.note)),
      task.status === "picking" && task.lines.some((line) => line.open > 0) && scanner(page, step),
      el("div", { class: "stack" }, task.lines.map((line) => lineCard(page, line, step)))),
    footer(task, step),
  ];
}

function say(task) {
  const open = task.lines.reduce((sum, line) => sum + line.open, 0);
  const box = (tone, title, text) => el("div", { class: `say ${tone}` }, el("h2", {}, title), text && el("p", {}, text));
  switch (task.status) {
    case "putting_back":
      return box("stop", "Stop. Put the goods back.",
        task.recall?.cancel ? `The order was cancelled: ${task.recall.reason}` : `Another store takes over: ${task.recall?.reason ?? ""}`);
    case "awaiting_release":
      return box("wait", "Keep it here. It is not released yet.", task.blocked?.hint);
    case "ready":
      return box("go", "Released. Hand it over.", null);
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

function lineCard(page, line, step) {
  const picking = page.task.status === "picking" && line.open > 0;
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
    awaiting_release: () => [why("Hand over is off until central releases these goods. Nothing is lost by waiting."), off("Hand over")],
    ready: () => [button("hand-over", task.kind === "pickup" ? "Customer has it" : "Handed to the carrier")],
    putting_back: () => [button("put-back", "Goods are back on the shelf", "stop")],
  };
  const made = parts[task.status]?.();
  return made ? el("div", { class: "next" }, made) : "";
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
