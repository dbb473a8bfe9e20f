// Sliders of cut-offs: a slider and its number are one; what runs is told as it goes.
"use strict";

function paired(field) {
  return document.getElementById(field.dataset.pair);
}
document.addEventListener("input", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.dataset.pair) return;
  const other = paired(field);
  if (field.type === "range") {
    // three digits more than the step would be noise
    other.value = String(Number(Number(field.value).toPrecision(4)));
  } else if (field.value.trim() !== "" && Number.isFinite(Number(field.value))) {
    other.value = field.value;
  }
  const range = field.type === "range" ? field : other;
  range.setAttribute("aria-valuetext", `${other.type === "range" ? field.value : other.value} ${range.dataset.unit || ""}`.trim());
}, true);

document.addEventListener("DOMContentLoaded", () => {
  for (const range of document.querySelectorAll("input[type=range][data-pair]")) {
    range.value = paired(range).value;
    range.hidden = false;
  }
  const back = document.getElementById("back-to-found");
  if (back) {
    back.hidden = false;
    back.addEventListener("click", () => {
      for (const field of document.querySelectorAll("input[data-found]")) {
        field.value = field.dataset.found;
        paired(field).value = field.value;
      }
      document.getElementById("sliders").dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
});

// a run that is over is shown on its own page
document.addEventListener("htmx:sseClose", (event) => {
  const over = event.detail && event.detail.type === "message";
  if (over && event.target instanceof Element && event.target.closest("[data-reload]")) window.location.reload();
});

// fields of a time are asked for only where the outcome has one
function times() {
  const chosen = document.querySelector('input[name="kind"]:checked');
  const part = document.getElementById("with-time");
  if (part) part.hidden = !(chosen && chosen.value === "survival");
}
document.addEventListener("change", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.name === "kind") times();
});
document.addEventListener("DOMContentLoaded", times);
