"""What the reader of a validation must know of how the cohort was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numpy import bool_
from numpy.typing import NDArray

from cartwheel.note import Note
from cartwheel.validation.account.said import ordered
from cartwheel.validation.analysed import Target
from cartwheel.validation.cohort.agreement import agreement_notes
from cartwheel.validation.cohort.outcome import FEW_AT_HORIZON
from cartwheel.validation.cohort.scored import Scored, remarks
from cartwheel.validation.plan import ValidationPlan

Mask = NDArray[bool_]
MOST_WORDS = 8


def score_notes(
    plan: ValidationPlan, data_sha256: str, one: Scored, target: Target, masks: tuple[Mask, Mask]
) -> tuple[Note, ...]:
    """Say what is odd about one score on these patients.

    Parameters
    ----------
    plan : ValidationPlan
        The outcome as planned.
    data_sha256 : str
        Of the cohort's file.
    one : Scored
        The score on all N rows.
    target : Target
        The outcome as analysed.
    masks : pair of bool arrays (N,)
        Who is eligible, and who is analysed.

    Returns
    -------
    tuple of Note
        Cautions first.
    """
    found = []
    if one.scoreable.spec.population.data_sha256 == data_sha256:
        found.append(
            Note(
                "same_patients",
                "caution",
                "The score was developed on this very file: nothing here is a validation, and "
                "every number is as flattering as an apparent one.",
            )
        )
    found += agreement_notes(plan, one.scoreable, target)
    found += remarks(one, *masks)
    return ordered(found)


def cohort_notes(
    plan: ValidationPlan,
    target: Target,
    read_as_no: Sequence[str],
    horizon_source: str,
    simulated: bool,
) -> Iterator[Note]:
    """Say what holds for all scores.

    Parameters
    ----------
    plan : ValidationPlan
        The outcome as planned.
    target : Target
        The outcome as analysed.
    read_as_no : sequence of str
        Values of the event column that count as no event.
    horizon_source : str
        ``plan``, ``score`` or ``assumed``.
    simulated : bool
        Whether patients are simulated.

    Yields
    ------
    Note
        In no order of weight.
    """
    if simulated:
        yield Note(
            "simulated",
            "caution",
            "SIMULATED DATA: the patients analysed, or those a score was made from, are not real.",
        )
    if read_as_no:
        listed = ", ".join(f"'{word[:12]}'" for word in read_as_no)
        shown = listed if len(read_as_no) <= MOST_WORDS else f"{len(read_as_no)} different values"
        yield Note(
            "coding_read_as_no",
            "assumption",
            f"In column '{plan.outcome.event}' these count as no event: {shown}.",
        )
    yield from _horizon_notes(target, horizon_source)
    if target.competing is not None and not target.competing.events(2):
        yield Note(
            "no_competing_events",
            "caution",
            "None of the patients analysed had a competing event.",
        )


def _horizon_notes(target: Target, source: str) -> Iterator[Note]:
    if target.times is None or target.horizon is None:
        return
    here = f"{target.horizon:.4g} {target.time_unit}"
    if source == "assumed":
        yield Note(
            "horizon_assumed",
            "caution",
            f"Nobody said at which time risk is read: it is read at the median of the event times "
            f"({here}), which was seen in these patients. Say it: --horizon.",
        )
    at_risk = int((target.times.time >= target.horizon).sum())
    if at_risk < FEW_AT_HORIZON:
        yield Note(
            "few_at_horizon",
            "caution",
            f"{at_risk} of {target.n} patients were still followed at the horizon ({here}): what "
            "is said of it rests on few.",
        )
