// The page: reads the fields, asks the engine, writes the answer. Nothing leaves the page.
(() => {
  "use strict";
  const model = JSON.parse(document.getElementById("score").textContent);
  const at = (id) => document.getElementById(id);
  const fields = model.inputs.map((item, place) => ({
    item,
    box: at(`value-${place}`),
    unit: at(`unit-${place}`),
    error: at(`error-${place}`),
    words: [...document.getElementsByName(`value-${place}`)],
  }));

  function made(tag, content = "", attributes = {}) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    for (const part of Array.isArray(content) ? content : [content]) element.append(part);
    return element;
  }

  function tableOf(title, heads, rows, marked) {
    const head = made("tr", heads.map(([name, kind]) => made("th", name, { scope: "col", class: kind })));
    const body = rows.map((row, place) => {
      const cells = row.map((cell, column) => (column === 0 ? made("th", cell, { scope: "row" }) : made("td", cell, { class: heads[column][1] })));
      return made("tr", cells, marked && marked[place] ? { class: "here" } : {});
    });
    const table = made("table", [made("caption", title), made("thead", head), made("tbody", body)]);
    return made("div", table, { class: "scroll" });
  }

  const percent = (fraction) => `${(100 * Number(fraction)).toFixed(1)} %`;
  const signed = (number) => (number > 0 ? "+" : "") + Score.shown(number).replace("-", "−");
  const span = (low, high, write) => (low === high ? write(low) : `${write(low)} to ${write(high)}`);
  const listed = (items) => items.map((each) => made("li", each));

  function given() {
    const found = {};
    for (const field of fields) {
      if (field.item.coding !== null) {
        const chosen = field.words.find((each) => each.checked);
        found[field.item.name] = { text: chosen ? chosen.value : "" };
      } else {
        found[field.item.name] = { text: field.box.value, unit: field.unit ? field.unit.value : "" };
      }
    }
    return found;
  }

  function choices() {
    const found = {};
    model.parameters.forEach((each, place) => {
      if (at(`parameter-${place}`).value) found[each.name] = at(`parameter-${place}`).value;
    });
    return found;
  }

  function mark(reasons) {
    for (const field of fields) {
      const wrong = reasons.find((each) => each.input === field.item.name && each.code !== "missing");
      field.error.textContent = wrong ? `${wrong.what}${wrong.mend ? `: ${wrong.mend}` : ""}` : "";
      const asked = wrong !== undefined && wrong.code === "unit_missing" ? field.unit : field.box;
      for (const each of [field.box, field.unit]) if (each) each.setAttribute("aria-invalid", String(wrong !== undefined && each === asked));
    }
  }

  function asked(reasons) {
    const missing = reasons.filter((each) => each.code === "missing");
    const wrong = reasons.filter((each) => each.code !== "missing" && each.code !== "nothing_given");
    const label = (name) => (model.inputs.find((item) => item.name === name) || { label: "" }).label;
    const parts = [];
    if (wrong.length === 0 && missing.length === 0) parts.push(made("p", "Enter the values to see the result.", { class: "quiet" }));
    if (missing.length > 0) {
      parts.push(made("p", "No result yet. Still needed, and never taken as normal or as no:", { class: "quiet" }));
      parts.push(made("ul", listed(missing.map((each) => label(each.input))), { class: "asked" }));
    }
    if (wrong.length > 0) {
      parts.push(made("p", "No result: to be mended", { class: "bad" }));
      parts.push(made("ul", listed(wrong.map((each) => `${label(each.input) ? `${label(each.input)}: ` : ""}${each.what}${each.mend ? ` (${each.mend})` : ""}`)), { class: "asked" }));
    }
    return parts;
  }

  function horizon() {
    const outcome = model.outcome;
    return outcome.horizon === undefined ? "" : ` by ${outcome.horizon} ${outcome.time_unit}`;
  }

  function riskLines(found, settled) {
    const lines = [];
    if (found.risk_low !== null) {
      lines.push(made("p", [`Risk of ${model.outcome.name}${horizon()}: `, made("b", span(found.risk_low, found.risk_high, percent))], { class: "risk" }));
      if (model.risk.source) lines.push(made("p", `Source: ${model.risk.source}`, { class: "source" }));
    }
    for (const band of settled.bands) {
      if (!found.bands.includes(band.name) || band.observed === undefined) continue;
      lines.push(made("p", [`Seen in the band ${band.name}: `, made("b", evidence(band.observed)), made("span", ` ${counts(band.observed)}${band.observed.source}`, { class: "source" })], { class: "risk" }));
    }
    if (lines.length === 0 && model.outcome.kind !== "none") {
      lines.push(made("p", "The score file states no risk for this result.", { class: "source" }));
    }
    return lines;
  }

  const counts = (seen) => (seen.n === undefined || seen.events === undefined ? "" : `${seen.events} of ${seen.n} patients; `);
  function evidence(seen) {
    if (seen.low === undefined || seen.high === undefined) return percent(seen.risk);
    const level = seen.level === undefined ? "" : `${Number((100 * seen.level).toPrecision(6))} % interval `;
    return `${percent(seen.risk)} (${level}${percent(seen.low)} to ${percent(seen.high)})`;
  }

  function answer(found, settled) {
    const value = span(found.low, found.high, Score.shown);
    const parts = [made("p", [made("span", "Value ", { class: "name" }), value], { class: "big" })];
    if (found.bands.length > 0) parts.push(made("p", found.bands.join(" or "), { class: "band" }));
    const gaps = found.value === null;
    if (gaps) parts.push(made("p", "A range: every value the missing inputs could have is allowed for. It is not a confidence interval.", { class: "source" }));
    return [...parts, ...riskLines(found, settled)];
  }

  function detail(found, settled) {
    const parts = [];
    if (found.warnings.length > 0) {
      parts.push(made("div", [made("b", "To know before reading this"), made("ul", listed(found.warnings))], { class: "caution" }));
    }
    const rows = found.contributions.map((part) => [
      part.term,
      part.value === null || part.coded ? "" : `${Score.shown(part.value)} ${part.unit}`.trim(),
      part.rule,
      span(part.low, part.high, signed),
    ]);
    if (Number(model.intercept) !== 0) rows.push(["Intercept", "", "", signed(Number(model.intercept))]);
    parts.push(tableOf("What each input adds", [["Term", ""], ["Value", "num"], ["Rule", ""], ["Adds", "num"]], rows));
    if (settled.bands.length > 0) {
      const seen = settled.bands.some((band) => band.observed !== undefined);
      const heads = [["Band", ""], ["Value of the score", ""], ...(seen ? [["Seen", "num"]] : [])];
      const bands = settled.bands.map((band) => [band.name, band.words, ...(seen ? [band.observed === undefined ? "" : evidence(band.observed)] : [])]);
      parts.push(tableOf("Bands", heads, bands, settled.bands.map((band) => found.bands.includes(band.name))));
    }
    return parts;
  }

  let said = "";
  function update() {
    const values = given();
    const found = Score.assess(model, values, choices());
    const empty = Object.values(values).every((each) => each.text.trim() === "");
    const reasons = empty ? found.reasons.filter((each) => each.code === "nothing_given" || each.code === "missing") : found.reasons;
    mark(found.reasons);
    const settled = Score.settled(model, choices());
    const done = found.reasons.length === 0;
    const parts = done ? answer(found, settled) : asked(reasons);
    const whole = made("div", parts);
    // a live region that is written again is read out again: only when it says something else
    if (whole.textContent !== said) {
      said = whole.textContent;
      at("answer").replaceChildren(...parts);
    }
    at("detail").replaceChildren(...(done ? detail(found, settled) : []));
    at("bar").textContent = done ? [span(found.low, found.high, Score.shown), found.bands.join(" or ")].filter(Boolean).join(": ") : "";
  }

  function show(example) {
    for (const field of fields) {
      const value = example.given[field.item.name] || { text: "", unit: "" };
      if (field.item.coding !== null) for (const each of field.words) each.checked = each.value === value.text;
      else field.box.value = value.text;
      if (field.unit && value.unit) field.unit.value = value.unit;
    }
    model.parameters.forEach((each, place) => {
      at(`parameter-${place}`).value = (example.choices || {})[each.name] || "";
    });
    update();
    (fields[0].box || fields[0].words.find((each) => each.checked)).focus();
  }

  function clear() {
    for (const field of fields) {
      if (field.box) field.box.value = "";
      for (const each of field.words) each.checked = each.value === "";
    }
    update();
    at("inputs").scrollIntoView();
  }

  function ownUnits() {
    for (const field of fields) if (field.unit) field.unit.value = field.item.units[0].unit;
    update();
  }

  function check() {
    const failed = [];
    model.examples.forEach((example, place) => {
      const wrong = Score.disagreement(model, example);
      const cell = at(`example-${place}`);
      cell.textContent = wrong === "" ? "passed" : `FAILED: ${wrong}`;
      cell.className = wrong === "" ? "nowrap" : "bad";
      if (wrong !== "") failed.push(`${example.name}: ${wrong}`);
      const button = at(`show-${place}`);
      button.addEventListener("click", () => show(example));
      button.disabled = wrong !== "";
    });
    return failed;
  }

  function block(failed) {
    at("failed").replaceChildren(
      made("p", "This calculator is blocked: its worked examples do not come out in this browser. Do not use it; use another browser, or the command line."),
      made("ul", listed(failed)),
    );
    at("failed").hidden = false;
    at("all").disabled = true;
    for (const button of document.querySelectorAll("button")) button.disabled = true;
    at("answer").replaceChildren(made("p", "No result: the worked examples failed.", { class: "bad" }));
  }

  // for tests and for the curious: the engine as this page runs it
  window.cartwheel = { model, assess: Score.assess };
  let failed;
  try {
    failed = check();
  } catch (error) {
    failed = [`the engine stopped: ${error.message}`];
  }
  document.documentElement.setAttribute("data-examples", failed.length === 0 ? "passed" : "failed");
  if (failed.length > 0) {
    block(failed);
    return;
  }
  at("inputs").addEventListener("input", update);
  at("inputs").addEventListener("submit", (event) => event.preventDefault());
  at("clear").addEventListener("click", clear);
  at("print").addEventListener("click", () => window.print());
  if (at("own-units")) at("own-units").addEventListener("click", ownUnits);
  update();
})();
