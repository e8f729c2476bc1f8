// The words and colours of a task's status, and what a person does about it now.

export const STATUS = {
  offered: { word: "New", tone: "calm", todo: "Accept or decline" },
  accepted: { word: "Accepted", tone: "calm", todo: "Start picking" },
  picking: { word: "Picking", tone: "calm", todo: "Pick the open lines" },
  awaiting_release: { word: "Waiting for release", tone: "wait", todo: "Keep it here until it is released" },
  ready: { word: "Ready", tone: "go", todo: "Hand it over" },
  putting_back: { word: "Stop", tone: "stop", todo: "Put the goods back" },
  handed_over: { word: "Handed over", tone: "done", todo: "Done" },
  declined: { word: "Declined", tone: "done", todo: "Done" },
  put_back: { word: "Put back", tone: "done", todo: "Done" },
};

// What stops goes first, then what can leave, then work under way, then new work.
export const OPEN = ["putting_back", "ready", "picking", "accepted", "offered", "awaiting_release"];

export const KIND = { ship: "Ship", pickup: "Pickup", delivery: "Delivery" };

export function byUrgency(a, b) {
  const rank = (task) => (OPEN.indexOf(task.status) + OPEN.length + 1) % (OPEN.length + 1);
  const due = (task) => Date.parse(task.promise_by ?? task.accept_by) || 0;
  return rank(a) - rank(b) || due(a) - due(b) || a.task.localeCompare(b.task);
}

// The clocks of this handheld and of the box may be wrong: the box says how long is left by the right
// time, and from here on that is counted by this handheld's own.
export function inOwnTime(task, now = Date.now()) {
  const by = (seconds) => (seconds == null ? null : new Date(now + seconds * 1000).toISOString());
  return { ...task, accept_by: by(task.accept_in_s), promise_by: by(task.promise_in_s) };
}

export function due(task, now = Date.now()) {
  const by = task.status === "offered" ? task.accept_by : task.promise_by;
  if (!by) return { text: "No fixed time", tone: "" };
  const minutes = Math.round((Date.parse(by) - now) / 60000);
  const verb = task.status === "offered" ? "answer" : "promised";
  if (minutes < 0) return { text: `${verb} ${span(-minutes)} ago`, tone: "late" };
  return { text: `${verb} in ${span(minutes)}`, tone: minutes < 30 ? "soon" : "" };
}

function span(minutes) {
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d`;
}

// With its day when that is not today.
export function clock(stamp) {
  const at = new Date(stamp);
  const day = at.toDateString() === new Date().toDateString() ? {} : { weekday: "short" };
  return at.toLocaleTimeString([], { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function ago(stamp, now = Date.now()) {
  if (!stamp) return "never";
  const minutes = Math.round((now - Date.parse(stamp)) / 60000);
  return minutes < 1 ? "just now" : `${span(minutes)} ago`;
}

export function secondsAgo(seconds) {
  if (seconds == null) return "never";
  return seconds < 60 ? "just now" : `${span(Math.round(seconds / 60))} ago`;
}

// Long ids are for machines; people call an order by its end.
export function orderName(order) {
  return order.length > 12 ? `…${order.slice(-6)}` : order;
}

export function units(count) {
  return count === 1 ? "1 unit" : `${count} units`;
}
