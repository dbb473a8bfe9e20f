"""What a pool mixes that perhaps should not be mixed: cut-offs, adjustment, units, times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cartwheel.note import Note
from cartwheel.pooling.analysis.columns import column_of
from cartwheel.pooling.analysis.members import Members
from cartwheel.pooling.analysis.wording import rows_first, rows_text
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.pools import fold

_PER_UNIT = re.compile(
    r"\bper\s+(?:doubling|unit|\d|log|ln|sd\b|standard|point|increase|year|10|mg|ug|u/l)|"
    r"\bcontinuous\b|\bdoubling\b|\beach\s+(?:unit|point|year)",
    re.I,
)
_TIME_COLUMNS = ("timepoint", "time point", "timing", "time of measurement", "measured", "day")
_AFTER = re.compile(
    r"\b(?:after|following|since)\s+(?:car|infusion|treatment|therapy|day 0|transfusion)|"
    r"\bpost[\s-]?(?:infusion|car|treatment|therapy)|"
    r"\b(?:day|month|week)s?\s*\+?\s*[1-9]\d*\b(?!.*\bbefore\b)",
    re.I,
)
_BEFORE = re.compile(r"\b(?:before|prior to|pre)\b|\bpre-|\bday\s*[-\u2212\u2013]\s*\d", re.I)
_ADJUSTED = {"yes": "adjusted", "true": "adjusted", "no": "not adjusted", "false": "not adjusted"}
_POST_FACTOR = re.compile(r"\bpost[\s-]?infusion factor", re.I)


def mixtures_of(members: Members) -> Iterator[Note]:
    """Say what a pool mixes, and what was measured too late.

    Parameters
    ----------
    members : Members
        The pool; a single study is looked at too, for its time.

    Yields
    ------
    Note
    """
    yield from _measured_after(members)
    if members.k > 1:
        yield from _opposite(members)
        yield from _units(members)
        yield from _cutoffs(members)
        yield from _adjustment(members)
        yield from _times(members)


def _opposite(members: Members) -> Iterator[Note]:
    """Studies that exclude no effect on either side: real, or a comparison turned round."""
    null = members.null
    if null is None:
        return
    above, below = [], []
    for study in members.studies:
        low, high = study.estimate.low, study.estimate.high
        if low is not None and low > null:
            above.append(study)
        elif high is not None and high < null:
            below.append(study)
    if above and below and members.measure not in ("OE", "slope"):
        fewer, more = sorted((above, below), key=len)
        side = "above" if fewer is above else "below"
        turned = "write 'invert' into its comparison"
        if members.measure == "C":
            turned = "a C-statistic below 0.5 belongs to the turned marker"
        yield Note(
            "opposite_directions",
            "caution",
            f"{rows_first(fewer)} {_verb(fewer, 'lies', 'lie')} wholly {side} "
            f"{null:g}, {rows_text(more)} wholly on the other side. Look whether all compare the "
            f"same way round; if not, {turned}.",
        )


def _measured_after(members: Members) -> Iterator[Note]:
    late = [study for study in members.studies if _is_late(study)]
    if late:
        yield Note(
            "after_infusion",
            "caution",
            f"{rows_first(late)}: the factor was measured after the infusion. Patients "
            "had to be alive and event-free until then, and earlier events are not predicted by "
            "it: such an effect holds only from that time on (a landmark), and must not be pooled "
            "with, or used like, one known before infusion.",
        )


def _is_late(study: Study) -> bool:
    # a proportion or a mean has no factor that could be known too late
    if study.measure == "proportion":
        return False
    if _POST_FACTOR.search(study.overlap):
        return True
    when = _time(study)
    return bool(when and _AFTER.search(when) and not _BEFORE.search(when))


def _time(study: Study) -> str:
    for name in _TIME_COLUMNS:
        column = column_of((study,), name)
        if column is not None and column.texts[0]:
            return column.texts[0]
    return ""


def _is_per_unit(study: Study) -> bool:
    return any(
        _PER_UNIT.search(text) for text in (study.comparison, study.cutoff_text, study.factor)
    )


def _units(members: Members) -> Iterator[Note]:
    per_unit = [study for study in members.studies if _is_per_unit(study)]
    cut = [study for study in members.studies if study not in per_unit]
    if per_unit and cut:
        yield Note(
            "per_unit_and_cutoff",
            "caution",
            f"{rows_first(per_unit)} {_verb(per_unit)} an effect per unit or per "
            f"doubling, {rows_text(cut)} one between groups: these are different quantities, and "
            "their pool means neither.",
        )
    kinds = {fold(study.comparison) for study in per_unit if study.comparison}
    if len(kinds) > 1:
        yield Note(
            "different_units",
            "caution",
            f"The effects are per different units ({'; '.join(sorted(kinds)[:4])}).",
        )


def _verb(studies: Sequence[Study], one: str = "gives", many: str = "give") -> str:
    return one if len(studies) == 1 else many


def _cutoffs(members: Members) -> Iterator[Note]:
    texts = [study.cutoff_text for study in members.studies]
    known = list(dict.fromkeys(_cut(study) for study in members.studies if study.cutoff_text))
    if len(known) > 1:
        unsaid = sum(not text for text in texts)
        more = f"; {unsaid} {'row does' if unsaid == 1 else 'rows do'} not say" if unsaid else ""
        yield Note(
            "different_cutoffs",
            "caution",
            f"The studies cut at different values ({', '.join(known[:8])}{more}): 'high' is not "
            "the same group of patients in each, and a cut-off chosen from the same data "
            "overstates its effect.",
        )


def _cut(study: Study) -> str:
    return study.cutoff_text if study.cutoff is None else f"{study.cutoff:g}"


def _adjustment(members: Members) -> Iterator[Note]:
    column = column_of(members.studies, "adjusted")
    if column is None or not any(column.texts):
        return
    kinds: dict[str, list[Study]] = {}
    for study, text in zip(members.studies, column.texts, strict=True):
        said = fold(text) or "not said"
        kinds.setdefault(_ADJUSTED.get(said, said), []).append(study)
    if len(kinds) > 1:
        said = "; ".join(f"{kind}: {rows_text(found)}" for kind, found in kinds.items())
        yield Note(
            "mixed_adjustment",
            "caution",
            f"Adjusted and unadjusted effects, or effects of which it is not known, are pooled "
            f"together ({said}): a hazard or odds ratio changes with what it is adjusted for.",
        )


def _times(members: Members) -> Iterator[Note]:
    times: dict[str, list[Study]] = {}
    for study in members.studies:
        times.setdefault(fold(_time(study)), []).append(study)
    times.pop("", None)
    if len(times) > 1:
        said = "; ".join(f"{when}: {rows_text(found)}" for when, found in times.items())
        yield Note(
            "different_times",
            "information",
            f"The factor was measured at different times ({said}).",
        )
