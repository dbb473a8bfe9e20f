"""Whether one thing is asked of an appraisal: a pooled result, or a model."""

from __future__ import annotations

from cartwheel.errors import PlanRefused, refuse


def check_question(*, pooled: bool, model: bool) -> None:
    """Refuse what asks nothing, or two things.

    Parameters
    ----------
    pooled, model : bool
        Whether a pooled result is given; whether a model is.

    Raises
    ------
    PlanRefused
        ``both_asked``, ``nothing_asked``.
    """
    if pooled and model:
        raise refuse(
            PlanRefused,
            "both_asked",
            "a pooled result and a model are two questions",
            mend="ask them one after the other",
        )
    if not pooled and not model:
        raise refuse(
            PlanRefused,
            "nothing_asked",
            "there is nothing to appraise",
            mend="give a pooled result, --pooled 'HR 2.15 (1.74-2.66)', or a model: --n 125 "
            "--events 17 --parameters 7 --auc 0.875",
        )
