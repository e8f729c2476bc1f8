// Stock: find an article, see what is there, and record a count.

import { el, icon, ICONS, toast, askNumber, askWords } from "../dom.js";
import { read } from "../api.js";
import { act } from "../outbox.js";
import { mayPick } from "../session.js";
import { ago } from "../words.js";
import { bringBack, cameBackToday } from "./bring_back.js";

let lastText = "";

export function stockSearch() {
  const results = el("div", { class: "stack", "aria-live": "polite" });
  const input = el("input", {
    type: "search", placeholder: "Barcode, SKU or name", "aria-label": "Find an article",
    autocomplete: "off", autocapitalize: "off", spellcheck: "false", value: lastText,
  });
  let turn = 0;
  const find = async () => {
    lastText = input.value.trim();
    turn += 1;
    const mine = turn;
    if (!lastText) {
      const back = await cameBackToday().catch(() => null);
      if (mine === turn) results.replaceChildren(...[back, el("p", { class: "lonely soft" }, "Scan a barcode, or type part of a name.")].filter(Boolean));
      return;
    }
    try {
      const { skus } = await read(`/v1/skus?limit=30&q=${encodeURIComponent(lastText)}`);
      if (mine !== turn) return;
      results.replaceChildren(...(skus.length ? skus.map(card) : [el("p", { class: "lonely soft" }, "Nothing found.")]));
    } catch (error) {
      if (mine === turn) results.replaceChildren(el("p", { class: "lonely problem" }, error.message));
    }
  };
  let timer = null;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, 180);
  });
  return {
    title: "Stock",
    on: () => false,
    load: async () => {
      await find();
      const submit = (event) => {
        event.preventDefault();
        find();
      };
      return [el("div", { class: "stack" }, el("h1", {}, "Stock"), el("form", { onsubmit: submit }, input), results)];
    },
  };
}

function card(position) {
  return el("a", { class: "card row apart", href: `#/stock/${encodeURIComponent(position.sku)}` },
    el("div", { class: "grow" },
      el("h3", {}, position.name || position.sku),
      el("p", { class: "small soft mono" }, position.sku)),
    el("span", { class: `chip ${position.available > 0 ? "go" : "done"}` }, position.available > 0 ? `${position.available} free` : "none free"));
}

export function stockPage(sku) {
  return {
    title: sku,
    on: (kind, data) => kind === "stock" && (data?.skus ?? []).includes(sku),
    load: async (again) => {
      const position = await read(`/v1/skus/${encodeURIComponent(sku)}`);
      const fact = (word, value) => el("div", {}, el("dt", {}, word), el("dd", {}, String(value)));
      return [
        el("div", { class: "stack" },
          el("header", { class: "row" },
            el("a", { class: "button icon", href: "#/stock", "aria-label": "Back to stock" }, icon(ICONS.back)),
            el("div", { class: "grow" },
              el("h1", {}, position.name || position.sku),
              el("p", { class: "small soft mono" }, position.sku))),
          el("dl", { class: "facts" },
            fact("In store", position.on_hand), fact("For orders", position.reserved), fact("Free to sell", position.available)),
          position.barcode && el("p", { class: "small soft" }, "Barcode ", el("span", { class: "mono" }, position.barcode)),
          el("p", { class: "small soft" },
            position.counted_at ? `Last counted ${ago(position.counted_at)}` : "Never counted"),
          mayPick() && el("button", { class: "primary wide", onclick: () => count(position, again) }, "Count the shelf"),
          mayPick() && el("button", { class: "wide", onclick: () => came(position, again) }, "A parcel of another store came"),
          el("button", { class: "wide", onclick: () => bringBack(position, again) }, "A customer brings it back")),
      ];
    },
  };
}

async function record(movement, said, again) {
  try {
    await act("POST", "/v1/movements", { movements: [movement] });
    toast(said);
  } catch (error) {
    toast(error.hint ? `${error.message}. ${error.hint}` : error.message, true);
  }
  again();
}

// What another store sent. Central knows by the store, and by the number, which order waits for it.
async function came(position, again) {
  const told = await askWords({
    title: "Which parcel came?",
    text: `${position.name || position.sku}. The sender and the number stand on the parcel.`,
    fields: [{ label: "Store that sent it", required: true }, { label: "Number on the parcel" }],
    confirm: "Next",
  });
  if (!told) return;
  const [peer, number] = told;
  const units = await askNumber({
    title: "How many are in it?",
    text: `${position.name || position.sku} from ${peer}.`,
    label: "Units in the parcel",
    from: 1,
    to: 1000000,
    start: 1,
    confirm: "Take them in",
  });
  if (units === null) return;
  const note = number ? { note: number } : {};
  await record({ kind: "transfer_in", sku: position.sku, quantity: units, peer, ...note }, "Taken in.", again);
}

async function count(position, again) {
  const found = await askNumber({
    title: "How many are in the store?",
    text: `${position.name || position.sku}. Count everything, also what is picked and not yet handed over.`,
    label: "Units found",
    from: 0,
    to: 1000000,
    start: Math.max(0, position.on_hand),
    confirm: "Record this count",
  });
  if (found === null) return;
  await record({ kind: "count", sku: position.sku, quantity: found }, "Count recorded.", again);
}
