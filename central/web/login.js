// Takes the key out of an address like /console/login#key=..., as the demo prints it. What stands
// after the # is never sent to a server, and is taken off the address at once.
(() => {
  "use strict";
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return;
  history.replaceState(null, "", location.pathname);
  const field = document.getElementById("key");
  field.value = key;
  field.form.submit();
})();
