"""A validation, score by score: discrimination, calibration, bands, utility, updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartwheel.referee.facts import (
    Document,
    at,
    count,
    interval,
    listed,
    number,
    rows,
    side,
    text,
)
from cartwheel.referee.rule import CRITICAL, MAJOR, MINOR, Answer, Fine, Remark, Rule, Unseen
from cartwheel.referee.sources import (
    MOONS_2019,
    RILEY_2021,
    STEYERBERG_2004,
    STEYERBERG_2016,
    VAN_CALSTER_2019,
    VICKERS_2006,
)

RATIO_BOUNDS = (0.8, 1.2)
SLOPE_BOUNDS = (0.8, 1.25)
DISCRIMINATION = ("auc", "auc_at_horizon", "harrell_c", "uno_c")

# fit to severity, what it means, what to do
MISFITS = {
    "off": (
        MAJOR,
        "Predicted risks do not fit these patients.",
        "Recalibrate before use here (--update), and validate the update elsewhere.",
    ),
    "perhaps off": (
        MINOR,
        "That predicted risks do not fit cannot be excluded: the estimates are off, and the "
        "intervals hold the ideal value too, or are missing.",
        "Call calibration open, neither good nor bad; it takes more patients (--share, to pool).",
    ),
    "slightly off": (
        MINOR,
        "Predicted risks are off, though by little.",
        "Say by how much; recalibrate (--update) where it matters to a decision.",
    ),
}

Score = Mapping[str, Any]


def scores_of(document: Document) -> tuple[Score, ...]:
    """Scores of a validation.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    tuple of mapping
    """
    return rows(document, "result", "scores")


def _measure(score: Score, part: str, *names: str) -> Mapping[str, Any]:
    found = [one for one in rows(score, part) if text(one, "name") in names]
    return found[0] if found else {}


def discrimination(document: Document) -> Answer:
    """Look at discrimination: its interval, and chance.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer
    """
    turned: list[str] = []
    poor: list[str] = []
    bare: list[str] = []
    fine: list[str] = []
    for score in scores_of(document):
        measure = _measure(score, "discrimination", *DISCRIMINATION)
        value, low, high = (number(measure, "estimate", key) for key in ("value", "low", "high"))
        told = (
            f"{text(score, 'name')}: {text(measure, 'label')} {interval(at(measure, 'estimate'))}"
        )
        if value is None:
            continue
        if high is not None and high < 0.5:
            turned.append(told)
        else:
            sure = low if low is not None else 0.0 if value <= 0.5 else None
            (bare if sure is None else poor if sure <= 0.5 else fine).append(told)
    if turned:
        return Remark(
            CRITICAL,
            "The score ranks these patients the wrong way round.",
            "; ".join(turned) + ".",
            "Look for a mistake in units, coding or direction; if there is none, report it so.",
            STEYERBERG_2016,
        )
    if poor:
        return Remark(
            MAJOR,
            "Here it is not shown that the score tells patients apart better than chance.",
            "; ".join(poor) + ".",
            "Report it so; it may be too few patients, or the score does not travel.",
            STEYERBERG_2016,
        )
    if bare:
        return Remark(
            MAJOR,
            "Discrimination stands without an interval.",
            "; ".join(bare) + ".",
            "Resample (--bootstrap 1000).",
            RILEY_2021,
        )
    return Fine("; ".join(fine)) if fine else Unseen("no discrimination")


def _calibration_of(score: Score) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return (
        _measure(score, "calibration", "observed_expected"),
        _measure(score, "calibration", "calibration_slope"),
    )


def _by_band(score: Score) -> bool:
    """Whether observed risks stand beside published ones, band by band."""
    return any(number(row, "difference", "value") is not None for row in rows(score, "bands"))


def calibration_absent(document: Document) -> Answer:
    """Look whether observed risks were held against predicted or published ones.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer

    References
    ----------
    Van Calster B et al 2019, doi:10.1186/s12916-019-1466-7.
    """
    scores = scores_of(document)
    if not scores:
        return Unseen("no scores")
    absent: list[str] = []
    shown: list[str] = []
    for score in scores:
        ratio, slope = _calibration_of(score)
        known = any(number(one, "estimate", "value") is not None for one in (ratio, slope))
        there = known or _by_band(score)
        (shown if there else absent).append(text(score, "name"))
    if not absent:
        return Fine(f"shown for {listed(tuple(shown))}")
    return Remark(
        MAJOR,
        "Calibration cannot be shown: the score gives no risk.",
        f"{listed(tuple(absent))}.",
        "Publish the risk of each band or value, so that others can hold it against theirs.",
        VAN_CALSTER_2019,
    )


def _fits(estimate: Any, tolerated: tuple[float, float]) -> str:
    """Hold an interval against 1: ``off``, ``slightly off``, ``perhaps off``, ``fits``."""
    value, low, high = (number(estimate, key) for key in ("value", "low", "high"))
    if value is None:
        return "fits"
    far = not tolerated[0] <= value <= tolerated[1]
    if side(low, high, 1.0) in ("above", "below"):
        return "off" if far else "slightly off"
    return "perhaps off" if far else "fits"


def miscalibrated(document: Document) -> Answer:
    """Look whether the predicted risks fit these patients, by intervals.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer
        Of observed/expected farther than 0.2 from 1, and of a slope outside 0.8 to 1.25: major
        where the interval leaves out 1, minor where it holds 1 or is not there. Minor too where
        the interval leaves out 1 and the value is nearer.

    References
    ----------
    Van Calster B et al 2019, doi:10.1186/s12916-019-1466-7.
    """
    told: dict[str, list[str]] = {one: [] for one in ("off", "perhaps off", "slightly off", "fits")}
    for score in scores_of(document):
        ratio, slope = (one.get("estimate") for one in _calibration_of(score))
        if number(slope, "value") is None and number(ratio, "value") is None:
            continue
        found = (_fits(ratio, RATIO_BOUNDS), _fits(slope, SLOPE_BOUNDS))
        told[next(one for one in told if one in found)].append(
            f"{text(score, 'name')}: observed/expected {interval(ratio, 2)}, slope "
            f"{interval(slope, 2)}"
        )
    remarks = tuple(
        Remark(severity, what, "; ".join(told[fit]) + ".", mend, VAN_CALSTER_2019)
        for fit, (severity, what, mend) in MISFITS.items()
        if told[fit]
    )
    if remarks:
        return remarks
    return Fine("; ".join(told["fits"])) if told["fits"] else Unseen("no score gives a risk")


def bands(document: Document) -> Answer:
    """Look for empty bands, and bands that do not rise.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer
    """
    empty: list[str] = []
    turned: dict[str, list[str]] = {MAJOR: [], MINOR: []}
    fine: list[str] = []
    for score in scores_of(document):
        found = rows(score, "bands")
        if not found:
            continue
        name = text(score, "name")
        none = [text(row, "band") for row in found if count(row, "patients") == 0]
        known = [row for row in found if number(row, "observed", "value") is not None]
        told = "; ".join(
            f"{text(row, 'band')} {count(row, 'patients')} patients, {count(row, 'events')} events"
            for row in found
        )
        order = _order_of(known, text(score, "adverse"))
        if none or len(known) < 2:
            empty.append(f"{name} ({told})")
        elif order is not None:
            shown = ", ".join(interval(at(row, "observed"), 2) for row in known)
            turned[order].append(f"{name} ({told}): {shown}")
        else:
            fine.append(name)
    if empty:
        return Remark(
            MAJOR,
            "Bands of the score have no patients here, so nothing can be said of them.",
            "; ".join(empty) + ".",
            "Say which bands were tested and which were not.",
            MOONS_2019,
        )
    for severity, odd in turned.items():
        if odd:
            return Remark(
                severity,
                "The observed risk does not go the way of the score from band to band"
                + (
                    "."
                    if severity == MAJOR
                    else ", which may be chance: the intervals do not tell the bands apart."
                ),
                "; ".join((*odd, *(turned[MINOR] if severity == MAJOR else ()))) + ".",
                "Show the risks with their intervals; join bands that do not differ.",
                VAN_CALSTER_2019,
            )
    return (
        Fine(f"risk goes the way of the score from band to band: {listed(tuple(fine))}")
        if fine
        else Unseen("no bands")
    )


def _order_of(bands: list[Mapping[str, Any]], adverse: str) -> str | None:
    """Grade bands out of order: major where two intervals lie the wrong way round, else minor.

    Bands stand in the order of the score's values, so that risk rises over them where its high end
    is adverse, and falls where its low end is. Where neither is said both will do.
    """
    risks = [number(row, "observed", "value") or 0.0 for row in bands]
    ways = {"high": (False,), "low": (True,)}.get(adverse, (False, True))
    if any(risks == sorted(risks, reverse=way) for way in ways):
        return None
    limits = [(number(row, "observed", "low"), number(row, "observed", "high")) for row in bands]
    seen = {
        side(*other, one[0])
        for place, one in enumerate(limits)
        for other in limits[place + 1 :]
        if _apart(one, other)
    }
    wrong = {"high": {"below"}, "low": {"above"}}.get(adverse, {"above", "below"})
    return MAJOR if wrong <= seen else MINOR


def _apart(
    one: tuple[float | None, float | None], other: tuple[float | None, float | None]
) -> bool:
    """Whether two intervals have nothing in common."""
    (low, high), (from_, to) = one, other
    if low is None or high is None or from_ is None or to is None:
        return False
    return from_ > high or to < low


def updated_uncorrected(document: Document) -> Answer:
    """Look for an updated score judged on the patients it was updated with.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer

    References
    ----------
    Steyerberg EW et al 2004, doi:10.1002/sim.1844.
    """
    updates = rows(document, "result", "updates")
    if not updates:
        return Fine("no score was updated", False)
    bare: list[str] = []
    fine: list[str] = []
    for update in updates:
        chosen = text(update, "chosen")
        rung = [one for one in rows(update, "rungs") if text(one, "name") == chosen]
        measures = rows(rung[0], "measures") if rung else ()
        told = f"{text(update, 'score')}: {chosen or 'no rung'}"
        corrected = any(number(one, "corrected", "value") is not None for one in measures)
        (fine if corrected or chosen == "as is" else bare).append(told)
    if not bare:
        return Fine("; ".join(fine))
    return Remark(
        MAJOR,
        "An updated score is judged on the patients it was updated with, without correction.",
        "; ".join(bare) + ".",
        "Resample the whole update (--bootstrap 1000), and validate the new version elsewhere.",
        STEYERBERG_2004,
    )


def utility(document: Document) -> Answer:
    """Look whether anybody would be better off for the score.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer

    References
    ----------
    Vickers AJ, Elkin EB 2006, doi:10.1177/0272989X06295361.
    """
    curves = {text(one, "name"): one for one in rows(document, "result", "decision", "curves")}
    everyone = _values(curves.get("treat all"))
    scores = {name: _values(one) for name, one in curves.items() if not name.startswith("treat ")}
    if not scores or not everyone:
        return Unseen("no decision curve: no score gives a risk")
    useless = []
    for name, values in scores.items():
        better = [
            1
            for ours, theirs in zip(values, everyone, strict=False)
            if ours is not None and theirs is not None and ours > max(theirs, 0.0) + 1e-12
        ]
        if not better:
            useless.append(name)
    low, high = (number(document, "result", "decision", key) or 0.0 for key in ("low", "high"))
    evidence = f"thresholds {low:g} to {high:g}"
    if not useless:
        return Fine(f"{evidence}: every score has a threshold at which it helps")
    return Remark(
        MAJOR,
        "At no threshold is the score better than treating all or none.",
        f"{evidence}: {listed(tuple(useless))}.",
        "Do not use it for decisions here; recalibrate, and look again.",
        VICKERS_2006,
    )


def _values(curve: Any) -> tuple[float | None, ...]:
    found = at(curve, "net_benefit")
    return tuple(number(one) for one in found) if isinstance(found, list | tuple) else ()


SCORES = (
    Rule("discrimination", discrimination),
    Rule("calibration_absent", calibration_absent),
    Rule("miscalibrated", miscalibrated),
    Rule("bands", bands),
    Rule("utility", utility),
    Rule("updated_uncorrected", updated_uncorrected),
)
