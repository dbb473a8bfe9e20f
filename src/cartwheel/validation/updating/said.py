"""An updating ladder in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from cartwheel.stats.resample import Optimism
from cartwheel.validation.updating.frame import NO_RISK
from cartwheel.validation.updating.honesty import order_changed
from cartwheel.validation.updating.models import Ladder, RungFit, TestStep

_WHAT = {
    "as is": "The score as its file has it; nothing is estimated.",
    "intercept": "A new intercept, the score's linear predictor being kept",
    "slope": "A new intercept, and one slope for the score's linear predictor",
    "re-estimated": "A new intercept, and for every term of the score a factor of its own",
    "extended": "Every term with a factor of its own, and the added columns as straight lines",
}
_FIRST_TIME = "A risk made of the score's value: calibrated here for the first time"


def rung_text(ladder: Ladder, rung: str, fit: RungFit | None, reason: str) -> str:
    """Say what was estimated on a rung.

    Parameters
    ----------
    ladder : Ladder
        Score and outcome.
    rung : str
        Its name.
    fit : RungFit or None
        None where it was not fitted.
    reason : str
        Why it was not fitted; empty where it was.

    Returns
    -------
    str
        One or two sentences.
    """
    if fit is None:
        return f"Not fitted: {reason}."
    frame = ladder.frame
    if rung == "as is":
        return _WHAT[rung]
    what = _FIRST_TIME if rung == "slope" and frame.start is None else _WHAT[rung]
    text = f"{what}: {ladder.said(fit)}."
    if rung in ("re-estimated", "extended") and frame.constant:
        text += (
            " Left as they are, because all patients have the same: "
            + ", ".join(frame.constant)
            + "."
        )
    return text


def update_text(
    ladder: Ladder,
    fits: Sequence[RungFit],
    place: int,
    steps: Sequence[TestStep],
    resampled: Optimism | None,
    refusal: str,
    alpha: float,
) -> str:
    """Say which rung was chosen, how sure the choice is, and what the file is.

    Parameters
    ----------
    ladder : Ladder
        Score and outcome.
    fits : sequence of RungFit
        Rungs fitted.
    place : int
        Of the one chosen.
    steps : sequence of TestStep
        Of the closed test.
    resampled : Optimism or None
        Of the ladder.
    refusal : str
        Why the updated score could not be written; empty where it was, or is not needed.
    alpha : float
        Of the test.

    Returns
    -------
    str
        Several sentences.
    """
    if not fits:
        return "No rung could be fitted on these patients, so the score is kept as it is."
    chosen = fits[place]
    sentences = [_choice(ladder, fits, chosen, steps, alpha)]
    if ladder.frame.start is None and chosen.rung != "as is":
        why = ladder.frame.why or "the score gives no risk that fits this outcome"
        untested = (
            "" if why == NO_RISK else " Whether the score's own risks would do was not asked."
        )
        sentences.append(
            f"{why[0].upper()}{why[1:]}: the risk of the updated score is made of its value, "
            f"calibrated here for the first time, and nobody has tested it elsewhere.{untested}"
        )
    if chosen.rung == "slope" and chosen.slope * ladder.frame.direction < 0.0:
        sentences.append(
            "The slope has the wrong sign: in these patients the score runs the other way. Look "
            "for a mistake in units or coding before using it."
        )
    sentences.append(_stability(fits, chosen, resampled))
    if chosen.rung != "as is" and _wandered(fits, chosen, resampled):
        reordered = order_changed(resampled, [fit.rung for fit in fits])
        sentences.append(_of_the_choice(chosen, reordered=reordered))
    if refusal:
        sentences.append(f"The updated score could not be written as a file: {refusal}.")
    elif chosen.rung != "as is":
        sentences.append(
            "The updated score is a new version with its parent named. It was made from these "
            "patients, so it needs others to be validated on."
        )
    return " ".join(sentences)


def _choice(
    ladder: Ladder,
    fits: Sequence[RungFit],
    chosen: RungFit,
    steps: Sequence[TestStep],
    alpha: float,
) -> str:
    full = fits[-1].rung
    if not steps:
        return f"Chosen: {chosen.rung}, the only rung that could be compared."
    told = ", ".join(f"{step.against} ({_p(step.p_value)})" for step in steps)
    tests = f"Closed test by {ladder.test_said(fits[-1])}, the rung {full} against {told}"
    if chosen is fits[-1]:
        end = f"each is improved on at the level {alpha:g}, so the fullest rung is kept"
    else:
        end = f"{chosen.rung} is the first it does not improve on at the level {alpha:g}"
    return f"{tests}: {end}. Chosen: {chosen.rung}."


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def _wandered(fits: Sequence[RungFit], chosen: RungFit, resampled: Optimism | None) -> bool:
    """Whether resamples chose another rung."""
    if resampled is None or not len(resampled.trace):
        return False
    return bool((resampled.trace[:, 0] != [fit.rung for fit in fits].index(chosen.rung)).any())


def _of_the_choice(chosen: RungFit, *, reordered: bool) -> str:
    """Say what the corrected numbers of the chosen rung are corrected for."""
    text = (
        f"The corrected numbers of {chosen.rung} allow for the choice as well as for the fit, "
        "those of the other rungs for their own fit only."
    )
    if chosen.rung == "intercept" and reordered:
        text += (
            " So its ranking is corrected too, though a new intercept leaves the order of the "
            "patients as it was: in some resamples other rungs, which can change it, are chosen."
        )
    return text


def _stability(fits: Sequence[RungFit], chosen: RungFit, resampled: Optimism | None) -> str:
    if resampled is None or not len(resampled.trace):
        return "Nothing was resampled, so the measures of the updated score are too good."
    picked = resampled.trace[:, 0]
    place = [fit.rung for fit in fits].index(chosen.rung)
    share = 100.0 * float((picked == place).mean())
    text = (
        f"With the ladder climbed again in {len(picked)} resamples, the same rung was chosen in "
        f"{share:.0f} %."
    )
    if resampled.failed:
        text += f" {resampled.failed} further resamples could not be climbed, and are left out."
    return text
