// Builds elements. Text goes in as text nodes only, so nothing that arrives can become markup.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

export const ICONS = {
  orders: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
  stock: "M4 5v14M8 5v14M11 5v14M15 5v14M18 5v14M20 5v14",
  store: "M4 10l1.5-5h13L20 10M4 10a2.7 2.7 0 0 0 5.3 0 2.7 2.7 0 0 0 5.4 0A2.7 2.7 0 0 0 20 10M5.5 13v7h13v-7",
  back: "M15 5l-7 7 7 7",
  done: "M5 13l4.5 4.5L19 7",
};

export function toast(text, bad = false) {
  const home = document.getElementById("toast");
  const note = el("p", { class: bad ? "bad" : "" }, text);
  home.replaceChildren(note);
  setTimeout(() => note.remove(), bad ? 7000 : 3500);
  if (bad && navigator.vibrate) navigator.vibrate([80, 60, 80]);
}

// A question with a number for its answer. Resolves to null when it is closed without one.
export function askNumber({ title, text, label, from, to, start, confirm, danger }) {
  return new Promise((resolve) => {
    const input = el("input", {
      type: "number", inputmode: "numeric", min: from, max: to, step: 1, value: start, "aria-label": label, required: true,
    });
    const step = (by) => {
      const next = Number(input.value || 0) + by;
      input.value = Math.min(to, Math.max(from, next));
    };
    const dialog = el("dialog", { "aria-labelledby": "ask" },
      el("form", { method: "dialog", class: "stack", onsubmit: () => { dialog.returnValue = input.value; } },
        el("h1", { id: "ask" }, title),
        el("p", { class: "soft" }, text),
        el("div", { class: "stepper" },
          el("button", { type: "button", "aria-label": "One less", onclick: () => step(-1) }, "−"),
          input,
          el("button", { type: "button", "aria-label": "One more", onclick: () => step(1) }, "+")),
        el("button", { type: "submit", value: "yes", class: danger ? "stop" : "primary" }, confirm),
        el("button", { type: "button", class: "plain", onclick: () => dialog.close("no") }, "Cancel")));
    dialog.addEventListener("close", () => {
      dialog.remove();
      const answer = Number(input.value);
      const whole = Number.isInteger(answer) && answer >= from && answer <= to;
      resolve(dialog.returnValue !== "no" && dialog.returnValue !== "" && whole ? answer : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    input.select();
  });
}

// Several answers in words. Resolves to null when it is closed without them.
export function askWords({ title, text, fields, confirm }) {
  return new Promise((resolve) => {
    const inputs = fields.map(({ label, ...rest }) =>
      el("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-label": label, placeholder: label, ...rest }));
    const dialog = el("dialog", { "aria-labelledby": "ask" },
      el("form", { method: "dialog", class: "stack" },
        el("h1", { id: "ask" }, title),
        el("p", { class: "soft" }, text),
        inputs,
        el("button", { type: "submit", value: "yes", class: "primary" }, confirm),
        el("button", { type: "button", class: "plain", onclick: () => dialog.close("no") }, "Cancel")));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? inputs.map((input) => input.value.trim()) : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function askChoice({ title, text, choices, confirm, danger }) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { "aria-labelledby": "ask" },
      el("form", { method: "dialog", class: "stack" },
        el("h1", { id: "ask" }, title),
        el("p", { class: "soft" }, text),
        choices.map((choice, index) =>
          el("label", { class: "choice" },
            el("input", { type: "radio", name: "choice", value: choice, checked: index === 0 }), choice)),
        el("button", { type: "submit", value: "yes", class: danger ? "stop" : "primary" }, confirm),
        el("button", { type: "button", class: "plain", onclick: () => dialog.close("no") }, "Cancel")));
    dialog.addEventListener("close", () => {
      const chosen = dialog.querySelector("input:checked");
      dialog.remove();
      resolve(dialog.returnValue === "yes" && chosen ? chosen.value : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
