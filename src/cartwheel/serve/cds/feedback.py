"""Feedback: what became of a card, and no more than that."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from cartwheel.errors import CohortRefused, refuse
from cartwheel.serve.cds.cards import REASONS
from cartwheel.serve.fhir.context import moment_in
from cartwheel.serve.fhir.json_text import Json

_MOST_FEEDBACK = 100


@dataclass(frozen=True, slots=True)
class Feedback:
    """What became of a card: no more of it is kept.

    Parameters
    ----------
    card : str
        Its UUID.
    outcome : str
        ``accepted`` or ``overridden``.
    at : str
        As the sender writes it.
    reason : str
        One of our own codes; empty without one.
    """

    card: str
    outcome: str
    at: str
    reason: str


def feedback_in(asked: Json) -> tuple[Feedback, ...]:
    """Read what became of cards.

    Parameters
    ----------
    asked : object
        The request, as JSON.

    Returns
    -------
    tuple of Feedback
        A reason in somebody's own words is not kept: it may say something of a patient.

    Raises
    ------
    CohortRefused
        ``cds_feedback``.
    """
    several = asked.get("feedback") if isinstance(asked, Mapping) else None
    if not isinstance(several, list) or not 0 < len(several) <= _MOST_FEEDBACK:
        raise _no_feedback("feedback")
    return tuple(_feedback(one, f"feedback[{place}]") for place, one in enumerate(several))


def _feedback(one: Json, where: str) -> Feedback:
    if not isinstance(one, Mapping):
        raise _no_feedback(where)
    card, outcome, at = one.get("card"), one.get("outcome"), one.get("outcomeTimestamp")
    if not is_uuid(card):
        raise _no_feedback(f"{where}.card")
    if outcome not in ("accepted", "overridden"):
        raise _no_feedback(f"{where}.outcome")
    moment_in(at, where=f"{where}.outcomeTimestamp")
    return Feedback(str(card), str(outcome), str(at), _reason(one))


def _reason(one: Mapping[str, Json]) -> str:
    given = one.get("overrideReason")
    coded = given.get("reason") if isinstance(given, Mapping) else None
    code = coded.get("code") if isinstance(coded, Mapping) else None
    return code if isinstance(code, str) and code in REASONS else ""


def is_uuid(given: object) -> bool:
    """Tell whether something is the text of a UUID.

    Parameters
    ----------
    given : object
        As it was sent.

    Returns
    -------
    bool
    """
    try:
        return isinstance(given, str) and len(given) == 36 and bool(uuid.UUID(given))
    except ValueError:
        return False


def _no_feedback(where: str) -> Exception:
    return refuse(
        CohortRefused, "cds_feedback", "this is not what became of a card", where=where,
        mend="send card, outcome (accepted or overridden) and outcomeTimestamp",
    )  # fmt: skip
