// The first screen: a code from the manager, and a name for this handheld.

import { el } from "../dom.js";
import { call } from "../api.js";
import { remember } from "../session.js";

export function pairing(onPaired) {
  const code = el("input", {
    class: "code mono", name: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
    placeholder: "XXXX-XXXX", maxlength: 9, required: true, "aria-describedby": "where",
  });
  const name = el("input", { name: "name", autocomplete: "off", placeholder: "Front handheld", maxlength: 64, required: true });
  const problem = el("p", { class: "problem", role: "alert" });
  const go = el("button", { type: "submit", class: "primary wide" }, "Pair this handheld");

  code.addEventListener("input", () => {
    const plain = code.value.toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, 8);
    code.value = plain.length > 4 ? `${plain.slice(0, 4)}-${plain.slice(4)}` : plain;
  });

  const submit = async (event) => {
    event.preventDefault();
    go.setAttribute("aria-busy", "true");
    go.disabled = true;
    problem.textContent = "";
    try {
      const paired = await call("POST", "/v1/pair", { body: { code: code.value, name: name.value.trim() } });
      remember(paired);
      onPaired();
    } catch (error) {
      problem.textContent = error.hint ? `${error.message}. ${error.hint}` : error.message;
    } finally {
      go.removeAttribute("aria-busy");
      go.disabled = false;
    }
  };

  const form = el("form", { class: "stack", onsubmit: submit },
    el("label", { class: "field" }, "Code", code),
    el("label", { class: "field" }, "Name of this handheld", name),
    problem,
    go);

  // An address that carries the code pairs by itself. The part after # never leaves the browser.
  const offered = /^#pair=([A-Z0-9-]{8,9})$/i.exec(location.hash);
  if (offered) {
    history.replaceState(null, "", location.pathname);
    code.value = offered[1].toUpperCase();
    name.value = "Browser";
    queueMicrotask(() => form.requestSubmit());
  }

  return el("div", { class: "hello" },
    el("div", { class: "stack" },
      el("img", { src: "/icon.svg", alt: "" }),
      el("h1", {}, "Pair this handheld"),
      el("p", { class: "soft", id: "where" },
        "Ask a manager for a code, or run ", el("code", {}, "holdfast-agent pair"), " on the store's box.")),
    form);
}
