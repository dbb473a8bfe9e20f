"""Columns of the studies to divide by, to regress on, or to put in order by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import PlanRefused, Problem
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.headers import header_key

ORDERS = ("year", "file", "precision")
_OWN: dict[str, Callable[[Study], str | float | None]] = {
    "year": lambda study: study.year,
    "n": lambda study: study.n,
    "cutoff": lambda study: study.cutoff,
    "factor": lambda study: study.factor,
    "comparison": lambda study: study.comparison,
    "route": lambda study: study.route,
    "cluster": lambda study: study.cluster,
    "file": lambda study: study.file,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column over the studies of a pool.

    Parameters
    ----------
    name : str
        As the plan writes it.
    texts : tuple of str
        As written; empty where nothing was.
    numbers : tuple of (float or None), or None
        Where every filled cell is a number.
    """

    name: str
    texts: tuple[str, ...]
    numbers: tuple[float | None, ...] | None

    @property
    def filled(self) -> tuple[int, ...]:
        """Positions of the studies that have a value."""
        return tuple(i for i, text in enumerate(self.texts) if text)


def column_of(studies: Sequence[Study], name: str) -> Column | None:
    """Find a column of the studies.

    Parameters
    ----------
    studies : sequence of Study
        Of a pool, or all.
    name : str
        A further column of the table, in any spelling of case and spaces; or ``year``, ``n``,
        ``cutoff``, ``factor``, ``comparison``, ``route``, ``cluster`` or ``file``.

    Returns
    -------
    Column or None
        None where no study has such a column.
    """
    key = header_key(name)
    found = [
        next((one for one in study.moderators if header_key(one.name) == key), None)
        for study in studies
    ]
    if any(one is not None for one in found):
        texts = tuple("" if one is None else one.text for one in found)
        numbers = tuple(None if one is None else one.number for one in found)
        numeric = all(
            number is not None for number, text in zip(numbers, texts, strict=True) if text
        )
        return Column(name, texts, numbers if numeric and any(texts) else None)
    own = _OWN.get(key)
    if own is None:
        return None
    values = [own(study) for study in studies]
    if any(isinstance(value, int | float) for value in values):
        floats = tuple(float(value) if isinstance(value, int | float) else None for value in values)
        return Column(name, tuple("" if x is None else f"{x:g}" for x in floats), floats)
    return Column(name, tuple(str(value or "") for value in values), None)


def columns_named(entry: str, studies: Sequence[Study]) -> tuple[str, ...]:
    """Part a plan's ``a + b`` into columns, where it is not itself one.

    Parameters
    ----------
    entry : str
        As the plan writes it.
    studies : sequence of Study
        All of them.
    """
    if column_of(studies, entry) is not None:
        return (entry,)
    return tuple(part.strip() for part in entry.split("+") if part.strip())


def check_named_columns(plan: PoolPlan, studies: Sequence[Study]) -> None:
    """Refuse a plan that names a column which no study has.

    Parameters
    ----------
    plan : PoolPlan
        With ``subgroups``, ``regress`` and ``order``.
    studies : sequence of Study
        All of them.

    Raises
    ------
    PlanRefused
        ``column_unknown``, every one at once.
    """
    asked = [("subgroups", name) for name in plan.subgroups]
    asked += [("regress", name) for entry in plan.regress for name in columns_named(entry, studies)]
    asked += [("order", plan.order)] if plan.order not in ORDERS else []
    known = list(dict.fromkeys([one.name for study in studies for one in study.moderators]))
    problems = [
        Problem(
            "column_unknown",
            f"the studies have no column '{name}'",
            f"plan: {key}",
            nearest_names(name, [*known, *_OWN]),
        )
        for key, name in asked
        if column_of(studies, name) is None
    ]
    if problems:
        raise PlanRefused(problems)
