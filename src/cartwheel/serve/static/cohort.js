// A sheet is read as soon as it is dropped or chosen; without this, by the button.
"use strict";

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-send-on-choice]");
  if (form && event.target.type === "file" && event.target.files.length) form.requestSubmit();
});

// days that were opened stay open when the form is written again
let opened = [];
document.addEventListener("htmx:beforeSwap", () => {
  opened = [...document.querySelectorAll("details.day[open]")].map((each) => each.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
});
// a run that was refused led back here
document.addEventListener("htmx:afterSettle", () => {
  const loud = document.querySelector("#refused[tabindex]");
  if (loud && document.activeElement === document.body) loud.focus();
});
