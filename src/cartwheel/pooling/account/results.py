"""The results section: what was found, no more, and what speaks against it as plainly."""

from __future__ import annotations

from collections.abc import Sequence

from cartwheel.pooling.account.conversions import rows_left_out
from cartwheel.pooling.account.found import (
    accuracy_found,
    association,
    other_models_found,
    spread,
)
from cartwheel.pooling.account.numbers import counted, decimals, ended, interval, listed
from cartwheel.pooling.account.questions_answered import (
    confounding,
    influence_found,
    left_out_found,
    regressions_found,
    small_studies_found,
    subgroups_found,
)
from cartwheel.pooling.result import Pool
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_appraisal import Flow, Grade, Quality

# cautions that the sentences here say themselves
_SAID = ("leave_one_out", "models_disagree", "prediction_crosses", "dominated",
         "impossible_interval")  # fmt: skip
# said again by each pool, with the result without the rows
_OVERLAPS = ("overlap_same_label", "overlap_noted", "overlap_same_numbers")


def results_of(pool: Pool) -> tuple[str, ...]:
    """Write the results, a paragraph an item.

    Parameters
    ----------
    pool : Pool
        What was found.

    Returns
    -------
    tuple of str
        Records and rows first, then a paragraph for each pool, single studies together, risk of
        bias and certainty last.
    """
    pooled = [analysis for analysis in pool.analyses if analysis.k > 1]
    single = [analysis for analysis in pool.analyses if analysis.k == 1]
    said = [
        "These data are simulated: no number here is about real patients."
        if pool.simulated
        else "",
        _flow(pool.flow) if pool.flow is not None else "",
        _rows(pool),
        _about_table(pool),
        *(_analysis(analysis) for analysis in pooled),
        _single(single),
        *(_quality(quality) for quality in pool.quality),
        _grades(pool.grades),
    ]
    return tuple(text for text in said if text)


def _flow(flow: Flow) -> str:
    counts = {box.code: box.count for box in flow.boxes}
    found = sum(counts.get(code, 0) for code in ("databases", "registers", "other_identified"))
    text = f"{counted(found, 'record was', 'records were')} identified"
    if "screened" in counts:
        text += f", {decimals(counts['screened'], 0)} screened"
    if "assessed" in counts:
        assessed = counts["assessed"] + counts.get("other_assessed", 0)
        text += f", {counted(assessed, 'report', 'reports')} assessed"
    if "studies" in counts:
        text += f" and {counted(counts['studies'], 'study', 'studies')} included"
    text += "."
    for code in ("reports_excluded", "other_reports_excluded"):
        box = next((one for one in flow.boxes if one.code == code and one.reasons), None)
        if box is not None:
            why = listed([f"{reason} ({decimals(count, 0)})" for reason, count in box.reasons])
            text += f" {box.label}: {why}."
    return text


def _rows(pool: Pool) -> str:
    used = sum(study.used for study in pool.studies)
    read = len(pool.studies) + len(pool.left_out)
    text = (
        f"{counted(read, 'row was', 'rows were')} read, {decimals(used, 0)} of them "
        f"used in {counted(len(pool.analyses), 'analysis', 'analyses')}."
    )
    left = rows_left_out(pool.studies, pool.left_out)
    return f"{text} {left}" if left else text


def _about_table(pool: Pool) -> str:
    """Cautions of the table that no pool repeats; notes of overlap are counted."""
    cautions = [note for note in pool.notes if note.severity == "caution"]
    notes = [note for note in cautions if note.code == "overlap_note"]
    said = [note.text for note in cautions if note.code not in (*_SAID, *_OVERLAPS, "overlap_note")]
    if notes:
        said.append(
            f"In {counted(len(notes), 'place', 'places')} the table notes that patients may be "
            "shared with other rows or papers"
        )
    return _cautions(said)


def _cautions(texts: Sequence[str]) -> str:
    return f"Cautions: {' '.join(ended(text) for text in texts)}" if texts else ""


def _analysis(analysis: Analysis) -> str:
    cautions = [
        note.text
        for note in analysis.notes
        if note.severity == "caution" and note.code not in _SAID
    ]
    said = [
        association(analysis),
        spread(analysis),
        accuracy_found(analysis),
        other_models_found(analysis),
        left_out_found(analysis),
        influence_found(analysis),
        *(subgroups_found(analysis, groups) for groups in analysis.subgroups),
        *(regressions_found(one) for one in analysis.regressions),
        small_studies_found(analysis),
        confounding(analysis),
        _cautions(cautions),
    ]
    return " ".join(text for text in said if text)


def _single(single: Sequence[Analysis]) -> str:
    if not single:
        return ""
    told = [
        f"{analysis.name}: {analysis.studies[0].study}, "
        f"{interval(analysis.studies[0].estimate, analysis.measure)}"
        for analysis in single
        if analysis.studies
    ]
    return f"One study only, so not pooled: {'; '.join(told)}."


def _quality(quality: Quality) -> str:
    judged = [study for study in quality.studies if study.judgements or study.overall]
    if not judged:
        return ""
    text = f"{quality.tool}: {counted(len(judged), 'study was', 'studies were')} judged"
    levels: dict[str, int] = {}
    for study in judged:
        if study.overall:
            levels[study.overall] = levels.get(study.overall, 0) + 1
    if levels:
        text += "; overall " + listed(
            [f"{level} in {decimals(number, 0)}" for level, number in levels.items()]
        )
    else:
        text += "; no overall judgement was made"
    stars = [study.stars for study in judged if study.stars is not None]
    if stars:
        ends = dict.fromkeys((decimals(min(stars), 0), decimals(max(stars), 0)))
        text += f"; {' to '.join(ends)} stars of 9"
    text += "."
    if quality.missing:
        text += f" Not judged, or not wholly: {'; '.join(quality.missing)}."
    return text


def _grades(grades: Sequence[Grade]) -> str:
    told = []
    for grade in grades:
        changed = [
            f"{'up' if domain.change > 0 else 'down'} {abs(domain.change)} for "
            f"{domain.domain.replace('_', ' ')}: {domain.reason}"
            for domain in grade.domains
            if domain.change
        ]
        why = f" ({'; '.join(changed)})" if changed else " (nothing rated down or up)"
        told.append(f"{grade.analysis} {grade.certainty}, from {grade.start}{why}")
    return f"Certainty of the evidence: {'; '.join(told)}." if told else ""
