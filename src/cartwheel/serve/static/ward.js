// The ward's pages: is the server there, points by keyboard, units of what is typed.
"use strict";

// the page says when it last heard; after a silence it says that it may be out of date
const SILENCE = 20000;
let heardAt = Date.now(), heard = "";
function live() {
  const place = document.querySelector("[data-live]"), lost = document.getElementById("lost");
  if (!place || !lost) return;
  const gone = Date.now() - heardAt > SILENCE;
  place.classList.toggle("gone", gone);
  if (gone === lost.hidden) {
    lost.querySelector("[data-lost-at]").textContent = heard || place.dataset.heard;
    lost.hidden = !gone;
  }
  const words = place.querySelector("[data-live-words]");
  const said = gone ? "Not connected." : heard ? `Connected. Last news from the server at ${heard}.` : words.textContent;
  if (words.textContent !== said) words.textContent = said;
}
document.addEventListener("htmx:sseMessage", (event) => {
  heardAt = Date.now();
  if (event.detail.type === "alive") heard = event.detail.data;
  live();
});
document.addEventListener("htmx:sseError", () => {
  heardAt = Math.min(heardAt, Date.now() - SILENCE + 3000);
  setTimeout(live, 3100);
});
document.addEventListener("DOMContentLoaded", () => { heardAt = Date.now(); setInterval(live, 2000); });

// somebody who is writing, or has opened a form, is left alone; it is asked for again afterwards
function busy(target) {
  const here = document.activeElement;
  if (here && target.contains(here) && here.matches("input, select, textarea")) return true;
  return [...target.querySelectorAll("details.acknowledge[open] input")].some((one) => one.value !== "" && one.type === "text");
}
let later = new Set();
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  if (!target || !["waiting", "now"].includes(target.id) || !busy(target)) return;
  event.detail.shouldSwap = false;
  later.add(target);
});
document.addEventListener("focusout", () => setTimeout(() => {
  for (const target of [...later]) {
    if (busy(target)) continue;
    later.delete(target);
    htmx.ajax("GET", target.getAttribute("hx-get"), { target, source: target });
  }
}, 300));
// what was open stays open
let open = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  if (target && target.id === "now") open = [...target.querySelectorAll("details[open] > summary")].map((one) => one.textContent.split(":")[0]);
});
document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  if (!target || target.id !== "now") return;
  for (const one of target.querySelectorAll("details > summary")) if (open.includes(one.textContent.split(":")[0])) one.parentElement.open = true;
  right();
});
// a patient who is new on the page: the whole table is asked for
document.addEventListener("htmx:oobErrorNoTarget", () => {
  const rows = document.getElementById("rows");
  if (rows) htmx.trigger(rows, "refresh");
});

// the time line: the newest is seen first; arrow keys go from value to value
function right() {
  for (const one of document.querySelectorAll("[data-timeline]")) one.scrollLeft = one.scrollWidth;
}
document.addEventListener("DOMContentLoaded", right);
document.addEventListener("keydown", (event) => {
  const mark = event.target.closest && event.target.closest("[data-strip] .mark");
  const way = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
  if (!mark || way === undefined) return;
  const all = [...mark.parentElement.querySelectorAll(".mark")];
  const next = all[Math.min(Math.max(all.indexOf(mark) + way, 0), all.length - 1)];
  event.preventDefault();
  mark.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
});
function read(event) {
  const mark = event.target.closest && event.target.closest("[data-strip] .mark");
  const place = document.getElementById("readout");
  if (mark && place) place.textContent = mark.getAttribute("aria-label");
}
document.addEventListener("focusin", read);
document.addEventListener("mouseover", read);

// typing: units and words that are taken; the time of now, in the ward's own time
function asked(list) {
  const one = list.selectedOptions[0], form = list.form;
  const fill = (place, words) => {
    const options = words.filter(Boolean).map((word) => { const made = document.createElement("option"); made.value = word; return made; });
    form.querySelector(place).replaceChildren(...options);
  };
  const units = (one.dataset.units || "").split("|"), words = (one.dataset.choices || "").split("|");
  fill("[data-units-list]", units);
  fill("[data-values]", words);
  form.querySelector("[data-unit-hint]").textContent = units[0] ? `one of ${units.slice(0, 6).join(", ")}` : one.value ? "none: leave it empty" : "as the laboratory writes it; empty where there is none";
}
document.addEventListener("change", (event) => { if (event.target.matches && event.target.matches("[data-names]")) asked(event.target); });
document.addEventListener("DOMContentLoaded", () => {
  for (const list of document.querySelectorAll("[data-names]")) asked(list);
  for (const button of document.querySelectorAll("[data-now]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const parts = new Intl.DateTimeFormat("en-CA", { timeZone: button.dataset.zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(new Date());
      const of = (name) => parts.find((part) => part.type === name).value;
      document.getElementById(button.dataset.now).value = `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
    });
  }
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
});
