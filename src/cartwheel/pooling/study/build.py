"""From a row and its effect to a study: label, comparison, cut-off, moderators, record."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from scipy.special import ndtri

from cartwheel.estimate import Estimate
from cartwheel.pooling.result_studies import Counts, Moderator, Study
from cartwheel.pooling.study.comparison import Comparison, read_comparison
from cartwheel.pooling.study.convert import Ground, convert, measure_of
from cartwheel.pooling.study.cutoffs import read_cutoff
from cartwheel.pooling.study.effect import Effect
from cartwheel.pooling.study.printed import Unread, read_number
from cartwheel.pooling.study.reported import read_reported
from cartwheel.pooling.study.row import Row
from cartwheel.pooling.study.scales import normal_estimate, onto_scale, scale_of

_TURNABLE = frozenset(("HR", "OR", "RR", "RD", "IRR", "MD", "SMD"))
_META = re.compile(r"meta-?analys|pooled (?:result|estimate)|systematic review", re.I)


@dataclass(frozen=True, slots=True)
class Named:
    """The words of a row, after the plan's ``same_outcome`` and ``same_group``.

    Parameters
    ----------
    study, group, outcome, cluster : str
        As of a ``Study``.
    moderators : tuple of Moderator
        Further columns.
    """

    study: str
    group: str
    outcome: str
    cluster: str
    moderators: tuple[Moderator, ...]


def build_study(row: Row, named: Named, ground: Ground) -> tuple[Study | None, str | None]:
    """Make the study of a row.

    Parameters
    ----------
    row : Row
        One row; its findings take the faults.
    named : Named
        Its words.
    ground : Ground
        Its table.

    Returns
    -------
    tuple of (Study or None, str or None)
        The study, None where a fault was found; and the measure, where it is known. A row whose
        interval is impossible is a study that is not used, with its interval as printed.
    """
    measure = measure_of(row, ground)
    if measure is None:
        return None, None
    comparison = read_comparison(row.text("comparison"))
    if comparison.inverted and measure not in _TURNABLE:
        row.findings.fault(
            "cannot_invert",
            f"a {measure} cannot be turned round",
            "take 'invert' out of the comparison",
        )
        return None, measure
    _flag_words(row, named, comparison)
    n = row.count_of("n") if row.has("n") else None
    effect = convert(row, measure, ground)
    if effect is None:
        return _impossible(row, named, ground, measure, comparison), measure
    return _study(row, named, ground, measure, comparison, effect, n), measure


def _flag_words(row: Row, named: Named, comparison: Comparison) -> None:
    if comparison.doubtful:
        row.findings.flag("direction_doubtful", f"'{comparison.text}'")
    if comparison.inverted:
        row.findings.flag("inverted", f"now {comparison.text}", "information")
    if _META.search(named.study) and not row.text("row_type"):
        row.findings.flag("meta_analysis_row", "")


def _study(
    row: Row,
    named: Named,
    ground: Ground,
    measure: str,
    comparison: Comparison,
    found: Effect,
    n: float | None,
) -> Study:
    level = ground.plan.level
    effect, sentence, counts = found.effect, found.sentence, found.counts
    if comparison.inverted:
        effect, counts = -effect, _turned(counts)
        sentence += "; turned round: the effect with the other sign"
        if found.scale == "log":
            sentence += " (1/estimate, 1/upper, 1/lower)"
    patients = n if n is not None else found.n
    if measure == "C" and effect + float(ndtri(0.5 + level / 2.0)) * found.std_error < 0.0:
        row.findings.flag("below_half", found.reported)
    cut = read_cutoff(row.text("cutoff"), ground.plan.decimal)
    assumptions = found.assumptions
    if cut.from_text and cut.value is not None:
        assumptions = (*assumptions, f"the cut-off {cut.value:g} was read from '{cut.text}'")
    return Study(
        row=row.number,
        file=row.file,
        study=named.study,
        year=_year(row),
        group=named.group,
        outcome=named.outcome,
        factor=row.text("factor"),
        comparison=comparison.text,
        measure=measure,
        n=patients,
        reported=found.reported,
        route=found.route,
        conversion=sentence,
        assumptions=assumptions,
        inverted=comparison.inverted,
        scale=found.scale,
        effect=effect,
        std_error=found.std_error,
        estimate=normal_estimate(
            effect, found.std_error, found.scale, level=level, n=patients, events=found.events
        ),
        counts=counts,
        cutoff=cut.value,
        cutoff_text=cut.text,
        cluster=named.cluster,
        moderators=named.moderators,
        source=_source(row),
        overlap=row.text("overlap"),
        used=True,
        reason="",
    )


def _impossible(
    row: Row, named: Named, ground: Ground, measure: str, comparison: Comparison
) -> Study | None:
    """Keep a row whose interval leaves out its estimate, as printed, to be shown and not used."""
    faults = row.findings.faults
    if len(faults) != 1 or faults[0].code != "impossible_interval" or measure == "proportion":
        return None
    reported = read_reported(row, positive=True, header_level=ground.headers.level)
    value, low, high = reported.estimate, reported.low, reported.high
    scale = scale_of(measure, ground.plan.proportion_scale)
    if value is None or low is None or high is None or scale not in ("log", "identity"):
        return None
    ends = [onto_scale(printed.value, scale) for printed in (low, high)]
    width = (ends[1] - ends[0]) / (2.0 * float(ndtri(0.5 + reported.level / 2.0)))
    as_if = Effect(
        onto_scale(value.value, scale),
        width,
        scale,
        "interval",
        "not converted: the interval does not contain its estimate",
        reported.text(measure),
    )
    study = _study(row, named, ground, measure, comparison, as_if, row.count_of("n"))
    return replace(
        study,
        estimate=Estimate(
            value.value, low.value, high.value, reported.level, "as printed: impossible"
        ),
        used=False,
        reason=faults[0].what,
    )


def _turned(counts: Counts | None) -> Counts | None:
    if counts is None or counts.reference_events is None or counts.reference_n is None:
        return counts
    return Counts(
        counts.reference_events,
        counts.reference_n,
        counts.events,
        counts.n,
        counts.reference_person_time,
        counts.person_time,
    )


def _year(row: Row) -> int | None:
    found = re.search(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)", row.text("year"))
    return int(found[1]) if found else None


def _source(row: Row) -> str:
    parts = [row.text(role) for role in ("source", "doi")]
    if row.text("pmid"):
        parts.append(f"PMID {row.text('pmid')}")
    return "; ".join(dict.fromkeys(part for part in parts if part))


def moderators_of(
    rows: list[dict[str, str]], names: tuple[str, ...], decimal: str | None
) -> list[tuple[Moderator, ...]]:
    """Make the moderators of all rows: a column is a number where every filled cell is one.

    Parameters
    ----------
    rows : list of dict
        Column to text.
    names : tuple of str
        Columns, in order.
    decimal : str, optional
        Decimal mark, where the plan declares it.

    Returns
    -------
    list of tuple of Moderator
        One tuple a row.
    """
    numbers: dict[str, list[float | None]] = {}
    for name in names:
        values: list[float | None] = []
        for row in rows:
            text = row.get(name, "")
            found = read_number(text, decimal=decimal) if text else None
            unread = isinstance(found, Unread) or (found is not None and bool(found.bound))
            if unread:
                values = []
                break
            values.append(None if found is None or isinstance(found, Unread) else found.value)
        numbers[name] = values or [None] * len(rows)
    return [
        tuple(Moderator(name, row.get(name, ""), numbers[name][place]) for name in names)
        for place, row in enumerate(rows)
    ]
