// The list of orders: what to do now stands first.

import { el } from "../dom.js";
import { read } from "../api.js";
import { labelChip } from "./label.js";
import { expectedLink } from "./expected.js";
import { STATUS, KIND, byUrgency, due, inOwnTime, orderName, units } from "../words.js";

export function taskList(onCount, isApart) {
  return {
    title: "Orders",
    on: (kind) => kind === "task" || kind === "parcels",
    load: async () => {
      const [tasks, coming] = await Promise.all([everyOpenTask(), expectedLink()]);
      tasks.sort(byUrgency);
      onCount(tasks.length);
      if (tasks.length === 0) {
        return [
          coming && el("div", { class: "stack wide" }, coming),
          el("div", { class: "empty" },
            el("h2", {}, "No open orders"),
            el("p", {}, "New ones appear here by themselves.")),
        ].filter(Boolean);
      }
      const doable = tasks.filter((task) => task.status !== "awaiting_release");
      const held = tasks.filter((task) => task.status === "awaiting_release");
      return [
        el("div", { class: "stack wide" },
          coming,
          doable.length > 0 && section(isApart() ? "At the store's other box" : "Do now", doable),
          held.length > 0 && section("Packed, waiting for release", held)),
      ];
    },
  };
}

async function everyOpenTask() {
  const tasks = [];
  let cursor = "";
  // Bounded: no store has more open work than this on one screen.
  for (let page = 0; page < 10; page += 1) {
    const answer = await read(`/v1/tasks?limit=100${cursor}`);
    tasks.push(...answer.tasks.map((task) => inOwnTime(task)));
    if (!answer.next) break;
    cursor = `&cursor=${encodeURIComponent(answer.next)}`;
  }
  return tasks;
}

function section(title, tasks) {
  return el("section", { class: "stack" }, el("h2", {}, `${title} · ${tasks.length}`), tasks.map(card));
}

function card(task) {
  const status = STATUS[task.status];
  const time = due(task);
  const first = task.lines[0];
  const more = task.lines.length - 1;
  const total = task.lines.reduce((sum, line) => sum + line.quantity, 0);
  return el("a", { class: `card stack ${task.status === "putting_back" ? "urgent" : ""}`, href: `#/tasks/${encodeURIComponent(task.task)}` },
    el("div", { class: "row apart" },
      el("span", { class: `chip ${status.tone}` }, status.word),
      el("span", { class: `due ${time.tone}` }, time.text)),
    el("div", {},
      el("h3", {}, status.todo),
      el("p", {}, first ? (first.name || first.sku) : "", more > 0 ? ` and ${more} more` : "")),
    task.label && el("div", {}, labelChip(task)),
    el("p", { class: "small soft" }, `${KIND[task.kind]} · ${units(total)} · `, el("span", { class: "mono" }, orderName(task.order))));
}
