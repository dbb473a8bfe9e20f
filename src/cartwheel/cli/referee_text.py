"""The referee's words on the terminal: in short at the end of a command, or in full."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from cartwheel.finding import Domain, Finding, RefereeReport

WIDTH = 80
GRAVE = ("critical", "major")
LESS = {"minor": "minor", "information": "for information"}


def referee_lines(report: RefereeReport) -> list[str]:
    """Write the report in short: every critical and major finding with its evidence.

    Parameters
    ----------
    report : RefereeReport
        Of what was just made.

    Returns
    -------
    list of str
        Without line ends; less grave findings are counted.
    """
    lines = _wrapped(f"Referee: {report.summary}")
    for finding in report.findings:
        if finding.severity in GRAVE:
            lines += _wrapped(f"! {finding.severity}: {finding.what}", "  ", "    ")
            lines += _wrapped(finding.evidence, "    ", "    ")
    counts = {
        word: sum(1 for one in report.findings if one.severity == level)
        for level, word in LESS.items()
    }
    rest = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if rest:
        lines += _wrapped(f"not shown here: {rest} (cartwheel referee RESULT.json)", "  ")
    return lines


def report_lines(report: RefereeReport) -> list[str]:
    """Write the whole report.

    Parameters
    ----------
    report : RefereeReport
        Of a result or plan.

    Returns
    -------
    list of str
        Without line ends: findings gravest first, open questions, what passed, instruments.
    """
    lines = [f"Referee's report: {report.kind}", *_wrapped(report.summary)]
    lines += finding_lines(report.findings)
    unanswered = [one for one in report.passed if not one.answered]
    lines += _listed("Could not be answered", (f"{one.code}: {one.text}" for one in unanswered))
    clear = [one for one in report.passed if one.answered]
    lines += _listed("Nothing to say", (f"{one.code}: {one.text}" for one in clear))
    lines += _instruments(report.domains)
    return lines


def finding_lines(findings: Iterable[Finding]) -> list[str]:
    """Write findings in full, in their order.

    Parameters
    ----------
    findings : iterable of Finding
        Gravest first.

    Returns
    -------
    list of str
        Each begins with an empty line.
    """
    lines: list[str] = []
    for one in findings:
        lines += ["", f"{one.severity.upper()}  {one.code}"]
        lines += _wrapped(one.what, "  ", "  ")
        lines += _wrapped(f"evidence: {one.evidence}", "  ", "    ")
        lines += _wrapped(f"mend: {one.mend}", "  ", "    ")
        if one.source:
            lines += _wrapped(f"source: {one.source}", "  ", "    ")
    return lines


def _instruments(domains: tuple[Domain, ...]) -> Iterator[str]:
    for name in dict.fromkeys(one.instrument for one in domains):
        items = [one for one in domains if one.instrument == name]
        answered = [one for one in items if one.answer]
        yield ""
        yield f"{name}: {len(answered)} of {len(items)} questions answered by the run"
        domain = ""
        for one in items:
            if one.domain != domain:
                domain = one.domain
                yield f"  {domain}"
            yield from _wrapped(f"{one.question} {one.answer or '[ ]'}", "    ", "      ")
            if one.because:
                yield from _wrapped(one.because, "      ", "      ")


def _listed(title: str, texts: Iterable[str]) -> list[str]:
    found = list(texts)
    lines = ["", title] if found else []
    for text in found:
        lines += _wrapped(f"- {text}", "  ", "    ")
    return lines


def _wrapped(text: str, first: str = "", later: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
    )
