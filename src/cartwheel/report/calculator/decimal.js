// Decimal arithmetic with 34 digits, rounded half to even: what cartwheel computes with, so that a
// ratio of 7.65 to 3 meets a cut-off of 2.55 here too. A number is {c: BigInt, e: integer}: c * 10^e.
const Exact = (() => {
  "use strict";
  const DIGITS = 34;
  const PLAIN = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

  const magnitude = (c) => (c < 0n ? -c : c);
  const length = (c) => magnitude(c).toString().length;
  const ten = (power) => 10n ** BigInt(power);

  function of(text) {
    if (typeof text === "object") return text;
    const parts = PLAIN.exec(String(text).trim());
    if (parts === null || parts[2] + parts[3] === "") throw new RangeError("not a number");
    const c = BigInt(parts[2] + parts[3]);
    return { c: parts[1] === "-" ? -c : c, e: Number(parts[4] || 0) - parts[3].length };
  }

  // `more`: something other than nought was cut off behind the last digit of c
  function rounded(c, e, more = false) {
    const over = length(c) - DIGITS;
    if (over <= 0) return { c, e };
    const unit = ten(over);
    let kept = magnitude(c) / unit;
    const twice = 2n * (magnitude(c) % unit);
    if (twice > unit || (twice === unit && (more || kept % 2n === 1n))) kept += 1n;
    return { c: c < 0n ? -kept : kept, e: e + over };
  }

  function aligned(a, b) {
    const e = Math.min(a.e, b.e);
    return [a.c * ten(a.e - e), b.c * ten(b.e - e), e];
  }

  function compare(a, b) {
    const [left, right] = aligned(a, b);
    return left < right ? -1 : left > right ? 1 : 0;
  }

  function add(a, b) {
    const [left, right, e] = aligned(a, b);
    return rounded(left + right, e);
  }

  const negative = (a) => ({ c: -a.c, e: a.e });
  const subtract = (a, b) => add(a, negative(b));
  const multiply = (a, b) => rounded(a.c * b.c, a.e + b.e);

  function divide(a, b) {
    if (b.c === 0n) throw new RangeError("division by nought");
    const shift = Math.max(0, DIGITS + 2 + length(b.c) - length(a.c));
    const top = a.c * ten(shift);
    const quotient = top / b.c;
    return rounded(quotient, a.e - b.e - shift, top % b.c !== 0n);
  }

  function root(a) {
    if (a.c < 0n) throw new RangeError("root of a negative number");
    if (a.c === 0n) return a;
    let shift = Math.max(0, 2 * (DIGITS + 2) - length(a.c));
    if ((a.e - shift) % 2 !== 0) shift += 1;
    const whole = a.c * ten(shift);
    let found = ten(Math.ceil(length(whole) / 2));
    for (;;) {
      const next = (found + whole / found) / 2n;
      if (next >= found) break;
      found = next;
    }
    return rounded(found, (a.e - shift) / 2, found * found !== whole);
  }

  function power(a, exponent) {
    const doubled = number(exponent) * 2;
    if (Number.isInteger(doubled) && doubled >= 0) {
      const whole = Math.floor(doubled / 2);
      const raised = rounded(a.c ** BigInt(whole), a.e * whole);
      return doubled % 2 ? multiply(raised, root(a)) : raised;
    }
    return of(String(number(a) ** number(exponent)));
  }

  // The next number of 34 digits above (sign 1) or below (sign -1).
  function next(a, sign) {
    if (a.c === 0n) return { c: BigInt(sign), e: -400 };
    const away = (a.c > 0n ? 1 : -1) === sign;
    const shift = DIGITS - length(a.c);
    let c = magnitude(a.c);
    if (shift < 0) {
      const unit = ten(-shift);
      c = c / unit + (away || c % unit === 0n ? (away ? 1n : -1n) : 0n);
    } else {
      c *= ten(shift);
      if (away) c += 1n;
      else if (c === ten(DIGITS - 1)) return { c: (a.c < 0n ? -1n : 1n) * (c * 10n - 1n), e: a.e - shift - 1 };
      else c -= 1n;
    }
    return { c: a.c < 0n ? -c : c, e: a.e - shift };
  }

  const number = (a) => Number(`${a.c}e${a.e}`);
  const least = (a, b) => (compare(b, a) < 0 ? b : a);
  const most = (a, b) => (compare(b, a) > 0 ? b : a);

  return { of, compare, add, subtract, multiply, divide, root, power, next, number, least, most };
})();
