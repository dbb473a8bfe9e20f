// The table of studies: rows by keyboard, paste as from a sheet, what is said put beside each row.
"use strict";
(() => {
  const form = document.getElementById("studies");
  if (!form) return;
  const KEPT = "cartwheel-pool-table";
  const grid = () => document.getElementById("grid");
  const rows = () => [...grid().querySelectorAll("tbody tr")];
  const cells = (row) => [...row.querySelectorAll('input[name="cell"]')];
  const look = () => htmx.trigger(form, "look");

  // a cell of the table as text of a sheet
  const quoted = (text) => (/["\t\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text);
  function asText() {
    const head = [...grid().querySelectorAll('input[name="column"]')].map((one) => quoted(one.value));
    const filled = rows().map((row) => cells(row).map((one) => quoted(one.value)))
      .filter((row) => row.some((cell) => cell.trim()));
    return filled.length ? [head, ...filled].map((row) => row.join("\t")).join("\n") : "";
  }
  function keep() {
    try { sessionStorage.setItem(KEPT, asText()); } catch { /* a browser that keeps nothing */ }
  }

  function paste(text, at) {
    htmx.ajax("POST", "/pool/table", { source: grid(), target: "#grid", swap: "outerHTML", values: { do: "paste", pasted: text, at } });
  }
  function addRow() {
    const all = rows();
    const last = all[all.length - 1];
    const row = last.cloneNode(true);
    const most = Math.max(0, ...all.map((one) => Number((/^r(\d+)$/.exec(one.dataset.row) || [0, 0])[1])));
    const key = "r" + (most + 1);
    row.dataset.row = key;
    row.className = "";
    row.querySelector('input[name="row"]').value = key;
    row.querySelector("td.said").id = "said-" + key;
    row.querySelector("td.said").textContent = "";
    const button = row.querySelector("button.remove");
    button.value = "remove:" + key;
    last.after(row);
    for (const cell of cells(row)) {
      cell.value = "";
      cell.removeAttribute("value");
      mark(cell, false);
    }
    number();
    return row;
  }
  // what is heard of a cell names its row
  function number() {
    const heads = [...grid().querySelectorAll('input[name="column"]')].map((one) => one.value);
    rows().forEach((row, place) => {
      cells(row).forEach((cell, column) => cell.setAttribute("aria-label", `${heads[column] || "column " + (column + 1)}, row ${place + 1}`));
      row.querySelector("button.remove").setAttribute("aria-label", `Remove row ${place + 1}`);
    });
  }
  function removeRow(row) {
    const all = rows();
    const place = all.indexOf(row);
    const column = cells(row).indexOf(document.activeElement);
    if (all.length === 1) addRow();
    row.remove();
    number();
    const left = rows();
    const next = cells(left[Math.min(place, left.length - 1)]);
    next[Math.max(0, column)].focus();
    look();
  }
  function mark(cell, wrong, by) {
    if (wrong) {
      cell.setAttribute("aria-invalid", "true");
      cell.setAttribute("aria-describedby", by);
    } else {
      cell.removeAttribute("aria-invalid");
      cell.removeAttribute("aria-describedby");
    }
  }

  // what the server says of rows and columns goes beside them
  function tell() {
    const told = document.getElementById("told");
    if (!told) return;
    for (const mean of told.querySelectorAll("[data-column]")) {
      const place = document.getElementById("means-" + mean.dataset.column);
      if (place) place.textContent = mean.textContent;
    }
    for (const row of rows()) {
      const said = told.querySelector(`[data-of="${row.dataset.row}"]`);
      const place = row.querySelector("td.said");
      row.className = said && said.dataset.state === "wrong" ? "wrong" : "";
      place.replaceChildren(...(said ? [...said.childNodes].map((one) => one.cloneNode(true)) : []));
      const wrong = said && said.dataset.cells ? said.dataset.cells.split(" ").map(Number) : [];
      const inputs = cells(row);
      inputs.forEach((cell, column) => mark(cell, wrong.includes(column), place.id));
      if (said && said.dataset.written && !row.contains(document.activeElement)) divide(inputs, JSON.parse(said.dataset.written));
    }
  }
  // "1.85 (1.20-2.85)" is written into its columns once the row is left
  function divide(inputs, written) {
    for (const [column, text] of Object.entries(written)) {
      if (inputs[column]) inputs[column].value = text;
    }
  }

  form.addEventListener("keydown", (event) => {
    const cell = event.target;
    if (!(cell instanceof HTMLInputElement) || !grid().contains(cell)) return;
    if (cell.name === "column" && event.key === "Enter") event.preventDefault();
    if (cell.name !== "cell") return;
    const row = cell.closest("tr");
    if (event.key === "Enter") {
      event.preventDefault();
      const all = rows();
      const place = all.indexOf(row) + (event.shiftKey ? -1 : 1);
      const next = place >= all.length ? addRow() : all[Math.max(0, place)];
      cells(next)[cells(row).indexOf(cell)].focus();
    } else if (event.key === "Delete" && event.ctrlKey) {
      event.preventDefault();
      removeRow(row);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.altKey) {
      const next = rows()[rows().indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) {
        event.preventDefault();
        cells(next)[cells(row).indexOf(cell)].focus();
      }
    }
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    // htmx sends it; the browser must not send the whole form as well
    if (button.hasAttribute("hx-post")) event.preventDefault();
    if (button.matches(".remove")) {
      event.preventDefault();
      removeRow(button.closest("tr"));
    }
  });
  form.addEventListener("paste", (event) => {
    const cell = event.target;
    if (!(cell instanceof HTMLInputElement) || cell.name !== "cell" && cell.name !== "column") return;
    const text = event.clipboardData.getData("text/plain");
    if (!/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    const row = cell.closest("tr");
    const column = cell.name === "cell" ? cells(row).indexOf(cell) : 0;
    paste(text, cell.name === "cell" ? `${row.dataset.row},${column}` : "");
  });
  // a row that is left is divided at once
  form.addEventListener("focusout", () => setTimeout(tell, 0));

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "seen" || event.detail.target && event.detail.target.id === "seen") {
      tell();
      keep();
      // a file that is still being read is asked for again
      if (document.querySelector("#seen [data-again]")) setTimeout(look, 1500);
    }
    // taken: what was refused before is over, and another may be chosen
    if (event.detail.target && event.detail.target.id === "file-list") {
      document.getElementById("file-said").replaceChildren();
      document.getElementById("file").value = "";
    }
    if (event.detail.target && event.detail.target.id === "grid" || event.target.id === "grid") {
      const pasted = document.getElementById("pasted");
      const asked = event.detail.requestConfig && event.detail.requestConfig.triggeringEvent;
      const button = asked && asked.submitter || asked && asked.target;
      if (button && button.dataset && button.dataset.clears) pasted.value = "";
      columns();
      keep();
    }
  });
  // columns that there are, to choose from
  function columns() {
    const names = [...grid().querySelectorAll('input[name="column"]')].map((one) => one.value).filter(Boolean);
    document.getElementById("columns").replaceChildren(...names.map((name) => new Option(name, name)));
    const note = document.getElementById("example-note");
    if (note && !asText()) note.remove();
  }
  // files stand beside the form, and not within it
  document.getElementById("file-list").addEventListener("change", look);
  form.addEventListener("change", (event) => {
    if (event.target.name === "column") {
      columns();
      number();
    }
  });

  // back from the report, or a page loaded again: the table is put back
  document.addEventListener("DOMContentLoaded", () => {
    let kept = "";
    try { kept = sessionStorage.getItem(KEPT) || ""; } catch { /* a browser that keeps nothing */ }
    if ("fresh" in form.dataset && !asText() && kept) paste(kept, "");
    else if (asText() || document.querySelector('input[name="file"]:checked')) look();
  });
  // htmx would look where the button that was clicked last sends the form
  form.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt !== form) return;
    event.detail.path = form.getAttribute("hx-post");
    event.detail.parameters.delete("do");
  });
})();
