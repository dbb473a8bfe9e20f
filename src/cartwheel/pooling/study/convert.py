"""From the cells of a row to its effect: which measure, which route, or which fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cartwheel.errors import Refused
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.study.count_routes import (
    mean_effect,
    proportion_effect,
    rate_effect,
    table_effect,
    table_of,
    with_counts,
)
from cartwheel.pooling.study.effect import Asked, Effect
from cartwheel.pooling.study.headers import RATIOS, Headers, header_key, measure_named
from cartwheel.pooling.study.model_routes import c_from_counts, observed_expected
from cartwheel.pooling.study.printed import Printed
from cartwheel.pooling.study.printed_routes import effect_from_p_value, printed_effect
from cartwheel.pooling.study.reported import Reported, read_reported
from cartwheel.pooling.study.row import Row
from cartwheel.pooling.study.scales import scale_of
from cartwheel.pooling.study.survival_routes import (
    curve_effect,
    log_rank_effect,
    median_effect,
    o_minus_e_effect,
)

# in this order: what the paper computed itself, what follows exactly, what is assumed
_ROUTES: tuple[Callable[[Asked], Effect | None], ...] = (
    proportion_effect,
    printed_effect,
    o_minus_e_effect,
    table_effect,
    rate_effect,
    mean_effect,
    observed_expected,
    effect_from_p_value,
    c_from_counts,
    log_rank_effect,
    curve_effect,
    median_effect,
)
_PRINTED = ("estimate", "low", "high", "interval", "both", "analysis_effect", "std_error", "p")
_TWO_GROUPS = (("events_1", "events_0"), ("tp", "fn", "fp", "tn"))
_SURVIVAL: tuple[str, ...] = ("o_minus_e", "log_rank", "log_rank_p", "median_1", "curve_1")
_NUMBERS = (
    *_PRINTED,
    *_SURVIVAL,
    "events",
    "events_1",
    "rate_events_1",
    "tp",
    "mean_1",
    "observed",
)
# exp(50) is 5 with 21 zeros
_REACH = 50.0
# a ratio of 20 and more, and ten standard errors from 1
_LARGE, _SURE = 3.0, 10.0
_FRACTIONS = frozenset(("proportion", "C", "RD"))


@dataclass(frozen=True, slots=True)
class Ground:
    """What all rows of one table share.

    Parameters
    ----------
    headers : Headers
        What its columns are.
    plan : PoolPlan
        Settings.
    folder : str
        Where the table lies; curve files are looked for there.
    fractions_under_percent : bool
        The column of the estimate is headed as per cent, and no value in it exceeds 1.
    """

    headers: Headers
    plan: PoolPlan
    folder: str
    fractions_under_percent: bool = False


def has_numbers(row: Row) -> bool:
    """Whether a row prints anything that could become an effect.

    Parameters
    ----------
    row : Row
        One row; a p-value alone, or ``NR``, is nothing.
    """
    return any(row.has(role) for role in _NUMBERS if role != "p")


def measure_of(row: Row, ground: Ground) -> str | None:
    """Tell the measure of a row; faults where none is said, or none that is known.

    Parameters
    ----------
    row : Row
        One row.
    ground : Ground
        Its table.

    Returns
    -------
    str or None
    """
    said, from_header = row.text("measure"), ground.headers.measure
    if said:
        named = measure_named(said)
        if named is None:
            row.findings.fault(
                "unknown_measure",
                f"'{said[:40]}' is not a measure that can be pooled",
                "write HR, OR, RR, RD, IRR, MD, SMD, proportion, C, OE or slope",
            )
            return None
        if from_header and from_header != named and row.has("estimate"):
            row.findings.fault(
                "measure_contradicts",
                f"the column is headed {from_header}, the row says {named}",
                "head the column 'estimate'",
            )
            return None
        if header_key(said) in ("shr", "subdistributionhr"):
            row.findings.flag("subdistribution", "")
        return named
    if any(row.has(role) for role in _PRINTED if role not in ("p", "std_error")):
        if from_header:
            return from_header
        if ground.plan.measure is not None:
            return ground.plan.measure
    made = _made_of_counts(row, ground.plan.measure)
    if made is None:
        row.findings.fault(
            "missing_measure",
            "nothing says what the estimate is",
            "add a column 'measure' (HR, OR, ...), head the column 'HR', or say --measure HR",
        )
    return made


def _made_of_counts(row: Row, wanted: str | None) -> str | None:
    """Measure that counts, means and tests are turned into where the table names none."""
    # a column of medians or tests, filled or not, says that events are events over time
    over_time = any(role in row.cells for role in _SURVIVAL)
    if any(row.has(*cells) for cells in _TWO_GROUPS) and not over_time:
        if row.has("time_1", "time_0"):
            return "IRR"
        return wanted if wanted in ("OR", "RR", "RD") else "OR"
    if row.has("rate_events_1", "time_1"):
        return "IRR"
    if row.has("mean_1", "mean_0"):
        return wanted if wanted in ("MD", "SMD") else "MD"
    if over_time:
        return "HR"
    if row.has("observed", "expected"):
        return "OE"
    if row.has("events") and row.text("n") and not row.has("estimate"):
        return "proportion"
    return None


def convert(row: Row, measure: str, ground: Ground) -> Effect | None:
    """Turn a row into an effect with its error.

    Parameters
    ----------
    row : Row
        One row; its findings take the faults.
    measure : str
        As of a ``Study``.
    ground : Ground
        Its table.

    Returns
    -------
    Effect or None
        None where a fault was found.
    """
    plan, headers = ground.plan, ground.headers
    scale = scale_of(measure, plan.proportion_scale)
    positive = measure in RATIOS or measure in ("proportion", "C")
    reported = read_reported(row, positive=positive, header_level=headers.level)
    if measure in _FRACTIONS:
        percent = headers.percent and measure == "proportion"
        if percent and ground.fractions_under_percent and reported.estimate is not None:
            row.findings.fault(
                "percent_fraction",
                f"the column is headed as per cent, but {reported.estimate.text} and all other "
                "values in it look like fractions",
                "head it 'proportion', or multiply by 100",
            )
        reported = _as_fractions(reported, percent)
    elif measure != "MD":
        _refuse_per_cent(row, reported, measure)
    asked = Asked(
        row, reported, measure, scale, plan.add, plan.add_to, ground.folder,
        error_of_ratio=headers.error_of in RATIOS,
    )  # fmt: skip
    found: Effect | None = None
    for route in _ROUTES:
        if row.findings.faults or found is not None:
            break
        found = _tried(route, asked)
    if found is not None and scale in ("log", "logit"):
        _check_reach(row, found, measure)
    if row.findings.faults:
        return None
    if found is None:
        _no_route(row, reported, measure)
        return None
    if found.counts is None and measure in ("OR", "RR", "RD", "HR"):
        found = with_counts(found, table_of(row))
        _compare_with_counts(row, found)
    return found


def _compare_with_counts(row: Row, found: Effect) -> None:
    """Flag a printed ratio that clearly says the opposite of the counts beside it."""
    counts = found.counts
    if counts is None or counts.reference_events is None or not counts.reference_n:
        return
    risks = counts.events / counts.n, counts.reference_events / counts.reference_n
    opposite = (risks[0] - risks[1]) * found.effect < 0.0
    if opposite and abs(found.effect) > 2.0 * found.std_error:
        shown = (
            f"{found.reported}, but {counts.events:g}/{counts.n:g} against "
            f"{counts.reference_events:g}/{counts.reference_n:g}"
        )
        row.findings.flag("counts_disagree", shown)


def _refuse_per_cent(row: Row, reported: Reported, measure: str) -> None:
    for printed in (reported.estimate, reported.low, reported.high):
        if printed is not None and printed.percent:
            row.findings.fault(
                "percent_ratio",
                f"{printed.text}: a {measure} is not printed in per cent",
                "is it a proportion, or a change in per cent? Write the number without the sign "
                "only if that is what the paper says",
            )
            return


def _check_reach(row: Row, found: Effect, measure: str) -> None:
    """Refuse what no ratio of patients can be: it comes from a misplaced number."""
    size = abs(found.effect)
    if measure in RATIOS and size > _LARGE and size > _SURE * found.std_error:
        row.findings.flag("implausible_size", found.reported)
    if max(abs(found.effect), found.std_error) > _REACH:
        row.findings.fault(
            "implausible",
            f"an effect of {found.effect:.3g} with an error of {found.std_error:.3g} on the "
            f"{found.scale} scale",
            "look for a misplaced decimal mark or column",
        )


def _tried(route: Callable[[Asked], Effect | None], asked: Asked) -> Effect | None:
    """Follow a route; what the statistics refuse becomes a fault of the row."""
    if route is proportion_effect and asked.measure != "proportion":
        return None
    try:
        return route(asked)
    except Refused as error:
        asked.row.findings.faults += [
            replace(problem, where=asked.row.findings.where) for problem in error.problems
        ]
        return None


def _as_fractions(reported: Reported, percent_column: bool) -> Reported:
    """Divide by 100 what a per cent sign or the header calls per cent."""
    any_sign = any(
        printed is not None and printed.percent
        for printed in (reported.estimate, reported.low, reported.high)
    )

    def fraction(printed: Printed | None) -> Printed | None:
        if printed is None or not (percent_column or any_sign):
            return printed
        text = printed.text if "%" in printed.text else f"{printed.text}%"
        return replace(printed, value=printed.value / 100.0, half=printed.half / 100.0, text=text)

    return replace(
        reported,
        estimate=fraction(reported.estimate),
        low=fraction(reported.low),
        high=fraction(reported.high),
        std_error=fraction(reported.std_error) if percent_column else reported.std_error,
    )


def _no_route(row: Row, reported: Reported, measure: str) -> None:
    p = reported.p
    if p is not None and p.bound:
        what = (
            f"p {p.text.lstrip('pP =')} is only a bound, and no interval or standard error is there"
        )
        row.findings.fault(
            "p_bound", what, "give a 95 % interval, a standard error, or the exact p-value"
        )
    elif reported.low is not None and reported.high is not None:
        on_log = reported.on_scale is not None
        row.findings.fault(
            "no_estimate",
            "the limits do not say whether they are those of the effect on its analysis scale"
            if on_log
            else "an interval without its estimate",
            "give the printed estimate with its limits, or the effect with its standard error"
            if on_log
            else "give the estimate as printed",
        )
    elif row.text("median_1") and row.text("median_0"):
        row.findings.fault(
            "bound_only",
            f"medians {row.text('median_1')} and {row.text('median_0')}: one is not reached",
            "give a hazard ratio, or another route: log-rank, curve",
        )
    else:
        needed = (
            "give events and n, or an interval"
            if measure == "proportion"
            else "give a 95 % interval, a standard error, an exact p-value, or counts"
        )
        row.findings.fault("no_error", f"the {measure} has no interval and no error", needed)
