"""Random patients for a score: any unit, gaps, detection limits, slips, and exact cut-offs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Ratio
from cartwheel.report.calculator import calculator_model

SLIPS = ("abc", "1,234", "1.1.1", "-5", "1e999", "12 mg", "1,5", "1,234.5", ".5", "5.", "1e-320")


def cut_offs(spec: ScoreSpec) -> dict[str, list[Decimal]]:
    """Every number at which something changes, by the input or derived value it is of."""
    found: dict[str, list[Decimal]] = {}
    for term in spec.terms:
        if term.kind == "points":
            ranges = [(term.input, band) for band in term.bands]
        elif term.kind == "decision":
            ranges = [(each.input, each) for row in term.rows for each in row.when]
        else:
            continue
        for name, each in ranges:
            found.setdefault(name, []).extend(
                end for end in (each.from_, each.to) if end is not None
            )
    return found


def patients(
    spec: ScoreSpec, count: int, seed: int, *, plain: bool = False
) -> list[dict[str, Any]]:
    """Draw patients as the page's engine takes them: ``given`` and ``choices``.

    Plain ones have every value, as a number in the score's own unit.
    """
    stream = random.Random(f"{spec.id} {seed}")
    model = calculator_model(spec)
    if plain:
        for item in model["inputs"]:
            item["units"] = item["units"][:1]
    cuts = cut_offs(spec)
    found = []
    for _ in range(count):
        hostile = not plain and stream.random() < 0.5
        given = {
            item["name"]: _given(item, cuts.get(item["name"], []), stream, hostile)
            for item in model["inputs"]
        }
        if stream.random() < 0.3:
            _meet_ratio(spec, cuts, given, model, stream)
        found.append({"given": given, "choices": dict(_choices(spec, stream))})
    return found


def _choices(spec: ScoreSpec, stream: random.Random) -> Iterator[tuple[str, str]]:
    for each in spec.parameters:
        if stream.random() < 0.7:
            yield each.name, stream.choice(each.options).name


def _given(
    item: dict[str, Any], cuts: list[Decimal], stream: random.Random, hostile: bool
) -> dict[str, str]:
    if hostile and stream.random() < 0.12:
        return {"text": "", "unit": ""}
    if item["coding"] is not None:
        return {"text": stream.choice(item["coding"])[0]}
    unit = stream.choice(item["units"]) if item["units"] else {"unit": "", "factor": "1"}
    if hostile and stream.random() < 0.03:
        return {"text": stream.choice(SLIPS), "unit": unit["unit"]}
    if hostile and item["units"] and stream.random() < 0.02:
        return {"text": "5", "unit": ""}
    value = stream.choice(cuts) if cuts and stream.random() < 0.4 else _ordinary(item, stream)
    text = f"{_in_unit(value, unit, item):f}"
    if hostile and stream.random() < 0.06:
        text = stream.choice(("<", ">", "<=", ">=", "≤ ")) + text
    return {"text": text, "unit": unit["unit"]}


def _ordinary(item: dict[str, Any], stream: random.Random) -> Decimal:
    limits = item["developed"] if None not in item["developed"] else item["plausible"]
    low, high = (None if end is None else float(end) for end in limits)
    low = 0.0 if low is None else low
    high = low + 100 if high is None else high
    if low >= 0 and high > 50 * max(low, 0.02):
        drawn = max(low, 0.02) * (high / max(low, 0.02)) ** stream.random()
    else:
        drawn = stream.uniform(low, high)
    return Decimal(f"{drawn:.{stream.randint(2, 5)}g}")


def _in_unit(value: Decimal, unit: dict[str, str], item: dict[str, Any]) -> Decimal:
    """Write a value of the score's own unit in another unit, with at most 12 digits."""
    if unit.get("fahrenheit"):
        return value * 9 / 5 + 32
    own = next((each["factor"] for each in item["units"] if each["own"]), "1")
    exact = value * Decimal(own) / Decimal(unit["factor"])
    return exact if len(exact.as_tuple().digits) <= 12 else Decimal(f"{exact:.6g}")


def _meet_ratio(
    spec: ScoreSpec,
    cuts: dict[str, list[Decimal]],
    given: dict[str, dict[str, str]],
    model: dict[str, Any],
    stream: random.Random,
) -> None:
    """Choose numerator and denominator so that the ratio is a cut-off exactly."""
    own = {item["name"]: item["units"][0]["unit"] for item in model["inputs"] if item["units"]}
    ratios = [part for part in spec.derived if isinstance(part, Ratio) and part.name in cuts]
    if not ratios:
        return
    part = stream.choice(ratios)
    below = Decimal(stream.choice(("3", "0.7", "1.1", "2.25")))
    for name, value in (
        (part.denominator, below),
        (part.numerator, below * stream.choice(cuts[part.name])),
    ):
        given[name] = {"text": f"{value:f}", "unit": own.get(name, "")}
