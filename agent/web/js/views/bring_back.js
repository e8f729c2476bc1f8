// Goods that a customer brings back, one article at a time: by the number on the slip, with or without a line to central.

import { toast, askChoice, askNumber, askWords } from "../dom.js";
import { act } from "../outbox.js";

const CONDITIONS = {
  "As new: back on the shelf": "sellable",
  "Damaged: not to be sold": "damaged",
  "Missing: not in the parcel": "missing",
};

// A return that was agreed has a number of its own; any other number is that of the order.
export function slip(number) {
  return /-r\d+$/.test(number) ? { return: number } : { order: number };
}

export async function bringBack(position, again) {
  const name = position.name || position.sku;
  const told = await askWords({
    title: "What comes back?",
    text: `${name}. The number stands on the return slip, or on the receipt of the order.`,
    fields: [{ label: "Number of the return or the order", required: true }],
    confirm: "Next",
  });
  if (!told?.[0]) return;
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
