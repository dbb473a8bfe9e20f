"""Lines of R that read the cohort as the plan says: columns, ratios, exclusions, landmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cartwheel.clinic.dictionary import Variable, variable_in_unit, variables
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.plan_parts import DAYS_PER
from cartwheel.report.r_script.writing import r_number, r_text, value
from cartwheel.units import known_unit


def _said(plan: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    return (plan.get("columns") or {}).get(column) or {}


def _known(plan: Mapping[str, Any], column: str) -> tuple[Variable | None, str]:
    """Dictionary variable of a column, and the unit in which it is written."""
    said, named = _said(plan, column), read_column_name(column)
    unit = known_unit(str(said["unit"])) if said.get("unit") else named.unit
    found = variables().get(str(said.get("variable") or named.variable))
    if found is not None and unit:
        found = variable_in_unit(found, unit)
    return found, unit or ""


def factor_of(plan: Mapping[str, Any], column: str) -> Decimal:
    """Say by what the values of a column are multiplied to stand in the dictionary's unit.

    Parameters
    ----------
    plan : mapping
        Of the result.
    column : str
        Of the cohort.

    Returns
    -------
    Decimal
        1 where nothing is converted.
    """
    found, unit = _known(plan, column)
    if found is None or found.dimensionless or unit not in found.units:
        return Decimal(1)
    return found.units[unit]


def is_skewed(plan: Mapping[str, Any], column: str) -> bool:
    """Say whether the dictionary calls a column skewed, or it is a ratio.

    Parameters
    ----------
    plan : mapping
        Of the result.
    column : str
        Of the cohort, or a ratio.

    Returns
    -------
    bool
    """
    if any(item["name"] == column for item in plan.get("derived") or ()):
        return True
    found, _ = _known(plan, column)
    return found is not None and found.skewed


def threshold(plan: Mapping[str, Any], column: str, number: float) -> str:
    """Write a number of the plan, said in the unit of the file, in the unit of the values.

    Parameters
    ----------
    plan : mapping
        Of the result.
    column : str
        Whose unit.
    number : float
        Such as a cut-off.

    Returns
    -------
    str
    """
    parts = next((d for d in plan.get("derived") or () if d["name"] == column), None)
    factor = Decimal(1) if parts else factor_of(plan, column)
    return r_number(float(Decimal(repr(float(number))) * factor))


def number_column(plan: Mapping[str, Any], column: str) -> str:
    """Write the line that reads a column of numbers into ``columns``.

    Parameters
    ----------
    plan : mapping
        Of the result.
    column : str
        Of the cohort.

    Returns
    -------
    str
    """
    said, factor = _said(plan, column), factor_of(plan, column)
    arguments = [r_text(column)]
    if factor != 1:
        arguments.append(f"factor = {factor}")
    if said.get("coding"):
        pairs = ", ".join(f"{r_text(k)} = {r_number(v)}" for k, v in said["coding"].items())
        arguments.append(f"coding = c({pairs})")
    if said.get("decimal"):
        arguments.append(f"decimal = {r_text(said['decimal'])}")
    return f"columns[[{r_text(column)}]] <- numbers(sheet, {', '.join(arguments)})"


def columns_read(plan: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    """Write the lines that read columns and make ratios.

    Parameters
    ----------
    plan : mapping
        Of the result.
    names : sequence of str
        Columns of numbers; ratios among them are made of theirs.

    Yields
    ------
    str
    """
    derived = {item["name"]: item for item in plan.get("derived") or ()}
    parts = [item[side] for item in derived.values() for side in ("numerator", "denominator")]
    yield "columns <- list()"
    for name in dict.fromkeys([*names, *parts]):
        if name not in derived:
            yield number_column(plan, name)
    for item in derived.values():
        zero = item.get("zero", "refuse")
        said = r_text(zero) if isinstance(zero, str) else threshold(plan, item["denominator"], zero)
        yield (
            f"columns[[{r_text(item['name'])}]] <- ratio(columns[[{r_text(item['numerator'])}]], "
            f"columns[[{r_text(item['denominator'])}]], {said})"
        )


def _word(item: Any) -> str:
    return r_text(item) if isinstance(item, str) else r_text(r_number(float(item)))


def _exclusions(plan: Mapping[str, Any]) -> Iterator[str]:
    for rule in (plan.get("cohort") or {}).get("exclude") or ():
        name = r_text(rule["column"])
        if rule.get("equals") is not None:
            out = f"is_value(sheet, {name}, {_word(rule['equals'])}) %in% 1"
        elif rule.get("below") is not None:
            out = f"columns[[{name}]] < {threshold(plan, rule['column'], rule['below'])}"
        else:
            out = f"columns[[{name}]] > {threshold(plan, rule['column'], rule['above'])}"
        yield f"kept <- kept & !(({out}) %in% TRUE)"
        yield "step(kept, event)"


def excluded_columns(plan: Mapping[str, Any]) -> list[str]:
    """List the columns of exclusions that are read as numbers.

    Parameters
    ----------
    plan : mapping
        Of the result.

    Returns
    -------
    list of str
    """
    rules = (plan.get("cohort") or {}).get("exclude") or ()
    return [rule["column"] for rule in rules if rule.get("equals") is None]


def outcome_lines(plan: Mapping[str, Any], unit: str | None) -> Iterator[str]:
    """Write the lines from the outcome to the patients who are eligible.

    Parameters
    ----------
    plan : mapping
        Of the result.
    unit : str or None
        Of the times, as the result says.

    Yields
    ------
    str
        They make ``event`` (0, 1 and, for another event, 2), ``time`` and ``kept``, and count the
        flow.
    """
    outcome, landmark = plan["outcome"], plan.get("landmark_day")
    wanted = outcome.get("event_value")
    column = r_text(outcome["event"])
    yield f"event <- is_value(sheet, {column}, {_word('1' if wanted is None else wanted)})"
    for other in outcome.get("competing_values") or ():
        yield f"event[is_value(sheet, {column}, {_word(other)}) %in% 1] <- 2"
    if outcome.get("time"):
        yield f"time <- numbers(sheet, {r_text(outcome['time'])})"
    yield "kept <- rep(TRUE, nrow(sheet))"
    yield "step(kept, event)"
    yield from _exclusions(plan)
    yield f"kept <- kept & !is.na(event){' & !is.na(time)' if outcome.get('time') else ''}"
    yield "step(kept, event)"
    if landmark is None:
        return
    per = DAYS_PER[unit or "days"]
    if outcome.get("time"):
        yield f"kept <- kept & time * {value(per)} > {value(landmark)}"
        yield f"time <- time - {value(landmark)} / {value(per)}"
    elif outcome.get("onset"):
        yield f"onset <- numbers(sheet, {r_text(outcome['onset'])})"
        yield f"kept <- kept & !((event == 1 & onset <= {value(landmark)}) %in% TRUE)"
    yield "step(kept, event)"
