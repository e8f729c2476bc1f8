// Who this handheld is. Kept until it is forgotten here or unpaired at the agent.

const PLACE = "holdfast.device";
const COUNTER = "holdfast.counter";

export function device() {
  try {
    return JSON.parse(localStorage.getItem(PLACE));
  } catch {
    return null;
  }
}

export function remember(paired) {
  localStorage.setItem(PLACE, JSON.stringify(paired));
  localStorage.setItem(COUNTER, "0");
}

export function forget() {
  localStorage.removeItem(PLACE);
  localStorage.removeItem(COUNTER);
}

// `{device}.{generation}.{n}`: given where the intent arises, so a retry is the same fact.
export function freshKey() {
  const me = device();
  const next = Number(localStorage.getItem(COUNTER) || 0) + 1;
  localStorage.setItem(COUNTER, String(next));
  return `${me.device}.${me.generation}.${next}`;
}

export function isManager() {
  return device()?.role === "manager";
}

export function mayPick() {
  return ["picker", "manager"].includes(device()?.role);
}
