"""Lines of R that compute the scores of a validation: their functions and their columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input
from cartwheel.clinic.score_units import in_unit_of
from cartwheel.errors import Refused
from cartwheel.report.export.r_text import r_text as score_function
from cartwheel.report.export.statement import function_name, identifiers
from cartwheel.report.r_script.writing import listed, r_number, r_text, value, words
from cartwheel.units import Quantity


def score_lines(place: int, spec: ScoreSpec, found: Mapping[str, Any]) -> Iterator[str]:
    """Write the function of a score and its call for every row of the sheet.

    Parameters
    ----------
    place : int
        Of the score among all, from 0.
    spec : ScoreSpec
        Its file.
    found : mapping
        What the result says of it.

    Yields
    ------
    str
    """
    settled = spec.chosen(found.get("choices") or {})
    number = place + 1
    names = identifiers(settled)
    yield f"# ---- score {number} " + "-" * 83
    yield f"function_{number} <- local({{"
    yield score_function(settled).rstrip()
    yield function_name(settled)
    yield "})"
    yield f"inputs_{number} <- list("
    columns = {row["input"]: row for row in found["columns"]}
    rows = [
        f"  {names[item.name]} = {_column(item, columns[item.name])}" for item in settled.inputs
    ]
    yield ",\n".join(rows)
    yield ")"
    bands = [row["band"] for row in found.get("bands") or ()]
    published = [(row.get("published") or {}).get("value") for row in found.get("bands") or ()]
    risks = "NULL"
    if found["predicts"] == "band risk":
        pairs = (f"{r_text(b)} = {r_number(p)}" for b, p in zip(bands, published, strict=True))
        risks = f"c({', '.join(pairs)})"
    yield f"bands_{number} <- {_bands(settled)}"
    yield (
        f"complete_{number} <- function(inputs) finish_score("
        f"score_everyone(function_{number}, inputs, bands_{number}), "
        f"{r_text(found['name'])}, {r_text(found['predicts'])}, "
        f"{value(found['adverse'] == 'high')}, "
        f"{words(bands)}, {risks})"
    )
    yield f"score_{number} <- complete_{number}(inputs_{number})"


def _bands(spec: ScoreSpec) -> str:
    """Write the ranges of the bands."""
    rows = []
    for band in spec.bands:
        fields = {
            "name": r_text(band.name),
            "from": "NULL" if band.from_ is None else str(band.from_),
            "from_in": value(band.from_inclusive),
            "to": "NULL" if band.to is None else str(band.to),
            "to_in": value(band.to_inclusive),
        }
        rows.append(f"list({listed(fields)})")
    return f"list({', '.join(rows)})"


def _column(item: Input, found: Mapping[str, Any]) -> str:
    name = r_text(found["column"])
    if item.coding is not None:
        pairs = ", ".join(f"{r_text(word)} = {code}" for word, code in item.coding.items())
        return f"coded_words(sheet, {name}, c({pairs}))"
    factor = _factor(item, str(found.get("unit") or ""))
    return f"numbers(sheet, {name}{'' if factor == 1 else f', factor = {factor}'})"


def _factor(item: Input, unit: str) -> Decimal:
    """From the unit of the column to that of the input."""
    if not unit or unit == item.unit:
        return Decimal(1)
    try:
        return +in_unit_of(item, Quantity(Decimal(1), unit))
    except Refused:
        return Decimal(1)


def published_bands(found: Mapping[str, Any]) -> str:
    """Write what is published of each band, as a list with an element for each.

    Parameters
    ----------
    found : mapping
        What the result says of a score.

    Returns
    -------
    str
    """
    rows = []
    for row in found.get("bands") or ():
        said = row.get("published") or {}
        known = {
            key: value(said.get(key)) for key in ("value", "low", "high", "level", "n", "events")
        }
        rows.append(f"list({listed(known)})" if said.get("value") is not None else "NULL")
    return f"list({', '.join(rows)})"
