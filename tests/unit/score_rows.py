"""Random patients for whole-column scoring, and the decimal engine's answer for each row."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cartwheel.clinic.batch.cells import cuts_of
from cartwheel.clinic.batch.lookup import needs_lookup
from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.dictionary import variable
from cartwheel.clinic.score_batch import ScoredRows
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input, Ratio
from cartwheel.clinic.score_units import in_unit_of, missing_limits, plausible_limits
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.units import Quantity, known_unit


@dataclass(frozen=True, slots=True)
class Row:
    """An answer in few words: what both engines have to agree on."""

    value: float
    low: float
    high: float
    band: tuple[str, ...]
    risk: float
    risk_low: float
    risk_high: float
    reasons: frozenset[tuple[str, str]]

    def same(self, other: Row) -> bool:
        """Equal to the last bit, not a number being equal to itself."""
        numbers = (
            (self.value, other.value), (self.low, other.low), (self.high, other.high),
            (self.risk, other.risk), (self.risk_low, other.risk_low),
            (self.risk_high, other.risk_high),
        )  # fmt: skip
        alike = all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in numbers)
        return alike and self.band == other.band and self.reasons == other.reasons


def by_engine(
    spec: ScoreSpec, columns: Mapping[str, InputColumn], choices: Mapping[str, str]
) -> Iterator[Row]:
    """Score row by row with the decimal engine."""
    for row in range(len(next(iter(columns.values())).numbers)):
        given = {name: column.given(row) for name, column in columns.items()}
        yield _row(assess(spec, {**given, **choices}))


def _row(found: Assessment | Unscorable) -> Row:
    nan = math.nan
    if isinstance(found, Unscorable):
        said = frozenset((each.code, each.where) for each in found.reasons)
        return Row(nan, nan, nan, (), nan, nan, nan, said)
    numbers = [
        nan if number is None else number
        for number in (found.risk, found.risk_low, found.risk_high)
    ]
    value = nan if found.value is None else found.value
    low, high = found.value_low, found.value_high
    return Row(value, low, high, found.bands, *numbers, frozenset())


def by_arrays(found: ScoredRows) -> Iterator[Row]:
    """Take an answer of the arrays apart into rows."""
    reasons: dict[int, set[tuple[str, str]]] = {}
    for flag in found.reasons:
        for row in flag.rows.tolist():
            reasons.setdefault(row, set()).add((flag.says.code, flag.says.where))
    for row in range(len(found.value)):
        first, last = int(found.band_low[row]), int(found.band_high[row])
        yield Row(
            float(found.value[row]),
            float(found.value_low[row]),
            float(found.value_high[row]),
            found.bands[first : last + 1] if first >= 0 else (),
            float(found.risk[row]),
            float(found.risk_low[row]),
            float(found.risk_high[row]),
            frozenset(reasons.get(row, ())),
        )


def random_columns(
    spec: ScoreSpec, n: int, seed: int, *, missing: float = 0.0, other_units: bool = False
) -> dict[str, InputColumn]:
    """Draw patients, many of them exactly at cut-offs, limits and floors, and next to them."""
    random = np.random.default_rng(seed)
    return {
        item.name: _column(spec, item, random, n, missing=missing, other_units=other_units)
        for item in spec.inputs
    }


def _column(
    spec: ScoreSpec,
    item: Input,
    random: np.random.Generator,
    n: int,
    *,
    missing: float,
    other_units: bool,
) -> InputColumn:
    unit = "" if item.coding is not None else known_unit(item.unit) or item.unit
    if item.variable is not None and item.coding is None and other_units:
        unit = str(random.choice(list(variable(item.variable).units)))
        unit = "" if unit == "1" else unit
    special = _special(spec, item, unit)
    low, high = missing_limits(item)
    least = 0.0 if low is None else float(_backwards(item, low, unit))
    most = 1000.0 if high is None else float(_backwards(item, high, unit))
    least, most = min(least, most), max(least, most)
    middle = float(random.choice(special)) or 1.0
    numbers = np.concatenate(
        [
            np.round(random.uniform(least, most, n), random.integers(0, 4)),
            random.uniform(least, most, n),
            np.round(np.abs(middle) * random.lognormal(0, 0.5, n), random.integers(0, 4)),
            random.choice(special, 3 * n),
        ]
    )
    numbers = random.choice(numbers, n)
    if item.coding is not None:
        numbers = random.choice([float(code) for code in item.coding.values()], n)
        numbers[random.random(n) < 0.01] = 17.0
    numbers[random.random(n) < missing] = np.nan
    return InputColumn(unit, numbers, {})


def _special(spec: ScoreSpec, item: Input, unit: str) -> list[float]:
    """Cut-offs, limits, floors and zero, and the doubles on both sides of each."""
    ends: list[Decimal | None] = [Decimal(0), Decimal(1), item.low, item.high]
    ends += plausible_limits(item)
    for variant in spec.variants.values():
        ends += cuts_of(needs_lookup(variant).get(item.name, []))
    for part in spec.derived:
        if isinstance(part, Ratio) and isinstance(part.zero, Decimal):
            ends.append(part.zero)
    found = []
    for end in ends:
        if end is not None:
            at = float(_backwards(item, end, unit))
            near = (np.nextafter(at, -np.inf), np.nextafter(at, np.inf)) if at else (-1e-9, 1e-9)
            found += [at, at, *map(float, near)]
    return found


def _backwards(item: Input, value: Decimal, unit: str) -> Decimal:
    """Express a value of the score's unit in the unit of a column."""
    if item.variable is None or item.coding is not None:
        return value
    there = item.but(unit=unit or "1")
    return in_unit_of(there, Quantity(value, known_unit(item.unit) or item.unit or "1"))
