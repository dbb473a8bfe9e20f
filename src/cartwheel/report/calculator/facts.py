"""What stands below the calculator: population, evidence, sources and status, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from html import escape

from cartwheel.clinic.score_spec import Figure, PerformanceRow, ScoreSpec, TwoByTwo

_MARKS = {
    "verified": "read in the source",
    "unverified": "UNVERIFIED",
    "assumption": "ASSUMPTION, not published",
    "developed": "computed by cartwheel",
}


def facts_html(spec: ScoreSpec) -> str:
    """Write the facts of a score as the entries of a definition list.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    str
        Safe HTML.
    """
    entries = (*_origin(spec), *_standing(spec))
    return "\n".join(f"<dt>{escape(name)}</dt><dd>{html}</dd>" for name, html in entries)


def _origin(spec: ScoreSpec) -> Iterator[tuple[str, str]]:
    yield "Outcome", escape(spec.outcome.definition)
    population = spec.population
    counts = [
        f"{count} {word}"
        for count, word in ((population.n, "patients"), (population.events, "events"))
        if count is not None
    ]
    yield "Population", escape(population.text + (f" ({', '.join(counts)})" if counts else ""))
    for name, text in (
        ("Disease", population.disease),
        ("CAR-T product", population.product),
        ("Age", population.ages),
        ("Setting", population.setting),
    ):
        if text:
            yield name, escape(text)
    yield "Citation", _citation(spec)
    if spec.parent is not None:
        yield "Updated from", escape(f"{spec.parent.id}, version {spec.parent.version}")


def _citation(spec: ScoreSpec) -> str:
    text = escape(spec.citation.text)
    if spec.citation.doi is None:
        return text
    doi = escape(spec.citation.doi)
    return f'{text} <a href="https://doi.org/{doi}" rel="noreferrer">doi {doi}</a>'


def _standing(spec: ScoreSpec) -> Iterator[tuple[str, str]]:
    yield "Status", escape(f"{spec.status}, version {spec.version}")
    yield "Constants", "<br>".join(_constants(spec)) or "the file does not say where they come from"
    for row in spec.performance:
        yield "Evidence", escape(_performance(row))
    if not spec.performance and not spec.published:
        yield "Evidence", "the file states no performance"
    if spec.risk is not None and spec.risk.source:
        yield "Risk", escape(spec.risk.source)
    yield "Identity", f"{escape(spec.identity)}"


def _constants(spec: ScoreSpec) -> Iterator[str]:
    """Say where each constant was read; what shares a status and a source is said once."""
    found: dict[tuple[str, str], list[str]] = {}
    labels = {item.name: item.label for item in spec.inputs}
    labels |= {item.name: item.label or item.name for item in spec.derived}
    named = [
        *((f"{item.label} (unit, time)", item) for item in spec.inputs),
        *(
            (term.name or labels.get(getattr(term, "input", ""), term.kind), term)
            for term in spec.terms
        ),
        *((f"band {band.name}", band) for band in spec.bands),
    ]
    for name, part in named:
        if part.status is not None or part.source is not None:
            found.setdefault((part.status or "", part.source or ""), []).append(name)
    for (status, source), names in found.items():
        said = escape(", ".join(dict.fromkeys(names)))
        mark = _MARKS.get(status, status)
        loud = f"<b>{escape(mark)}</b>" if mark.isupper() or "ASSUMPTION" in mark else escape(mark)
        yield f"{said}: {loud}" + (f" ({escape(source)})" if source else "")


def _performance(row: PerformanceRow) -> str:
    apparent = _with_limits(row.apparent, row.apparent_low, row.apparent_high)
    corrected = (
        "not known"
        if row.corrected is None
        else _with_limits(row.corrected, row.corrected_low, row.corrected_high)
    )
    text = f"{row.label or row.name}: apparent {apparent}, corrected {corrected}"
    return text + (f" ({row.source})" if row.source else "")


def _with_limits(value: Decimal, low: Decimal | None, high: Decimal | None) -> str:
    if low is None or high is None:
        return _rounded(value)
    return f"{_rounded(value)} ({_rounded(low)} to {_rounded(high)})"


def _rounded(value: Decimal) -> str:
    # published figures keep their digits; what a development wrote has sixteen
    return str(value) if len(value.as_tuple().digits) <= 5 else f"{value:.4g}"


def published_html(entries: Iterable[TwoByTwo | Figure]) -> str:
    """Write the published figures of a score as tables.

    Parameters
    ----------
    entries : iterable of TwoByTwo or Figure
        From the score file.

    Returns
    -------
    str
        Safe HTML; empty where there are none.
    """
    listed = list(entries)
    tables = [each for each in listed if isinstance(each, TwoByTwo)]
    figures = [each for each in listed if isinstance(each, Figure)]
    parts = ["<h3>Published figures</h3>"] if listed else []
    if tables:
        counts = ("Events with it", "Events without", "Sensitivity", "Specificity")
        parts.append(_table(("Cohort", *counts, "From"), map(_two_by_two, tables)))
    if figures:
        parts.append(
            _table(("What", "Measure", "Value", "Patients", "From"), map(_figure, figures))
        )
    return "\n".join(parts)


def _two_by_two(each: TwoByTwo) -> tuple[str, ...]:
    return (
        f"{each.name} ({' or '.join(each.positive)} against the rest)",
        f"{each.events_positive}/{each.n_positive}",
        f"{each.events_negative}/{each.n_negative}",
        "" if each.sensitivity is None else str(each.sensitivity),
        "" if each.specificity is None else str(each.specificity),
        _from(each.status, each.source),
    )


def _figure(each: Figure) -> tuple[str, ...]:
    return (
        each.name,
        each.measure,
        _with_limits(each.value, each.low, each.high),
        "" if each.n is None else str(each.n),
        _from(each.status, each.source),
    )


def _from(status: str | None, source: str | None) -> str:
    return ": ".join(each for each in (_MARKS.get(status or "", ""), source or "") if each)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )
