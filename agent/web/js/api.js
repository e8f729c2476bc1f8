// Reads from the agent. What changes something goes through the outbox instead.

import { device, forget } from "./session.js";

export class Problem extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || "The request failed");
    this.code = problem.code;
    this.status = problem.status;
    this.hint = problem.hint;
    this.retryable = problem.retryable;
  }
}

// The agent did not answer at all.
export class Unreachable extends Error {}

const WAIT_MS = 15000;

export async function call(method, path, { body, key, parent } = {}) {
  const headers = { accept: "application/json" };
  const me = device();
  if (me) headers.authorization = `Bearer ${me.token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key) headers["idempotency-key"] = key;
  if (parent) headers.traceparent = parent;
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(WAIT_MS),
      cache: "no-store",
    });
  } catch {
    heard(false);
    throw new Unreachable("The store's agent does not answer");
  }
  heard(true);
  const text = await response.text().catch(() => "");
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = null;
  }
  if (response.ok) return answer;
  if (response.status === 401 && me) {
    forget();
    window.dispatchEvent(new Event("unpaired"));
  }
  throw new Problem(answer ?? { title: response.statusText, status: response.status });
}

export const read = (path) => call("GET", path);

// Whether the agent answers; told as an event when it changes.
let reached = true;

export function heard(yes) {
  if (reached === yes) return;
  reached = yes;
  window.dispatchEvent(new CustomEvent("reached", { detail: yes }));
}

export const isReached = () => reached;
