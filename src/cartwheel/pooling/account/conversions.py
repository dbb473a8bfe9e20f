"""How printed numbers became effects and errors, told once for all rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cartwheel.pooling.account.numbers import counted, decimals, listed
from cartwheel.pooling.account.validations import imputed_centres, validated_scores
from cartwheel.pooling.account.works import Citations
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.result import LeftOut
from cartwheel.pooling.study.result_validated import VALIDATION

_RATIOS = ("HR", "OR", "RR", "IRR", "OE")


def conversions(used: Sequence[Study], plan: PoolPlan, cited: Citations) -> str:
    """Name every route from a printed number to an effect that was taken.

    Parameters
    ----------
    used : sequence of Study
        Rows that were analysed.
    plan : PoolPlan
        For what was added to zero cells.
    cited : Citations
        Collects what is cited.

    Returns
    -------
    str
        Empty where no row was used.
    """
    if not used:
        return ""
    routes: dict[str, list[Study]] = {}
    for study in used:
        routes.setdefault(study.route, []).append(study)
    told = [
        f"{_ROUTES[route](rows, cited)} ({counted(len(rows), 'row', 'rows')})"
        if route in _ROUTES
        else f"by the route '{route}' ({counted(len(rows), 'row', 'rows')})"
        for route, rows in routes.items()
    ]
    text = f"Effects and their standard errors came {'; '.join(told)}."
    return " ".join(filter(None, (text, _inverted(used), _zeros(used, plan, cited))))


def _inverted(used: Sequence[Study]) -> str:
    turned = [study.study for study in used if study.inverted]
    if not turned:
        return ""
    return (
        f"{counted(len(turned), 'comparison was', 'comparisons were')} turned round so that all "
        f"compare the same way ({listed(list(dict.fromkeys(turned)))})."
    )


def _zeros(used: Sequence[Study], plan: PoolPlan, cited: Citations) -> str:
    counted_rows = [s for s in used if s.route in ("two_by_two", "accuracy", "counts", "rates")]
    corrected = [
        study for study in counted_rows if any("added to" in text for text in study.assumptions)
    ]
    if corrected:
        number = len(corrected)
        where = f"of {counted(number, 'row', 'rows')} with a zero, and of no other"
        if plan.add_to == "all":
            where = "of every row, whether it had a zero or not"
        return f"{plan.add:g} was added to the counts {where}" + cited.cite("zero_cells") + "."
    return "No count was zero, so nothing was added to any." if counted_rows else ""


def _from_interval(rows: Sequence[Study], cited: Citations) -> str:
    text = "from the printed estimate and the width of its interval"
    if any(study.measure in _RATIOS for study in rows):
        text += " on the log scale"
    return text + (cited.cite("tierney") if any(s.measure == "HR" for s in rows) else "")


def _from_counts(rows: Sequence[Study], cited: Citations) -> str:
    kinds = []
    measures = {study.measure for study in rows}
    if "proportion" in measures:
        kinds.append("from events and patients")
    if "C" in measures:
        kinds.append(
            "for C-statistics printed without an error, from patients and events"
            + cited.cite("newcombe")
        )
    if "OE" in measures:
        kinds.append("from observed and expected events" + cited.cite("debray"))
    return listed(kinds) or "from counts"


def _means(rows: Sequence[Study], cited: Citations) -> str:
    text = "from means and standard deviations"
    if any(study.measure == "SMD" for study in rows):
        text += ", with the small-sample factor" + cited.cite("hedges")
    return text


def _own_results(rows: Sequence[Study], _: Citations) -> str:
    text = f"from result {'file' if len({row.file for row in rows}) == 1 else 'files'} of cartwheel"
    scores, imputed = validated_scores(rows), imputed_centres(rows)
    if scores:
        text += f", validations of {'the score ' if len(scores) == 1 else ''}{listed([*scores])}"
    if imputed:
        text += f", with missing inputs imputed at {listed([*imputed])}"
    if any(VALIDATION not in row.conversion for row in rows):
        text += ", corrected for optimism where they are developments (no external validation)"
    return text


_ROUTES: dict[str, Callable[[Sequence[Study], Citations], str]] = {
    "interval": _from_interval,
    "std_error": lambda _, __: "from the printed estimate and standard error",
    "p_value": lambda _, cited: (
        "from the printed estimate and an exact two-sided p-value" + cited.cite("tierney")
    ),
    "log_rank": lambda _, cited: (
        "from a log-rank test and the events of each group" + cited.cite("parmar", "tierney")
    ),
    "o_minus_e": lambda _, cited: (
        "from observed minus expected events and their variance" + cited.cite("peto", "tierney")
    ),
    "medians": lambda _, __: (
        "from two medians and the events of each group, as if hazards were constant"
    ),
    "curve": lambda _, cited: (
        "from survival curves, of which patients were reconstructed, and a Cox model"
        + cited.cite("guyot")
    ),
    "two_by_two": lambda _, __: "from events and patients of two groups",
    "accuracy": lambda _, __: "from true and false positives and negatives",
    "counts": _from_counts,
    "rates": lambda _, __: "from events and person-time of two groups",
    "means": _means,
    "result_file": _own_results,
}


def rows_left_out(studies: Sequence[Study], left_out: Sequence[LeftOut]) -> str:
    """Say how many rows were not used, and why.

    Parameters
    ----------
    studies : sequence of Study
        Every row with an effect.
    left_out : sequence of LeftOut
        Rows that gave no effect.

    Returns
    -------
    str
        Empty where all were used.
    """
    unused = [study for study in studies if not study.used]
    if not unused and not left_out:
        return ""
    reasons: dict[str, list[str]] = {}
    rows: list[Study | LeftOut] = [*unused, *left_out]
    for one in rows:
        name = f"row {decimals(one.row, 0)}" if one.row else one.file
        label = f" ({one.study})" if one.study else ""
        reasons.setdefault(one.reason, []).append(name + label)
    said = "; ".join(f"{listed(names)}: {reason}" for reason, names in reasons.items())
    number = len(unused) + len(left_out)
    return f"{counted(number, 'row was', 'rows were')} read and not used. {said}."
