// The score, computed as cartwheel computes it: every known value is an interval of width nought, so
// one path serves a complete patient and one with missing inputs. Reads the score file itself.
const Score = (() => {
  "use strict";
  const X = Exact;
  const ZERO = X.of("0");
  const ONE = X.of("1");
  const FAR = X.of("1E+30");

  class Refusal extends Error {
    constructor(code, what, input = "", mend = "") {
      super(what);
      Object.assign(this, { code, what, input, mend });
    }
  }
  const undefined_ = (what, where) => new Refusal("undefined", `${what} (${where})`, "", "check the value and its unit");
  const known = (at) => X.compare(at[0], at[1]) === 0;
  const hull = (values) => [values.reduce(X.least), values.reduce(X.most)];
  const shown = (x) => {
    const size = Math.abs(x);
    if (x === 0 || (size >= 1e-4 && size < 1e9)) return String(Number(x.toPrecision(6)));
    return x.toExponential(3).replace("e", " × 10^").replace("^+", "^");
  };
  const plain = (decimal) => shown(X.number(decimal));

  // ---- reading what was typed -------------------------------------------------------------------
  const WRITTEN = /^([<>≤≥]=?|=[<>])?\s*([+-]?[\d.,]*\d\.?(?:[eE][+-]?\d+)?)\s*([^]*)$/;
  const GROUPED_POINT = /^(?:[+-]?[1-9]\d{0,2}(?:,\d{3})+\.\d+|[+-]?[1-9]\d{0,2}(?:,\d{3}){2,})$/;
  const GROUPED_COMMA = /^(?:[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d+|[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,})$/;
  const EITHER = /^[+-]?[1-9]\d{0,2},\d{3}$/;
  const COMMA = /^[+-]?\d*,\d+(?:[eE][+-]?\d+)?$/;
  const POINT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

  function numberIn(text, input) {
    if (EITHER.test(text)) {
      const two = `'${text}' could be ${text.replace(",", ".")} or ${text.replace(",", "")}`;
      throw new Refusal("decimal_mark", two, input, "write it with a decimal point, without thousands separators");
    }
    let whole = null;
    if (COMMA.test(text) || GROUPED_COMMA.test(text)) whole = text.replace(/\./g, "").replace(",", ".");
    else if (POINT.test(text)) whole = text;
    else if (GROUPED_POINT.test(text)) whole = text.replace(/,/g, "");
    const double = whole === null ? NaN : Number(whole);
    const value = Number.isFinite(double) ? X.of(whole) : null;
    if (value === null || (value.c !== 0n && double === 0)) {
      throw new Refusal("not_a_number", "this is not a number", input, "write the number only, such as 280");
    }
    return value;
  }

  function typed(item, text) {
    const parts = WRITTEN.exec(text);
    if (parts === null) throw new Refusal("not_a_number", "this is not a number", item.name, "write the number only, such as 280");
    if (parts[3].trim() !== "") {
      throw new Refusal("not_a_number", "write only the number here", item.name, "choose its unit beside it");
    }
    const sign = parts[1] || "";
    let limit = /[<≤]/.test(sign) ? "<" : sign ? ">" : "";
    if (limit && /[=≤≥]/.test(text.slice(0, 2))) limit += "=";
    return [limit, numberIn(parts[2], item.name)];
  }

  function inOwnUnit(item, value, unit) {
    if (item.units.length === 0) return value;
    const chosen = item.units.find((each) => each.unit === unit);
    if (chosen === undefined) throw new Refusal("unit_missing", "choose the unit", item.name, "a number without a unit is not taken");
    if (chosen.own) return value;
    if (chosen.fahrenheit) return X.divide(X.multiply(X.subtract(value, X.of("32")), X.of("5")), X.of("9"));
    const own = X.of(item.units.find((each) => each.own).factor);
    const canonical = X.multiply(value, X.of(chosen.factor));
    return X.compare(own, ONE) === 0 ? canonical : X.divide(canonical, own);
  }

  const optional = (text) => (text === null || text === undefined ? null : X.of(text));
  const outside = (value, low, high) =>
    (low !== null && X.compare(value, low) < 0) || (high !== null && X.compare(value, high) > 0);
  const stretch = (low, high) =>
    low === null ? `up to ${plain(high)}` : high === null ? `from ${plain(low)}` : `${plain(low)} to ${plain(high)}`;

  function beyond(limit, value, low, high) {
    if (limit[0] === "<") {
      const at = limit === "<=" ? value : X.next(value, -1);
      let end = low !== null && low.c !== 0n ? low : null;
      if (end === null) end = value.c > 0n ? X.multiply(value, X.of("1E-9")) : X.of("-1E+30");
      return [at, [X.least(end, at), at]];
    }
    const at = limit === ">=" ? value : X.next(value, 1);
    return [at, [at, X.most(at, high === null ? FAR : high)]];
  }

  function missing(model, item) {
    const limits = item.missing;
    if (model.missing === "refuse" || limits === null) {
      throw new Refusal("missing", `${item.label} is missing, and missing is never taken as normal or as no`, item.name, "give its value");
    }
    const note = `${item.label} is missing: the answer holds for any value of it from ${plain(X.of(limits[0]))} to ${plain(X.of(limits[1]))} ${item.shown}`.trim();
    return { item, given: "", interval: limits.map(X.of), reach: null, notes: [note] };
  }

  function read(model, item, given) {
    const text = given === undefined || given === null ? "" : String(given.text).trim();
    if (text === "") return missing(model, item);
    if (item.coding !== null) {
      const found = item.coding.find(([word]) => word.trim().toLowerCase() === text.toLowerCase());
      if (found === undefined) throw new Refusal("not_coded", `'${text}' is not one of this input's words`, item.name, "choose one of them");
      const code = X.of(found[1]);
      return { item, given: found[0], interval: [code, code], reach: null, notes: [] };
    }
    const [limit, number] = typed(item, text);
    let value = inOwnUnit(item, number, given.unit);
    const [low, high] = item.plausible.map(optional);
    if (outside(value, low, high)) {
      const what = `${plain(value)} ${item.shown} is not possible (${stretch(low, high)})`;
      throw new Refusal("implausible", what, item.name, "check the value and its unit");
    }
    const notes = [];
    let reach = null;
    if (limit) {
      notes.push(`${item.label} lies ${limit[0] === "<" ? "below" : "above"} the limit of detection and stands as the limit`);
      [value, reach] = beyond(limit, value, low, high);
    }
    const [from, to] = item.developed.map(optional);
    if (outside(value, from, to)) {
      notes.push(`${item.label} of ${plain(value)} is outside the range the score was developed on (${stretch(from, to)})`);
    }
    return { item, given: text, interval: [value, value], reach, notes };
  }

  // ---- computing --------------------------------------------------------------------------------
  function transformed(value, transform, where) {
    if (transform === undefined || transform === "none") return value;
    if (value.c < 0n || (value.c === 0n && transform !== "sqrt")) throw undefined_(`${transform} of ${plain(value)} does not exist`, where);
    if (transform === "sqrt") return X.root(value);
    const x = X.number(value);
    const found = { log: Math.log, log2: Math.log2, log10: Math.log10 }[transform](x);
    const nearest = Math.round(found);
    // powers of 2 and 10 have whole logarithms, whatever the browser's last bit says
    const whole = { log: x === 1, log2: 2 ** nearest === x, log10: Number(`1e${nearest}`) === x }[transform];
    const exact = whole && Math.abs(nearest) < 300;
    return X.of(String(exact ? nearest : found));
  }

  // a missing denominator that could be 0: the ratio has no upper end, which no double can hold
  const ENDLESS = { c: 1n, e: 2000 };
  const quotient = (top, bottom) => {
    if (bottom.c !== 0n) return X.divide(top, bottom);
    return top.c === 0n ? ZERO : { c: top.c < 0n ? -ENDLESS.c : ENDLESS.c, e: ENDLESS.e };
  };

  // an exponent of nought is a factor of 1
  const powered = (value, exponent) => (exponent.c === 0n ? ONE : X.power(value, exponent));

  function multiplied(factors, values) {
    let top = [ONE, ONE];
    let bottom = [ONE, ONE];
    for (const factor of factors) {
      const exponent = X.of(factor.exponent === undefined ? "1" : factor.exponent);
      const at = values[factor.input];
      if (at[0].c < 0n || (at[1].c === 0n && exponent.c < 0n)) throw undefined_(`${plain(at[0])} cannot be a factor`, factor.input);
      const size = { c: exponent.c < 0n ? -exponent.c : exponent.c, e: exponent.e };
      const ends = at.map((end) => powered(end, size));
      if (exponent.c < 0n) bottom = bottom.map((end, place) => X.multiply(end, ends[place]));
      else top = top.map((end, place) => X.multiply(end, ends[place]));
    }
    return [X.divide(top[0], bottom[1]), quotient(top[1], bottom[0])];
  }

  function derived(part, values) {
    if (part.kind === "product") return multiplied(part.factors, values);
    const top = values[part.numerator];
    let bottom = values[part.denominator];
    if (part.zero !== "refuse") bottom = bottom.map((end) => X.most(end, X.of(part.zero)));
    if (bottom[0].c < 0n || bottom[1].c === 0n) throw undefined_(`${part.denominator} of ${plain(bottom[0])} cannot be divided by`, part.name);
    return hull(top.flatMap((end) => bottom.map((by) => quotient(end, by))));
  }

  function withDerived(model, values) {
    for (const part of model.derived) values[part.name] = derived(part, values);
    return values;
  }

  function meets(range, at) {
    if (range.from !== undefined) {
      const over = X.compare(at[1], X.of(range.from));
      if (over < 0 || (over === 0 && !range.from_inclusive)) return false;
    }
    if (range.to === undefined) return true;
    const under = X.compare(at[0], X.of(range.to));
    return under < 0 || (under === 0 && Boolean(range.to_inclusive));
  }

  function scaled(term, at) {
    const centre = X.of(term.centre === undefined ? "0" : term.centre);
    const coefficient = X.of(term.coefficient === undefined ? "1" : term.coefficient);
    const ends = at.map((end) => transformed(end, term.transform, term.input || term.name));
    return hull(ends.map((end) => X.multiply(coefficient, X.subtract(end, centre))));
  }

  function effect(term, values) {
    if (term.kind === "points") {
      return hull(term.bands.filter((band) => meets(band, values[term.input])).map((band) => X.of(band.points)));
    }
    if (term.kind === "linear") return scaled(term, values[term.input]);
    if (term.kind === "decision") return hull(possibleRows(term, values).map((row) => X.of(row.points)));
    if (term.kind === "product") return scaled(term, multiplied(term.factors, values));
    if (term.kind === "spline") {
      const [low, high] = values[term.input].map((end) => transformed(end, term.transform, term.input));
      return hull([low, high, ...turningPoints(term, low, high)].map((at) => spline(term, at)));
    }
    throw new Refusal("unknown_term", `this page cannot compute a ${term.kind} term`);
  }

  function possibleRows(term, values) {
    const names = [...new Set(term.rows.flatMap((row) => (row.when || []).map((each) => each.input)))];
    const reached = new Set();
    const tried = names.map((name) => representatives(term, name, values[name]));
    const visit = (place, at) => {
      if (place < names.length) {
        for (const value of tried[place]) visit(place + 1, { ...at, [names[place]]: [value, value] });
      } else {
        reached.add(term.rows.findIndex((row) => (row.when || []).every((each) => meets(each, at[each.input]))));
      }
    };
    visit(0, {});
    return term.rows.filter((_, number) => reached.has(number));
  }

  function representatives(term, name, at) {
    if (known(at)) return [at[0]];
    const cuts = term.rows
      .flatMap((row) => row.when || [])
      .filter((each) => each.input === name)
      .flatMap((each) => [each.from, each.to])
      .filter((end) => end !== undefined)
      .map(X.of)
      .filter((end) => X.compare(at[0], end) < 0 && X.compare(end, at[1]) < 0)
      .sort(X.compare);
    const stops = [at[0], ...cuts, at[1]];
    const between = stops.slice(1).map((stop, place) => X.divide(X.add(stops[place], stop), X.of("2")));
    return [...stops, ...between];
  }

  // Harrell's basis, cubic columns divided by the squared distance of the outer knots
  function spline(term, at) {
    const knots = term.knots.map(X.of);
    const coefficients = term.coefficients.map(X.of);
    const last = knots[knots.length - 1];
    const before = knots[knots.length - 2];
    const norm = X.power(X.subtract(last, knots[0]), X.of("2"));
    const cube = (knot) => X.power(X.most(X.subtract(at, knot), ZERO), X.of("3"));
    const gap = X.subtract(last, before);
    let total = X.multiply(coefficients[0], at);
    knots.slice(0, -2).forEach((knot, place) => {
      const second = X.divide(X.multiply(cube(before), X.subtract(last, knot)), gap);
      const third = X.divide(X.multiply(cube(last), X.subtract(before, knot)), gap);
      const column = X.add(X.subtract(cube(knot), second), third);
      total = X.add(total, X.divide(X.multiply(coefficients[place + 1], column), norm));
    });
    return total;
  }

  // where the curve turns between two values: its slope is a quadratic between two knots
  function turningPoints(term, low, high) {
    if (X.compare(low, high) === 0) return [];
    const knots = term.knots.map(Number);
    const last = knots[knots.length - 1];
    const before = knots[knots.length - 2];
    const norm = (last - knots[0]) ** 2;
    const found = [];
    knots.slice(0, -1).forEach((start, interval) => {
      let [a, b, c] = [0, 0, Number(term.coefficients[0])];
      knots.slice(0, -2).forEach((knot, place) => {
        const weight = (3 * Number(term.coefficients[place + 1])) / norm;
        const bend = start >= before ? (weight * (last - knot)) / (last - before) : 0;
        const opened = start >= knot ? weight : 0;
        a += opened - bend;
        b += -2 * (opened * knot - bend * before);
        c += opened * knot ** 2 - bend * before ** 2;
      });
      for (const root of roots(a, b, c)) {
        if (root < start || root > knots[interval + 1]) continue;
        const at = X.of(String(root));
        if (X.compare(low, at) < 0 && X.compare(at, high) < 0) found.push(at);
      }
    });
    return found;
  }

  function roots(a, b, c) {
    const discriminant = b * b - 4 * a * c;
    if (discriminant < 0) return [];
    const sign = b < 0 || Object.is(b, -0) ? -1 : 1;
    const half = -(b + sign * Math.sqrt(discriminant)) / 2;
    return [[half, a], [c, half]].filter(([, under]) => under).map(([over, under]) => over / under);
  }

  function risks(risk, value) {
    if (!risk) return null;
    if (risk.kind === "table") {
      const at = risk.rows.filter((row) => X.compare(value[0], X.of(row.value)) <= 0 && X.compare(X.of(row.value), value[1]) <= 0);
      const found = at.map((row) => Number(row.risk));
      return [Math.min(...found), Math.max(...found)];
    }
    const slope = X.of(risk.slope === undefined ? "1" : risk.slope);
    const found = value.map((end) => {
      if (risk.kind === "logistic") {
        const predictor = X.number(X.add(X.of(risk.intercept), X.multiply(slope, end)));
        const odds = Math.exp(-Math.abs(predictor));
        return predictor >= 0 ? 1 / (1 + odds) : odds / (1 + odds);
      }
      const centre = X.of(risk.centre === undefined ? "0" : risk.centre);
      const ratio = Math.exp(Math.min(X.number(X.multiply(slope, X.subtract(end, centre))), 700));
      if (ratio === 1) return X.number(X.subtract(X.of("1"), X.of(risk.baseline_survival)));
      return -Math.expm1(ratio * Math.log(Number(risk.baseline_survival)));
    });
    return [Math.min(...found), Math.max(...found)];
  }

  // ---- one patient ------------------------------------------------------------------------------
  function settled(model, choices) {
    const picked = {};
    for (const each of model.parameters) picked[each.name] = choices[each.name] || each.default;
    const counts = (part) => Object.entries(part.only || {}).every(([name, option]) => picked[name] === option);
    return { ...model, picked, terms: model.terms.filter(counts), bands: model.bands.filter(counts) };
  }

  function limitsSettle(model, readings, effects) {
    for (const reading of readings) {
      if (reading.reach === null) continue;
      const values = Object.fromEntries(readings.map((each) => [each.item.name, each.interval]));
      values[reading.item.name] = reading.reach;
      withDerived(model, values);
      model.terms.forEach((term, place) => {
        if (term.kind !== "points" && term.kind !== "decision") return;
        const reached = effect(term, values);
        if (X.compare(reached[0], effects[place][0]) !== 0 || X.compare(reached[1], effects[place][1]) !== 0) {
          throw new Refusal("limit_unsettled", "a cut-off of the score lies beyond the limit of detection", reading.item.name, "give a measured number");
        }
      });
    }
  }

  function rule(model, term, values) {
    if (term.kind === "decision") return possibleRows(term, values).map((row) => row.name).join(" or ");
    if (term.kind !== "points") return term.words;
    const at = values[term.input];
    const coded = model.inputs.find((item) => item.name === term.input && item.coding !== null);
    if (coded !== undefined) {
      const possible = coded.coding.filter(([, code]) => meets({ from: code, from_inclusive: true, to: code, to_inclusive: true }, at));
      return possible.map(([word]) => word).join(" or ");
    }
    return term.bands.filter((band) => meets(band, at)).map((band) => band.words).join(" or ");
  }

  function contribution(model, term, values, added) {
    const at = term.subject === null ? undefined : values[term.subject];
    return {
      term: term.label,
      value: at !== undefined && known(at) ? X.number(at[0]) : null,
      unit: term.unit,
      coded: model.inputs.some((item) => item.name === term.subject && item.coding !== null),
      rule: rule(model, term, values),
      low: X.number(added[0]),
      high: X.number(added[1]),
    };
  }

  function warnings(model, readings, values, choices) {
    const said = [...model.warnings];
    for (const each of model.parameters) {
      if (choices[each.name]) continue;
      const option = each.options.find((one) => one.name === each.default);
      said.push(`ASSUMPTION, not published: ${each.label}: ${option.label}`);
    }
    for (const reading of readings) said.push(...reading.notes);
    for (const part of model.derived) {
      if (part.kind !== "ratio" || part.zero === "refuse") continue;
      if (X.compare(values[part.denominator][0], X.of(part.zero)) < 0) said.push(`${part.label || part.name}: a denominator below ${part.zero} stands as ${part.zero}`);
    }
    const doubts = model.doubts.find((each) => Object.entries(each.picked).every(([name, option]) => model.picked[name] === option));
    return [...said, ...doubts.said];
  }

  function computed(model, readings, choices) {
    const values = withDerived(model, Object.fromEntries(readings.map((each) => [each.item.name, each.interval])));
    const effects = model.terms.map((term) => effect(term, values));
    limitsSettle(model, readings, effects);
    const total = [0, 1].map((end) => effects.reduce((sum, each) => X.add(sum, each[end]), X.of(model.intercept)));
    const [low, high] = total.map(X.number);
    if (!Number.isFinite(low) || !Number.isFinite(high)) throw new Refusal("not_finite", "the value is too large", "", "check values and units");
    const bands = model.bands.filter((band) => meets(band, total));
    const risk = risks(model.risk, total);
    const single = known(total);
    return {
      reasons: [],
      value: single ? low : null,
      low,
      high,
      band: bands.length === 1 ? bands[0].name : null,
      bands: bands.map((band) => band.name),
      risk: risk !== null && (single || risk[0] === risk[1]) ? risk[0] : null,
      risk_low: risk === null ? null : risk[0],
      risk_high: risk === null ? null : risk[1],
      contributions: model.terms.map((term, place) => contribution(model, term, values, effects[place])),
      warnings: warnings(model, readings, values, choices),
      picked: model.picked,
    };
  }

  function assess(model, given, choices = {}) {
    const readings = [];
    const reasons = [];
    const caught = (work) => {
      try {
        return work();
      } catch (error) {
        if (error instanceof Refusal) reasons.push({ code: error.code, what: error.what, input: error.input, mend: error.mend });
        else if (error instanceof RangeError) reasons.push({ code: "not_finite", what: "the value is too large", input: "", mend: "check values and units" });
        else throw error;
        return null;
      }
    };
    for (const item of model.inputs) caught(() => readings.push(read(model, item, given[item.name])));
    if (reasons.length === 0 && readings.every((each) => each.given === "")) {
      reasons.push({ code: "nothing_given", what: "no input was given", input: "", mend: "give at least one value" });
    }
    const found = reasons.length === 0 ? caught(() => computed(settled(model, choices), readings, choices)) : null;
    return found === null ? { reasons } : found;
  }

  // Why a worked example does not come out; empty where it does.
  function disagreement(model, example) {
    const found = assess(model, example.given, example.choices || {});
    if (found.reasons.length > 0) return found.reasons.map((each) => each.what).join("; ");
    for (const what of ["value", "risk"]) {
      if (example[what] === undefined) continue;
      if (found[what] === null) return `its ${what} is a range`;
      const off = X.subtract(X.of(String(found[what])), X.of(example[what]));
      const size = { c: off.c < 0n ? -off.c : off.c, e: off.e };
      if (X.compare(size, X.of(example.tolerance)) > 0) return `its ${what} is ${found[what]}, not ${example[what]}`;
    }
    if (example.band !== undefined && example.band !== found.band) return `its band is ${found.bands.join(" or ")}, not ${example.band}`;
    return "";
  }

  return { assess, settled, disagreement, shown };
})();
