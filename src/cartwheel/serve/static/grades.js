// The chart by day: what is wrong is put beside its row, and its cells are marked.
"use strict";
(() => {
  const form = document.getElementById("days");
  if (!form) return;
  function tell() {
    const told = document.getElementById("told");
    if (!told) return;
    for (const place of form.querySelectorAll(".beside")) {
      const name = place.id.replace(/-wrong$/, "");
      const said = told.querySelector(`[data-of="${CSS.escape(name)}"]`);
      place.replaceChildren(...(said ? [...said.childNodes].map((one) => one.cloneNode(true)) : []));
      const wrong = said ? said.dataset.places.split(" ").map(Number) : [];
      form.querySelectorAll(`[name="${CSS.escape(name)}"]`).forEach((cell, column) => {
        if (wrong.includes(column)) {
          cell.setAttribute("aria-invalid", "true");
          cell.setAttribute("aria-describedby", place.id);
        } else cell.removeAttribute("aria-invalid");
      });
    }
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target && event.detail.target.id === "seen") tell();
  });
  // htmx sends it; the browser must not send the whole form as well
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && button.hasAttribute("hx-post")) event.preventDefault();
  });
  // Enter goes down to the next row of the same day
  form.addEventListener("keydown", (event) => {
    const cell = event.target;
    if (event.key !== "Enter" || !(cell instanceof HTMLInputElement) || cell.type !== "text") return;
    event.preventDefault();
    const here = cell.closest("td");
    if (!here) return;
    const column = [...here.parentElement.children].indexOf(here);
    const rows = [...form.querySelectorAll("table.days tbody tr:not(.part)")].filter((row) => row.offsetParent);
    const next = rows[rows.indexOf(here.parentElement) + (event.shiftKey ? -1 : 1)];
    const field = next && next.children[column].querySelector("input, select");
    if (field) field.focus();
  });
  // htmx would look where the button that was clicked last sends the form
  form.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt !== form) return;
    event.detail.path = form.getAttribute("hx-post");
    event.detail.parameters.delete("do");
  });
})();
