// Keeps the page true: when something happens, or a few seconds pass, the part of the page that
// shows state is fetched again. Nothing is kept here that the server does not know.
(() => {
  "use strict";
  const live = document.querySelector(".live");
  const QUIET_MS = 400;
  const TICK_MS = 3000;
  let due = null;
  let loading = false;
  let again = false;

  const busy = () => {
    const at = document.activeElement;
    return at && at.closest("main") && at.matches("input, select, textarea");
  };

  const show = (state, words) => {
    if (!live) return;
    live.dataset.state = state;
    live.textContent = words;
  };

  async function refresh() {
    due = null;
    if (document.hidden || busy()) return;
    if (loading) { again = true; return; }
    loading = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
      if (answer.type === "opaqueredirect") { location.reload(); return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (busy()) return;
      const open = new Map([...document.querySelectorAll("main details[id]")].map((d) => [d.id, d.open]));
      for (const part of ["main", ".bar nav"]) {
        const fresh = page.querySelector(part);
        const shown = document.querySelector(part);
        if (!fresh || !shown) continue;
        fresh.querySelectorAll("details[id]").forEach((d) => { if (open.has(d.id)) d.open = open.get(d.id); });
        // Said once, in answer to a form: it stays until the page is left.
        const said = shown.querySelector(".notice.said");
        if (said) fresh.prepend(said.cloneNode(true));
        if (fresh.innerHTML !== shown.innerHTML) shown.replaceChildren(...fresh.childNodes);
      }
    } catch {
      show("off", "Central does not answer");
    } finally {
      loading = false;
      if (again) { again = false; soon(); }
    }
  }

  const soon = () => { if (due === null) due = setTimeout(refresh, QUIET_MS); };

  if (live) {
    const events = new EventSource("/console/events");
    events.onopen = () => { show("on", "Live"); soon(); };
    events.onerror = () => show("off", "Connection lost");
    events.onmessage = soon;
    setInterval(soon, TICK_MS);
    document.addEventListener("visibilitychange", soon);
  }
})();
