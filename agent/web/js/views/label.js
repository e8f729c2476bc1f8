// The label of a parcel: what became of one that could not be made, and saying that it cannot.

import { el, askChoice } from "../dom.js";
import { ago } from "../words.js";

const SAID = {
  made: { tone: "calm", word: "Label ready" },
  reported: { tone: "wait", word: "Label reported" },
  waits: { tone: "wait", word: "Label: being looked at" },
  another_service: { tone: "calm", word: "Another carrier service" },
  moves: { tone: "wait", word: "Another store takes over" },
  person: { tone: "stop", word: "Label: ask the head office" },
};

export function labelChip(task) {
  const said = SAID[task.label?.status];
  return said ? el("span", { class: `chip ${said.tone}` }, said.word) : null;
}

// Nothing while the label is the one that was planned.
export function labelCard(task) {
  const label = task.label;
  const said = SAID[label?.status];
  if (!said) return null;
  return el("section", { class: `say ${said.tone}` },
    el("h2", {}, label.service && label.status === "another_service" ? `Send it by ${label.service}` : said.word),
    el("p", {}, label.todo),
    label.made?.url?.startsWith("https://")
      ? el("p", {}, el("a", { href: label.made.url, target: "_blank", rel: "noreferrer" }, "Open the label to print it"))
      : "",
    el("ul", { class: "state small" }, label.failed.map((failed) =>
      el("li", {}, `${failed.service ?? "The planned service"}: ${failed.reason}, ${ago(failed.at)}`))));
}

export function reportButton(task, step) {
  if (!task.label?.may_report) return "";
  return el("button", { class: "plain wide", onclick: () => report(task, step) }, "No label for this parcel");
}

async function report(task, step) {
  const service = task.label.service;
  const reason = await askChoice({
    title: `No label${service ? ` from ${service}` : ""}?`,
    text: "Central looks for another service, or gives the order to another store. Keep the parcel until it says so. Without a connection it is told later.",
    choices: ["The label does not print", "The carrier refuses the address", "The parcel is too big or too heavy", "The driver did not take it"],
    confirm: "Report it",
    danger: true,
  });
  if (reason) await step("label-failed", { reason, ...(service ? { service } : {}) });
}
