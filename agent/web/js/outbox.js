// Every act is written down with its key before it is first sent, and sent again with the same key
// until the agent has answered. A double tap, a reload or a lost answer is therefore one act.

import { call, Problem } from "./api.js";
import { device, freshKey } from "./session.js";

const PLACE = "holdfast.outbox";
const LENGTH_MAX = 200;
const WAIT_MS = [500, 1000, 2000, 4000, 8000];

const listeners = new Map();
let running = false;
let misses = 0;

function load() {
  try {
    return JSON.parse(localStorage.getItem(PLACE)) ?? [];
  } catch {
    return [];
  }
}

function store(items) {
  localStorage.setItem(PLACE, JSON.stringify(items));
  window.dispatchEvent(new CustomEvent("outbox", { detail: items.length }));
}

export const waiting = () => load().length;

export function clear() {
  store([]);
}

// The same act, still under way, is joined instead of being sent twice; `each` makes every call an
// act of its own, as two scans of two units are. `parent` says to which order's trace it belongs.
export function act(method, path, body, { each = false, parent } = {}) {
  const items = load();
  const text = JSON.stringify(body ?? {});
  const twin = !each && items.find((item) => item.method === method && item.path === path && item.text === text);
  if (twin) {
    run();
    return answerOf(twin.key);
  }
  if (items.length >= LENGTH_MAX) {
    return Promise.reject(new Error("Too much is waiting to be sent. Reconnect this handheld first."));
  }
  const item = { key: freshKey(), method, path, text, device: device().device, parent };
  store([...items, item]);
  const answer = answerOf(item.key);
  run();
  return answer;
}

function answerOf(key) {
  return new Promise((resolve, reject) => {
    const known = listeners.get(key) ?? [];
    listeners.set(key, [...known, { resolve, reject }]);
  });
}

function settle(key, how, value) {
  store(load().filter((item) => item.key !== key));
  const heard = listeners.get(key) ?? [];
  listeners.delete(key);
  heard.forEach((listener) => listener[how](value));
}

// One at a time and in order: picks follow each other as they were made.
export async function run() {
  if (running) return;
  running = true;
  try {
    for (let item = load()[0]; item; item = load()[0]) {
      if (device()?.device !== item.device) {
        settle(item.key, "reject", new Error("This handheld was paired anew before the act was sent."));
        continue;
      }
      try {
        const answer = await call(item.method, item.path, { body: JSON.parse(item.text), key: item.key, parent: item.parent });
        misses = 0;
        settle(item.key, "resolve", answer);
      } catch (error) {
        if (error instanceof Problem && isFinal(error)) {
          settle(item.key, "reject", error);
          continue;
        }
        const wait = WAIT_MS[Math.min(misses, WAIT_MS.length - 1)];
        misses += 1;
        setTimeout(run, wait * (0.5 + Math.random()));
        return;
      }
    }
  } finally {
    running = false;
  }
}

// A refusal is an answer. Only an overloaded or stopping agent is asked again.
function isFinal(problem) {
  return !(problem.status >= 500 && problem.retryable) && problem.status !== 429;
}

window.addEventListener("online", run);
window.addEventListener("reached", (event) => { if (event.detail) run(); });
