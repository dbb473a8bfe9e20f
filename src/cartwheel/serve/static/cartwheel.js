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

// a part comes back while somebody fills it in: what was said since it was asked for stays
const FILLED = "input:not([type=hidden], [type=file], [type=submit]), select, textarea";
let kept = [], again = [];
function differs(one, asked) {
  const sent = asked.formData ? asked.formData.getAll(one.name) : [];
  if (one.matches("[type=checkbox], [type=radio]")) return one.checked !== sent.includes(one.value);
  return sent.length > 0 && !sent.includes(one.value);
}
document.addEventListener("htmx:beforeSwap", (event) => {
  const here = document.activeElement, target = event.detail.target, asked = event.detail.requestConfig;
  kept = [];
  again = [];
  if (!here || !asked) return;
  if (target.contains(here) && here instanceof HTMLSelectElement && performance.now() - keyed < WORD) {
    // asked for again at the end of the word
    event.detail.shouldSwap = false;
    hold(here);
    return;
  }
  // what is asked for without the form's fields cannot tell which of them have changed
  const form = asked.elt && asked.verb !== "get" ? asked.elt.closest("form") : null;
  for (const one of target.querySelectorAll(FILLED)) {
    const isTyped = one === here && !one.matches("[type=checkbox], [type=radio]");
    if (!one.id || !isTyped && (!form || one.form !== form)) continue;
    if (!differs(one, asked) && !(isTyped && !asked.formData?.has(one.name))) continue;
    const place = isTyped ? { start: one.selectionStart, end: one.selectionEnd } : {};
    kept.push({ id: one.id, value: one.value, checked: one.checked, ...place });
  }
});
document.addEventListener("htmx:afterSwap", () => {
  for (const said of kept) {
    const one = document.getElementById(said.id);
    if (!one || one.value === said.value && one.checked === said.checked) continue;
    if (one.matches("[type=checkbox], [type=radio]")) one.checked = said.checked;
    else one.value = said.value;
    if (one.setSelectionRange && typeof said.start === "number") one.setSelectionRange(said.start, said.end);
    again.push(one);
  }
  kept = [];
});
// htmx hears of the new part only once it has settled
document.addEventListener("htmx:afterSettle", () => {
  const all = again;
  again = [];
  for (const one of all) for (const name of ["input", "change"]) one.dispatchEvent(new Event(name, { bubbles: true }));
});

// what is wrong with a value is put beside its field as well; an answer that was asked for is looked at
document.addEventListener("htmx:afterSettle", (event) => {
  const answer = event.detail.target;
  if (!answer || answer.id !== "answer") return;
  for (const place of document.querySelectorAll("[data-beside]")) {
    const name = place.dataset.beside, field = document.getElementById(name);
    const said = answer.querySelector(`[data-of="${CSS.escape(name)}"]`);
    if (field) {
      field[said ? "setAttribute" : "removeAttribute"]("aria-invalid", "true");
      const by = [`${name}-hint`, said && `${name}-wrong`].filter((id) => id && (id.endsWith("-wrong") || document.getElementById(id)));
      field[by.length ? "setAttribute" : "removeAttribute"]("aria-describedby", by.join(" "));
    }
    place.replaceChildren();
    if (!said) continue;
    const told = document.createElement("p");
    told.className = "wrong";
    told.id = `${name}-wrong`;
    told.textContent = said.textContent.replace(/^[^:]*: /, "");
    place.append(told);
  }
  const asked = event.detail.requestConfig && event.detail.requestConfig.triggeringEvent;
  if (asked && asked.type === "submit") answer.scrollIntoView({ block: "nearest" });
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
