// The agent's event stream. Read with fetch, because EventSource cannot carry a credential.

import { device } from "./session.js";
import { heard } from "./api.js";

const SILENCE_MS = 45000;
let stream = null;

export function listen(onEvent) {
  stop();
  const own = new AbortController();
  stream = own;
  follow(own, onEvent);
}

export function stop() {
  stream?.abort();
  stream = null;
}

async function follow(own, onEvent) {
  let misses = 0;
  while (!own.signal.aborted && device()) {
    try {
      await once(own, (kind, data) => {
        misses = 0;
        onEvent(kind, data);
      });
    } catch {
      if (own.signal.aborted) return;
      heard(false);
    }
    misses += 1;
    const wait = Math.min(10000, 500 * 2 ** Math.min(misses, 5)) * (0.5 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function once(own, onEvent) {
  const attempt = new AbortController();
  own.signal.addEventListener("abort", () => attempt.abort(), { once: true });
  let watchdog = setTimeout(() => attempt.abort(), SILENCE_MS);
  try {
    const response = await fetch("/v1/events", {
      headers: { authorization: `Bearer ${device().token}`, accept: "text/event-stream" },
      signal: attempt.signal,
      cache: "no-store",
    });
    if (!response.ok) throw new Error(`events: ${response.status}`);
    heard(true);
    onEvent("reload", null);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => attempt.abort(), SILENCE_MS);
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      parts.forEach((part) => dispatch(part, onEvent));
    }
  } finally {
    clearTimeout(watchdog);
    attempt.abort();
  }
}

function dispatch(part, onEvent) {
  let kind = "message";
  let data = "";
  for (const line of part.split("\n")) {
    if (line.startsWith("event:")) kind = line.slice(6).trim();
    if (line.startsWith("data:")) data += line.slice(5).trim();
  }
  if (!data && kind === "message") return;
  let parsed = null;
  try {
    parsed = JSON.parse(data);
  } catch {
    parsed = null;
  }
  onEvent(kind, parsed);
}
