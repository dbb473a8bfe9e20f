// What every page needs beside htmx. Pages work without it, with more clicks.
"use strict";

// every request of htmx carries the token of this session
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf"]').content;
});

// whoever is refused hears it, and stands where it is said
function attend(root) {
  const refused = root.querySelector(".refused[tabindex]");
  if (refused) refused.focus();
}
document.addEventListener("DOMContentLoaded", () => attend(document));
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig && event.detail.requestConfig.verb !== "get") attend(event.detail.elt);
});

// an option is chosen letter by letter: what follows from it waits for the end of the word
const WORD = 1000;
let list = null, ends = 0, keyed = -Infinity;
function said() {
  const one = list;
  list = null;
  clearTimeout(ends);
  if (one && one.isConnected) one.dispatchEvent(new Event("change", { bubbles: true }));
}
function hold(one) {
  list = one;
  clearTimeout(ends);
  ends = setTimeout(said, WORD);
}
document.addEventListener("keydown", (event) => {
  if (!(event.target instanceof HTMLSelectElement)) return;
  keyed = event.timeStamp;
  if (list) hold(list);
}, true);
document.addEventListener("change", (event) => {
  if (!event.isTrusted || !(event.target instanceof HTMLSelectElement)) return;
  if (event.timeStamp - keyed > WORD) return;
  event.stopImmediatePropagation();
  hold(event.target);
}, true);
document.addEventListener("focusout", said, true);

// a part comes back while somebody types in it: what was typed since it was asked for stays
let typing = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const here = document.activeElement, asked = event.detail.requestConfig;
  typing = null;
  if (!here || !asked || !event.detail.target.contains(here)) return;
  if (here instanceof HTMLSelectElement && performance.now() - keyed < WORD) {
    // asked for again at the end of the word
    event.detail.shouldSwap = false;
    hold(here);
    return;
  }
  if (!here.id || !here.matches("input:not([type=checkbox], [type=radio], [type=file]), select, textarea")) return;
  const sent = asked.formData ? asked.formData.get(here.name) : null;
  if (sent === here.value) return;
  typing = { id: here.id, value: here.value, start: here.selectionStart, end: here.selectionEnd };
});
document.addEventListener("htmx:afterSwap", () => {
  const again = typing && document.getElementById(typing.id);
  if (again && again.value !== typing.value) {
    again.value = typing.value;
    if (again.setSelectionRange && typeof typing.start === "number") again.setSelectionRange(typing.start, typing.end);
    for (const name of ["input", "change"]) again.dispatchEvent(new Event(name, { bubbles: true }));
  }
  typing = null;
});

// the connection is gone: say so, keep what was typed
document.addEventListener("htmx:sendError", () => {
  const place = document.getElementById("offline") || document.createElement("p");
  place.id = "offline";
  place.className = "refused";
  place.setAttribute("role", "alert");
  place.textContent = "The server does not answer. Nothing that you typed is lost; start cartwheel serve again.";
  document.getElementById("main").prepend(place);
});
document.addEventListener("htmx:afterOnLoad", () => {
  const place = document.getElementById("offline");
  if (place) place.remove();
});

// a form is sent once; a grave deed is asked about
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  if (form.hasAttribute("hx-post") || form.hasAttribute("data-hx-post")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});
// back from the next page: the form may be sent again
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
});

// a file may be dropped where one may be chosen
function dropped(event, over) {
  const zone = event.target instanceof Element ? event.target.closest("[data-drop]") : null;
  if (!zone) return null;
  event.preventDefault();
  zone.classList.toggle("over", over);
  return zone;
}
document.addEventListener("dragover", (event) => dropped(event, true));
document.addEventListener("dragleave", (event) => dropped(event, false));
document.addEventListener("drop", (event) => {
  const zone = dropped(event, false);
  if (!zone) return;
  const input = zone.querySelector('input[type="file"]');
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
