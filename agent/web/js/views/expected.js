// Goods that other stores send here: what comes, since when, and taking it in.

import { el, icon, ICONS, toast, askNumber } from "../dom.js";
import { read } from "../api.js";
import { act } from "../outbox.js";
import { ago, due, orderName, units } from "../words.js";

export function expectedPage() {
  return {
    title: "From other stores",
    on: (kind) => kind === "parcels" || kind === "stock",
    load: async (again) => {
      const { expected } = await read("/v1/expected");
      const here = expected.filter((parcel) => parcel.left_at);
      const later = expected.filter((parcel) => !parcel.left_at);
      return [
        el("div", { class: "stack wide" },
          el("header", { class: "row" },
            el("a", { class: "button icon", href: "#/tasks", "aria-label": "Back to orders" }, icon(ICONS.back)),
            el("div", { class: "grow" }, el("h1", {}, "From other stores"),
              el("p", { class: "small soft" }, "Parts of orders that come together here"))),
          expected.length === 0 && el("div", { class: "empty" },
            el("h2", {}, "Nothing is on its way"),
            el("p", {}, "Parcels of other stores for orders of this one appear here by themselves.")),
          here.length > 0 && section("On the way", here, again),
          later.length > 0 && section("Being made ready there", later, again)),
      ];
    },
  };
}

// What the list of orders says of them, so that nobody has to look for it.
export async function expectedLink() {
  const { expected } = await read("/v1/expected");
  const coming = expected.filter((parcel) => parcel.left_at).length;
  if (expected.length === 0) return null;
  const word = coming === 0 ? "Being made ready at other stores" : coming === 1 ? "1 parcel is on its way here" : `${coming} parcels are on their way here`;
  return el("a", { class: "card", href: "#/expected" },
    el("h3", {}, word), el("p", { class: "small soft" }, "Take them in when they come"));
}

function section(title, parcels, again) {
  return el("section", { class: "stack" }, el("h2", {}, `${title} · ${parcels.length}`), parcels.map((parcel) => card(parcel, again)));
}

function card(parcel, again) {
  const late = due({ status: "", promise_by: parcel.due_by });
  const all = parcel.lines.reduce((sum, line) => sum + line.units, 0);
  return el("section", { class: "card stack" },
    el("div", { class: "row apart" },
      el("h3", {}, `From ${parcel.from}`),
      parcel.late
        ? el("span", { class: "chip wait" }, "Not waited for")
        : parcel.due_by && el("span", { class: `due ${late.tone}` }, late.text.replace("promised", "needed"))),
    el("p", { class: "small soft" },
      parcel.left_at ? `Left ${ago(parcel.left_at)}` : "Not handed over yet",
      " · for order ", el("span", { class: "mono", title: `Parcel ${parcel.parcel}` }, orderName(parcel.order))),
    parcel.late && el("p", { class: "small" }, "The order goes without it. What comes is stock of this store."),
    el("ul", { class: "state" }, parcel.lines.map((line) =>
      el("li", {}, el("div", { class: "taken" },
        el("div", { class: "grow" }, el("b", {}, `${line.units} × `), line.name || line.sku, " ", el("span", { class: "mono small soft" }, line.sku)),
        el("button", { class: "plain", onclick: () => some(parcel, line, again) }, "Only some"))))),
    el("button", { class: "primary wide", onclick: (event) => {
      event.currentTarget.disabled = true;
      return takeIn(parcel, parcel.lines, again);
    } }, `Take in ${units(all)}`));
}

async function some(parcel, line, again) {
  const count = await askNumber({
    title: "How many came?",
    text: `${line.name || line.sku} from ${parcel.from}. What is missing stays expected.`,
    label: "Units that came",
    from: 1,
    to: line.units,
    start: line.units,
    confirm: "Take in",
  });
  if (count) await takeIn(parcel, [{ ...line, units: count }], again);
}

async function takeIn(parcel, lines, again) {
  const movements = lines.map((line) => ({
    kind: "transfer_in", sku: line.sku, quantity: line.units, peer: parcel.from, note: parcel.parcel,
  }));
  try {
    await act("POST", "/v1/movements", { movements });
    toast(`Taken in from ${parcel.from}.`);
  } catch (error) {
    toast(error.hint ? `${error.message}. ${error.hint}` : error.message, true);
  }
  again();
}
