"""The text of an appraisal on the terminal: what follows, what was assumed, what stays open."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from cartwheel.cli.referee_text import finding_lines
from cartwheel.estimate import Estimate
from cartwheel.finding import RefereeReport
from cartwheel.pooling.appraisal.result import (
    Appraisal,
    ImpliedHeterogeneity,
    ModelAppraisal,
    PooledAppraisal,
)
from cartwheel.pooling.appraisal.result_external import ExternalValidation
from cartwheel.pooling.appraisal.words import PaperWords

WIDTH = 80
NEEDED = {
    "apparent": "if the model were as good as printed",
    "corrected": "if it is as good as can be expected",
    "fifteen_percent": "if it explained 15 % of what can be explained",
}


def appraisal_lines(result: Appraisal, report: RefereeReport | None = None) -> Iterator[str]:
    """Write an appraisal, line by line.

    Parameters
    ----------
    result : Appraisal
        What was found.
    report : RefereeReport, optional
        What a reviewer will ask of it.

    Yields
    ------
    str
        Without line ends.
    """
    yield result.title
    for one in result.pooled:
        yield ""
        yield from _pooled(one)
    # what every one of them rests on is said once
    assumed = (text for one in result.pooled for text in one.assumptions)
    unknown = (text for one in result.pooled for text in one.unknown)
    yield from _listed("Assumed", dict.fromkeys(assumed))
    yield from _listed("Cannot be known without the study rows", dict.fromkeys(unknown))
    if result.model is not None:
        yield ""
        yield from _model(result.model)
    if result.external is not None:
        yield from _external(result.external)
    if result.words is not None:
        yield from _words(result.words, result.model is None)
    if report is not None:
        yield ""
        yield from _wrapped(f"Referee: {report.summary}")
        yield from finding_lines(report.findings)
    yield ""
    yield "Research and education; not a medical device."


def _pooled(one: PooledAppraisal) -> Iterator[str]:
    counts = [f"{one.k} studies" if one.k else "number of studies not said"]
    if one.n:
        counts.append(f"{one.n:.0f} patients")
    heading = ", ".join(filter(None, (one.label, one.outcome)))
    yield from _wrapped(f"{heading}: {one.reported}; {', '.join(counts)}")
    for note in one.notes:
        if note.severity == "caution":
            yield from _wrapped(f"! {note.text}")
    yield from _row(
        f"standard error ({one.scale} scale)",
        f"{one.std_error:.4f}; rounding allows {one.std_error_low:.4f} to {one.std_error_high:.4f}",
    )
    if one.z is not None and one.p_value is not None:
        yield from _row("z, p", f"{one.z:.2f}, p {_p(one.p_value)}")
    yield from _row("total weight", f"{one.total_weight:.1f} (sum of the inverse variances)")
    if one.equivalent_events is not None:
        text = f"as precise as one comparison of two equal groups with {one.equivalent_events:.0f}"
        yield from _row("", f"{text} events")
    if one.heterogeneity is not None:
        yield from _heterogeneity(one.heterogeneity)
    yield from _interval("Knapp-Hartung interval", one.knapp_hartung)
    yield from _interval("prediction interval", one.prediction)
    yield from _interval("  at the upper limit of I2", one.prediction_wide)
    for value in one.e_values:
        yield from _row("E-value", f"{value.point:.2f}, of the limit {value.limit:.2f}")
        yield from _row("", value.method)
    yield ""
    yield "Do the printed numbers agree?"
    for check in one.checks:
        word = {True: "yes", False: "NO", None: "not asked"}[check.agrees]
        yield from _wrapped(f"  {word}: {check.text}")
    others = (note.text for note in one.notes if note.severity != "caution")
    yield from _listed("Besides", others)


def _heterogeneity(spread: ImpliedHeterogeneity) -> Iterator[str]:
    if spread.q is None:
        text = f"at most {spread.q_high:.2f} on {spread.q_df} df, p at least "
        yield from _row("Q", text + _p(spread.q_p_value_low))
    else:
        text = f"{spread.q:.2f} on {spread.q_df} df; rounding of I2 allows {spread.q_low:.2f} to "
        text += f"{spread.q_high:.2f}, p {_p(spread.q_p_value_low)} to {_p(spread.q_p_value_high)}"
        yield from _row("Q", text)
    low, high = spread.i2.low, spread.i2.high
    if spread.i2.value is not None and low is not None and high is not None:
        yield from _row("I2", f"{spread.i2.value:g} % ({low:.0f} to {high:.0f} %)")
    text = f"{_short(spread.tau2)}; {_short(spread.tau2_high)} at the upper limit of I2"
    yield from _row("tau2, equal precision", text)


def _interval(name: str, estimate: Estimate | None) -> Iterator[str]:
    if estimate is not None and estimate.low is not None and estimate.high is not None:
        yield from _row(name, f"{_short(estimate.low)} to {_short(estimate.high)}")


def _model(one: ModelAppraisal) -> Iterator[str]:
    yield f"{one.n} patients, {one.events} events, {one.parameters} candidate parameters"
    yield from _wrapped(one.verdict)
    for note in one.notes:
        yield from _wrapped(f"{'! ' if note.severity == 'caution' else ''}{note.text}")
    yield ""
    yield f"{'':28}{'as printed':>22}{'corrected':>12}"
    if one.auc_apparent is not None and one.auc_corrected is not None:
        auc = one.auc_apparent
        printed = f"{auc.value:.3f} ({auc.low:.3f}, {auc.high:.3f})"
        yield f"{'AUC':28}{printed:>22}{one.auc_corrected:>12.3f}"
    yield f"{'R2 (Cox-Snell)':28}{one.r2_apparent:>22.3f}{one.r2_corrected:>12.3f}"
    share, left = (r2 / one.r2_largest for r2 in (one.r2_apparent, one.r2_corrected))
    yield f"{'R2 (Nagelkerke)':28}{share:>22.3f}{left:>12.3f}"
    yield f"{'calibration slope':28}{1:>22.3f}{one.shrinkage:>12.3f}"
    yield f"{'events per parameter':28}{one.events_per_parameter:>22.1f}"
    if one.needed:
        yield ""
        yield "Patients needed to develop such a model"
    for needed in one.needed:
        yield f"  {NEEDED[needed.assumption]}: {needed.n} ({needed.events:.0f} events)"
        words = (f"{name.replace('_', ' ')} {size}" for name, size in needed.criteria)
        yield from _wrapped(f"    {', '.join(words)}")
    yield from _listed("Assumed", one.assumptions)
    yield from _listed("Cannot be known from these numbers", one.unknown)


def _external(one: ExternalValidation) -> Iterator[str]:
    yield ""
    yield "What an external validation would show"
    yield from _wrapped(f"  {one.text}", "  ")
    for row in one.rows:
        needed = f"{row.patients_needed} patients ({row.events_needed:.0f} events)"
        wanted = f"a width of {row.width_wanted:g} takes {needed}"
        if row.low is None or row.high is None:
            yield from _row(row.label, wanted)
        else:
            here = f"{row.expected:.2f} ({row.low:.2f} to {row.high:.2f})"
            yield from _row(row.label, f"{here}; {wanted}")


def _words(one: PaperWords, alone: bool) -> Iterator[str]:
    yield from _listed(
        "Said of the paper by its reader",
        (f"{name.replace('_', ' ')}: {_said(getattr(one, name))}" for name in one.said),
    )
    lacking = [name for name in ("n", "events", "parameters", "auc") if getattr(one, name) is None]
    if alone and lacking:
        yield from _wrapped(
            "  The model itself cannot be appraised: "
            + ", ".join(f"--{name}" for name in lacking)
            + " not given.",
            "  ",
        )


def _said(value: object) -> str:
    return "yes" if value is True else f"{value:g}" if isinstance(value, float) else str(value)


def _row(name: str, text: str) -> Iterator[str]:
    lines = textwrap.wrap(text, WIDTH - 32) or [""]
    # a long name does not run into the number behind it
    yield f"  {name:29} {lines[0]}"
    yield from (f"{'':32}{line}" for line in lines[1:])


def _listed(title: str, texts: Iterable[str]) -> Iterator[str]:
    found = tuple(texts)
    if found:
        yield ""
        yield title
    for text in found:
        yield from _wrapped(f"  - {text}", "    ")


def _wrapped(text: str, indent: str = "    ") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent) or [""]


def _p(value: float) -> str:
    return f"{value:.2g}" if value < 0.095 else f"{value:.2f}"


def _short(value: float) -> str:
    """Three digits, also of what is very small or very large."""
    return f"{value:.2f}" if 0.1 <= abs(value) < 1000.0 else f"{value:.2g}"
