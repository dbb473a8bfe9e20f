"""What ``cartwheel score`` reads from its options and prints for people."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from typing import Any

from cartwheel import __version__
from cartwheel.cli.common import (
    REFUSED,
    check_folder,
    pairs as column_pairs,
    say_problems,
    write_json,
    write_text,
)
from cartwheel.cli.score_call import ScoreCall
from cartwheel.clinic.score import ScoreSpec, read_score
from cartwheel.clinic.scoring import Assessment, Contribution, Unscorable
from cartwheel.errors import Problem, ScoreRefused
from cartwheel.workflows.score import score as score_patient

# the last "=" divides, unless it belongs to a limit sign: age>=65=1, crp=<=0.5 mg/L
_PAIR = re.compile(r"(.*[^<>])=(.*)", re.DOTALL)


def given_inputs(values: list[str], options: list[str], *, alone: bool) -> dict[str, str]:
    """Collect the inputs given as ``--set NAME=VALUE`` and as options of their own.

    Parameters
    ----------
    values : list of str
        Of ``--set``.
    options : list of str
        What the command line did not know: ``--ldh``, ``280 U/L``, or ``--ldh=280 U/L``.
    alone : bool
        Neither a patient file nor a cohort was given, so something must be here.

    Returns
    -------
    dict of str to str
        Name to value, as written.

    Raises
    ------
    ScoreRefused
        If an option has another form or a name comes twice.
    """
    written: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for text in values:
        _take(text, text, written, problems)
    queue = list(options)
    while queue:
        option = queue.pop(0)
        if option.startswith("--") and not _PAIR.fullmatch(option) and queue:
            written.append((option.removeprefix("--").strip(), queue.pop(0).strip()))
        else:
            pair = option.removeprefix("--") if option.startswith("--") else ""
            _take(pair, option, written, problems)
    names = [name for name, _ in written]
    problems += [
        Problem("given_twice", "this input is given twice", name, "give it once")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if alone and not written and not problems:
        problems.append(
            Problem("nothing_given", "no value was given", "", 'such as --ldh "280 U/L"')
        )
    if problems:
        raise ScoreRefused(problems)
    return dict(written)


def _take(pair: str, shown: str, written: list[tuple[str, str]], problems: list[Problem]) -> None:
    match = _PAIR.fullmatch(pair)
    if match is None:
        what = "this is neither --set NAME=VALUE nor --NAME VALUE"
        problems.append(Problem("option", what, shown[:40], 'such as --ldh "280 U/L"'))
    else:
        written.append((match[1].strip(), match[2].strip()))


def answer_patient(call: ScoreCall, inputs: dict[str, str]) -> None:
    """Score one patient and print the answer, or the reasons with exit code 2.

    Parameters
    ----------
    call : ScoreCall
        The score, and perhaps a JSON file with further inputs, days of measurement and where the
        JSON goes; with ``-`` nothing else is printed to stdout.
    inputs : dict of str to str
        Name to value with unit.
    """
    spec = read_score(call.file)
    _refuse_for_cohorts(call)
    found = score_patient(
        spec, dict(inputs), patient=call.patient, at=call.at, days=_days(call), about=_about(call)
    )
    if call.json is not None:
        write_json(call.json, _document(spec, type(found).__name__.lower(), found))
    if isinstance(found, Unscorable):
        say_problems(ScoreRefused(found.reasons))
        raise SystemExit(REFUSED)
    if call.json != "-":
        print("\n".join(_page(spec, found)))


def _refuse_for_cohorts(call: ScoreCall) -> None:
    for flag, given in (("--unit", call.units), ("--column", call.columns)):
        if given:
            raise ScoreRefused(
                Problem("no_cohort", "this goes with --cohort", flag, "name the sheet, or leave it")
            )


def _days(call: ScoreCall) -> dict[str, float]:
    return column_pairs(list(call.days), "--day", _day)


def _day(text: str) -> float:
    day = float(text)
    if not math.isfinite(day):
        raise ValueError
    return day


def _about(call: ScoreCall) -> dict[str, str]:
    said = {"disease": call.disease, "product": call.product}
    return {name: text for name, text in said.items() if text is not None}


def _document(spec: ScoreSpec, kind: str, result: object) -> dict[str, Any]:
    return {
        "kind": kind,
        "schema": f"cartwheel-{kind}/1",
        "provenance": {
            "cartwheel": __version__,
            "score": spec.id,
            "score_version": spec.version,
            "score_sha256": spec.identity,
        },
        "intended_use": spec.intended_use,
        "result": result,
    }


def _page(spec: ScoreSpec, found: Assessment) -> Iterator[str]:
    if found.simulated:
        yield "*** SIMULATED: this score was made from simulated patients ***"
    yield f"{spec.title} ({spec.id}, version {spec.version}, {spec.status})"
    yield ""
    yield f"  value   {_span(found.value, found.value_low, found.value_high)}"
    if found.bands:
        yield f"  band    {found.band or ' or '.join(found.bands)}"
    if found.risk_low is not None and found.risk_high is not None:
        risk = _span(found.risk, found.risk_low, found.risk_high, percent=True)
        source = spec.risk.source if spec.risk is not None else None
        of = f"{risk} of {spec.outcome.name}{_by(spec)}"
        yield f"  risk    {of}" + (f" ({source})" if source else "")
    for seen in found.observed:
        yield f"  seen    {seen.band}: {_evidence(seen.risk, seen.low, seen.high)}" + (
            f" ({seen.events} of {seen.n} patients; {seen.source})"
            if seen.n is not None and seen.events is not None
            else f" ({seen.source})"
        )
    yield ""
    yield from _contributions(found.contributions)
    if spec.intercept:
        yield f"  intercept {_short(float(spec.intercept))}"
    if found.warnings:
        yield ""
        yield "Warnings"
        yield from (f"  ! {warning}" for warning in found.warnings)
    yield ""
    yield from source_lines(spec)


def _contributions(parts: tuple[Contribution, ...]) -> Iterator[str]:
    rows = [
        (
            part.term,
            "missing" if part.value is None and part.effect is None
            else "" if part.value is None else f"{_short(part.value)} {part.unit}".strip(),
            part.rule,
            _span(part.effect, part.effect_low, part.effect_high, sign=True),
        )
        for part in parts
    ]  # fmt: skip
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    for term, value, rule, added in rows:
        yield f"  {term:<{widths[0]}}  {value:>{widths[1]}}  {rule:<{widths[2]}}  {added}"


def source_lines(spec: ScoreSpec) -> Iterator[str]:
    """Give population, evidence, version and intended use, which stand on every answer.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    iterator of str
        One line each.
    """
    counts = [
        f"{count} {word}"
        for count, word in ((spec.population.n, "patients"), (spec.population.events, "events"))
        if count is not None
    ]
    yield f"Outcome       {spec.outcome.definition}"
    counts += [f"age {spec.population.ages}"] if spec.population.ages else []
    yield f"Population    {spec.population.text}" + (f" ({', '.join(counts)})" if counts else "")
    for row in spec.performance:
        corrected = "not known" if row.corrected is None else _short(float(row.corrected))
        yield (
            f"Evidence      {row.label or row.name}: apparent {_short(float(row.apparent))}, "
            f"corrected {corrected}"
        )
    if not spec.performance:
        yield "Evidence      the file states no performance"
    if count := len(spec.published):
        figures = f"{count} figure{'' if count == 1 else 's'} of the publication"
        yield f"Published     {figures}: cartwheel scores show {spec.id}"
    yield f"Citation      {spec.citation.text}" + (
        f" doi {spec.citation.doi}" if spec.citation.doi else ""
    )
    yield f"Score file    {spec.id} {spec.version} {spec.identity[:19]}"
    yield f"Intended use  {spec.intended_use}"


def _span(
    value: float | None, low: float, high: float, *, percent: bool = False, sign: bool = False
) -> str:
    if value is not None:
        return _short(value, percent=percent, sign=sign)
    return (
        f"between {_short(low, percent=percent, sign=sign)} "
        f"and {_short(high, percent=percent, sign=sign)} (an input is missing)"
    )


def _evidence(risk: float, low: float | None, high: float | None) -> str:
    text = _short(risk, percent=True)
    if low is None or high is None:
        return text
    return f"{text} ({_short(low, percent=True)} to {_short(high, percent=True)})"


def _short(value: float, *, percent: bool = False, sign: bool = False) -> str:
    if percent:
        return f"{100 * value:.1f} %"
    return f"{value:{'+' if sign else ''}.6g}"


def _by(spec: ScoreSpec) -> str:
    if spec.outcome.horizon is None:
        return ""
    return f" by {spec.outcome.horizon} {spec.outcome.time_unit}"


def answer_cohort(call: ScoreCall, path: str, inputs: dict[str, str]) -> None:
    """Score every row of a sheet, write it with the answers added, and say how the rows came out.

    Parameters
    ----------
    call : ScoreCall
        The score, what is said of the sheet, and where the sheet and the JSON go; with ``-`` for
        both, only the JSON is printed to stdout.
    path : str
        The sheet.
    inputs : dict of str to str
        Options of the score's parameters; nothing else goes with a sheet.
    """
    # arrays and tables load only where there is a sheet
    from cartwheel.workflows.score_cohort import count_lines, score_cohort

    check_folder(call.output)
    spec = read_score(call.file)
    parameters = {parameter.name for parameter in spec.parameters}
    if call.patient is not None or not inputs.keys() <= parameters:
        raise ScoreRefused(
            Problem("both", "--cohort does not go with the values of one patient", "",
                    "call it once for each")
        )  # fmt: skip
    scored = score_cohort(
        spec,
        path,
        units=column_pairs(list(call.units), "--unit", str),
        columns=column_pairs(list(call.columns), "--column", str),
        choices=inputs,
        days=_days(call),
        about=_about(call),
    )
    counts = scored.counts
    table = "" if call.json == "-" and call.output == "-" else scored.table()
    if call.json is not None:
        rows = [
            {"row": row, "kind": type(found).__name__.lower(), "result": found}
            for row, found in scored.assessments()
        ]
        write_json(call.json, _document(spec, "assessments", rows) | {"counts": counts})
    if table:
        write_text(call.output, table)
    print("\n".join([*scored.warnings, *count_lines(counts)]), file=sys.stderr)
