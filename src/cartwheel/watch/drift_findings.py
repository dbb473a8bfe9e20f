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
        observed over expected does not hold 1.
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


def _place(centre: str, period: str) -> str:
    return f"at {centre} in {period}" if centre else f"in {period}"


def _shifts(found: Drift) -> Iterator[Finding]:
    first, last = found.plan.reference
    for row in found.inputs:
        if row.adjusted_p is None or row.distance is None:
            continue
        if row.adjusted_p < _SIGNIFICANT and row.distance >= _FAR:
            yield Finding(
                "drift_input",
                "major",
                f"The distribution of {row.name} {_place(row.centre, row.period)} is not that of "
                f"{first} to {last}.",
                f"Kolmogorov-Smirnov distance {row.distance:.2f}, p {row.p:.4f}, adjusted "
                f"{row.adjusted_p:.4f} (Holm), {row.patients} patients",
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
        if ratio.low <= 1.0 <= ratio.high:
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
