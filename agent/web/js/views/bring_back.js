// Goods that a customer brings back, one article at a time: by the number on the slip, with or without a line to central.

import { el, toast, askChoice, askNumber, askWords } from "../dom.js";
import { read } from "../api.js";
import { act } from "../outbox.js";
import { clock, orderName, units as unitsOf } from "../words.js";

const CONDITIONS = {
  "As new: back on the shelf": "sellable",
  "Damaged: not to be sold": "damaged",
  "Missing: not in the parcel": "missing",
};

// A return that was agreed has a number of its own; any other number is that of the order.
export function slip(number) {
  return /-r\d+$/.test(number) ? { return: number } : { order: number };
}

const HOW = { sellable: "back on the shelf", damaged: "damaged", missing: "missing" };

const number = (back) => back.return ?? back.order;
const line = (back) => `${unitsOf(back.units)}, ${HOW[back.condition]}, at ${clock(back.at)}`;

// What came back today, so that nobody takes the same goods in a second time.
export async function cameBackToday() {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const { brought_back: all } = await read(`/v1/returns?limit=100&since=${encodeURIComponent(midnight.toISOString())}`);
  if (all.length === 0) return null;
  return el("section", { class: "card stack" },
    el("h2", {}, `Came back today · ${all.length}`),
    el("ul", { class: "state" }, all.map((back) =>
      el("li", {}, `${back.name || back.sku}: ${line(back)} `,
        el("span", { class: "mono soft", title: number(back) }, orderName(number(back)))))));
}

// The same article of the same slip within a day: most likely the same goods. Nothing waits for the answer of a box
// that cannot be reached.
async function isMeant(slip, position) {
  let before = [];
  try {
    const { brought_back: all } = await read(`/v1/returns?slip=${encodeURIComponent(slip)}`);
    before = all.filter((back) => back.sku === position.sku);
  } catch {
    return true;
  }
  if (before.length === 0) return true;
  return (await askWords({
    title: "Taken back already?",
    text: `${position.name || position.sku} of this slip: ${before.map(line).join("; ")}. Take back only what came beside that.`,
    fields: [],
    confirm: "This came beside it",
  })) !== null;
}

export async function bringBack(position, again) {
  const name = position.name || position.sku;
  const told = await askWords({
    title: "What comes back?",
    text: `${name}. The number stands on the return slip, or on the receipt of the order.`,
    fields: [{ label: "Number of the return or the order", required: true }],
    confirm: "Next",
  });
  if (!told?.[0] || !(await isMeant(told[0], position))) return;
  const condition = await askChoice({
    title: "How is it?",
    text: `Only what can be sold again is counted as stock. ${name}.`,
    choices: Object.keys(CONDITIONS),
    confirm: "Next",
  });
  if (!condition) return;
  const units = await askNumber({
    title: "How many?",
    text: `${name}. ${condition}.`,
    label: "Units that came back",
    from: 1,
    to: 1000,
    start: 1,
    confirm: "Take back",
  });
  if (!units) return;
  const lines = [{ sku: position.sku, units, condition: CONDITIONS[condition] }];
  try {
    await act("POST", "/v1/returns", { ...slip(told[0]), lines }, { each: true });
    toast("Taken back. The money goes back as soon as it is agreed.");
  } catch (error) {
    toast(error.hint ? `${error.message}. ${error.hint}` : error.message, true);
  }
  again();
}
