"""What a referee says of drift: which change, on which numbers, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from cartwheel.estimate import Estimate
from cartwheel.finding import Finding
from cartwheel.stats.descriptive import wilson_interval
from cartwheel.watch.drift_rows import CalibrationDrift, Drift, InputDrift, RefusalDrift

_SIGNIFICANT = 0.05
_FAR = 0.1
_MORE = 0.1
_RIPE = 0.8
# below this a ratio says nothing about risks, whatever its interval
_FEW = 20
_DAVIS = "Davis SE et al., J Am Med Inform Assoc 2017;24:1052, doi 10.1093/jamia/ocx030"
_FINLAYSON = "Finlayson SG et al., N Engl J Med 2021;385:283, doi 10.1056/NEJMc2104626"
_VAN_CALSTER = "Van Calster B et al., BMC Med 2019;17:230, doi 10.1186/s12916-019-1466-7"
_ORDER = ("critical", "major", "minor", "information")
_Row: TypeAlias = InputDrift | RefusalDrift


def drift_findings(found: Drift) -> tuple[Finding, ...]:
    """Say what a referee would remark on drift.

    Parameters
    ----------
    found : Drift
        From `cartwheel.watch.drift.drift`.

    Returns
    -------
    tuple of Finding
        Gravest first, then by what they are about. An input has shifted where its adjusted p is
        below 0.05 and the distance at least 0.1; a share has risen where it is 0.1 above that of
        the reference time and the intervals do not meet; calibration is off where the interval of
        observed over expected does not hold 1, of at least 20 patients. Values that moved by the
        factor between two units are critical: whatever rests on them is wrong.
    """
    remarks = [
        *_shifts(found),
        *_rises(found.inputs, "input_missing", "is missing", lambda row: row.missing),
        *_rises(found.inputs, "input_parked", "could not be read", lambda row: row.parked),
        *_rises(found.refusals, "refusals", "has no answer", lambda row: row.refused),
        *_calibrations(found.calibration),
        *_unripe(found.calibration),
        *_withheld(found),
    ]
    return tuple(sorted(remarks, key=lambda one: _ORDER.index(one.severity)))


def has_shifted(row: InputDrift) -> bool:
    """Tell whether the distribution of an input is another one than in the reference time.

    Parameters
    ----------
    row : InputDrift
        Of it.

    Returns
    -------
    bool
    """
    if row.adjusted_p is None or row.distance is None:
        return False
    return row.adjusted_p < _SIGNIFICANT and row.distance >= _FAR


def nothing_yet(found: Drift, every: str) -> tuple[Finding, ...]:
    """Say of what nothing can be said yet, because patients are few.

    Parameters
    ----------
    found : Drift
        From `cartwheel.watch.drift.drift`.
    every : str
        Name of the period under which the risks of all periods stand.

    Returns
    -------
    tuple of Finding
        Information: of inputs, where no period can be compared with the reference time; of each
        risk of fewer than 20 patients, or without an event.
    """
    return (*_nothing_of_inputs(found), *_nothing_of_risks(found, every))


def _nothing_of_inputs(found: Drift) -> Iterator[Finding]:
    if any(row.distance is not None for row in found.inputs):
        return
    most = max((row.patients or 0 for row in found.inputs), default=0)
    least = found.plan.least
    yield Finding(
        "drift_nothing_yet",
        "information",
        "Nothing can be said yet of a change of the values that come in.",
        f"{most} patients in the largest period" if most else f"fewer than {least} patients",
        f"look again when {least} patients are in the reference time and {least} others after it",
        "",
    )


def _nothing_of_risks(found: Drift, every: str) -> Iterator[Finding]:
    for row in found.calibration:
        if row.centre or row.period != every:
            continue
        events = None if row.observed is None else row.observed.events
        if not row.withheld and (row.patients or 0) >= _FEW and events:
            continue
        few = f"fewer than {found.plan.least} patients"
        had = f"{row.patients} patients, {events or 0} events so far"
        yield Finding(
            "drift_risk_nothing_yet",
            "information",
            f"Nothing can be said yet of how the risks of {row.target} agree with what follows.",
            few if row.withheld else had,
            f"look again when {_FEW} patients have been told a risk and some had the event",
            _VAN_CALSTER,
        )


def _place(centre: str, period: str) -> str:
    return f"at {centre} in {period}" if centre else f"in {period}"


def _shifts(found: Drift) -> Iterator[Finding]:
    first, last = found.plan.reference
    for row in found.inputs:
        if not has_shifted(row):
            continue
        evidence = (
            f"Kolmogorov-Smirnov distance {row.distance:.2f}, p {row.p:.4f}, adjusted "
            f"{row.adjusted_p:.4f} (Holm), {row.patients} patients"
        )
        if row.looks_like:
            yield Finding(
                "drift_unit",
                "critical",
                f"The values of {row.name} {_place(row.centre, row.period)} look like another "
                f"unit: {row.looks_like}.",
                f"median {row.median:.3g}; {evidence}",
                "ask the laboratory at once; name the unit that is meant in the table of codes",
                _FINLAYSON,
            )
            continue
        yield Finding(
            "drift_input",
            "major",
            f"The distribution of {row.name} {_place(row.centre, row.period)} is not that of "
            f"{first} to {last}.",
            evidence,
            "look for another assay, unit or kind of patients before the answers are relied on",
            _FINLAYSON,
        )


def _rises(
    rows: Iterable[_Row], code: str, words: str, share_of: Callable[..., Estimate | None]
) -> Iterator[Finding]:
    several = list(rows)
    before: dict[tuple[str, str], tuple[int, int]] = {}
    for row in several:
        share = share_of(row)
        if row.is_reference and share is not None:
            events, n = before.get((row.centre, _name(row)), (0, 0))
            before[row.centre, _name(row)] = events + (share.events or 0), n + (share.n or 0)
    for row in several:
        share, past = share_of(row), before.get((row.centre, _name(row)))
        if row.is_reference or share is None or past is None:
            continue
        if share.value is None or share.low is None or share.level is None:
            continue
        usual = past[0] / past[1]
        highest = wilson_interval(*past, share.level)[1]
        if share.low > highest and share.value >= usual + _MORE:
            yield Finding(
                f"drift_{code}",
                "major",
                f"{_name(row)} {words} more often {_place(row.centre, row.period)} than before.",
                f"{100 * share.value:.0f} % of {share.n} times ({100 * share.low:.0f} to "
                f"{100 * (share.high or 1):.0f}), before {100 * usual:.0f} % of {past[1]}",
                "look at the interface, the codes and the ages that values may have",
                _FINLAYSON,
            )


def _name(row: _Row) -> str:
    return row.name if isinstance(row, InputDrift) else row.target


def _calibrations(rows: Iterable[CalibrationDrift]) -> Iterator[Finding]:
    for row in rows:
        ratio = row.ratio
        if ratio is None or ratio.value is None or ratio.low is None or ratio.high is None:
            continue
        if ratio.low <= 1.0 <= ratio.high or (ratio.n or 0) < _FEW:
            continue
        side = "lower" if ratio.value > 1.0 else "higher"
        yield Finding(
            "drift_calibration",
            "major",
            f"The risks of {row.target} {_place(row.centre, row.period)} are {side} than what "
            "followed.",
            f"observed over expected {ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f}), "
            f"{ratio.n} patients, {ratio.events} events by the horizon; each period is looked at "
            "by itself, so that one in twenty is off by chance",
            "validate on these patients; update the intercept before the risks are used further",
            f"{_DAVIS}; {_VAN_CALSTER}",
        )


def _unripe(rows: Iterable[CalibrationDrift]) -> Iterator[Finding]:
    for row in rows:
        if row.ripe is None or row.ripe >= _RIPE:
            continue
        yield Finding(
            "drift_unripe",
            "information",
            f"What follows the risks of {row.target} {_place(row.centre, row.period)} is not all "
            "known yet.",
            f"known at the horizon of {100 * row.ripe:.0f} % of {row.patients} patients; the "
            "others count as censored",
            "look again when the horizon has come for all",
            _VAN_CALSTER,
        )


def _withheld(found: Drift) -> Iterator[Finding]:
    several: tuple[_Row | CalibrationDrift, ...]
    several = (*found.inputs, *found.refusals, *found.calibration)
    count = sum(row.withheld for row in several)
    if count:
        yield Finding(
            "drift_withheld",
            "information",
            f"Numbers of fewer than {found.plan.least} patients are withheld.",
            f"{count} of {len(several)} rows",
            "take longer periods, such as quarters",
            "",
        )
